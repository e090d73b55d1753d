"""Training of the weights that ship in the wheel. Not installed with it; needs the `train` extra."""
