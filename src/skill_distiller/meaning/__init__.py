"""Compare two texts: whether one still says what the other said."""
