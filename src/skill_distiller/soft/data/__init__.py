"""Examples to train soft tokens on: their format, and the builders of the three phases. Nothing here needs torch."""
