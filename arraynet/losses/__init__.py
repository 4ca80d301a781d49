"""What training makes small: functions in ops, a thin class around each, and their look-up by name.

A function takes labels and predictions of shape (batch, ..., outputs) and returns one loss for each sample, of
shape (batch, ...). A class does the same, weighs the samples where it is given `sample_weight`, and reduces them to
one number as its `reduction` says. Shapes that do not go together are a ValueError, which names both.
"""

from arraynet.checks import explain_absent as _explain_absent
from arraynet.losses.base import *
from arraynet.losses.classes import *
from arraynet.losses.crossentropies import *
from arraynet.losses.functions import *
from arraynet.losses.lookup import *
from arraynet.losses.margins import *

_explain_absent(__name__, "loss", "Any function of y_true and y_pred, made of arraynet.ops, can be one.")
