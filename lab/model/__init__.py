"""What a language model makes of skills: with replies that were written by hand, or with a real model."""
