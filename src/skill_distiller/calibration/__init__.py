"""What use has taught: the store of runs and reported outcomes, and the estimate that stands on it."""
