"""Small helpers around training: labels, pictures, seeds, a fresh session."""

from arraynet.utils.numerical import normalize, to_categorical
from arraynet.utils.plotting import image_grid, training_curves
from arraynet.utils.session import clear_session

__all__ = ["clear_session", "image_grid", "normalize", "to_categorical", "training_curves"]
