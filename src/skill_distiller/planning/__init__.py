"""Which rendering every block gets: worths, hulls, the frontier and the point that is chosen on it."""
