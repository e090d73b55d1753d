"""Measuring skills as soft tokens: the tiny model that tests and the demo train, and a table."""
