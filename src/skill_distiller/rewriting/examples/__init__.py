"""Sets of examples written in short (RECOMP, arXiv 2310.04408): found, folded and selected."""
