"""Small helpers around training: labels, pictures, seeds, a fresh session."""

from arraynet.checks import explain_absent as _explain_absent
from arraynet.utils.charts import plot_confusion, plot_weights
from arraynet.utils.model_graph import plot_model
from arraynet.utils.numerical import normalize, to_categorical
from arraynet.utils.op_graph import plot_graph
from arraynet.utils.plotting import image_grid, training_curves
from arraynet.utils.seeding import set_random_seed
from arraynet.utils.session import clear_session

__all__ = ["clear_session", "image_grid", "normalize", "plot_confusion", "plot_graph", "plot_model", "plot_weights",
           "set_random_seed", "to_categorical", "training_curves"]  # fmt: skip

_explain_absent(__name__, "helper")
