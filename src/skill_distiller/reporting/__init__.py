"""Turns results into text: the report, the JSON record, the diff, the written file."""
