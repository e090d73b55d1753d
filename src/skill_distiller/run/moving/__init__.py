"""Runs that move text into references: whole folders, and single pieces."""
