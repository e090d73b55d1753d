"""What each block of a skill is, how much it matters, and the patterns that protect it."""
