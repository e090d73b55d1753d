"""Progressive disclosure: what of a SKILL.md moves into references that an agent reads when it needs them."""
