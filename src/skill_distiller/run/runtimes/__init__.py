"""Agents of other makers, started for real: whether they load a skill for a request, by their own events."""
