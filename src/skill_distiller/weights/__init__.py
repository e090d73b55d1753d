"""The trained weights that ship in the wheel: read without pickle, refused where they are not for this code."""

from skill_distiller.weights.load import Arrays, WeightsError, load_weights, save_weights

__all__ = ["Arrays", "WeightsError", "load_weights", "save_weights"]
