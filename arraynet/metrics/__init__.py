"""What training reports: running states in Variables, updated in ops, fetched when somebody looks.

A function takes labels and predictions of shape (batch, ..., outputs) and returns one value for each sample. A
class keeps their weighted mean: ``update_state(y_true, y_pred, sample_weight=None)`` adds a batch, ``result()``
gives the mean so far, ``reset_state()`` begins anew, and calling it does the first two. Each takes a `name`, which
logs use, and the `dtype` of its state.
"""

from arraynet.checks import explain_absent as _explain_absent
from arraynet.metrics.accuracies import *
from arraynet.metrics.base import *
from arraynet.metrics.confusion import *
from arraynet.metrics.errors import *
from arraynet.metrics.lookup import *

_explain_absent(
    __name__, "metric", "Any function of y_true and y_pred, made of arraynet.ops, can be one: docs/extend/metric.md."
)
