"""The commands, one file each, and what they share. None loads anything slow before it is run."""
