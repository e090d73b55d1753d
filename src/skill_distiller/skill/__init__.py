"""A skill on disk and in memory: parsed without losing a byte, its frontmatter, the files beside it."""
