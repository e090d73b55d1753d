"""Self-information of phrases."""
