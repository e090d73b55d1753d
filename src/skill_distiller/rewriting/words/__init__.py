"""Which words of a skill's prose can go, and from which strength of pruning on."""
