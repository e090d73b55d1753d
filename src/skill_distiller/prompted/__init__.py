"""What a language model is asked, by prompts that are files, and how its replies are checked."""
