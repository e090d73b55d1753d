"""What of a skill belongs together: typed edges between its headings and blocks, and the files that it names."""
