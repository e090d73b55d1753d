"""The commands for many skills at once."""
