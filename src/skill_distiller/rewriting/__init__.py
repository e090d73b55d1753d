"""The ways to write a block in fewer tokens, and the ladder they form."""
