"""Data sets that examples and tests train on, under the names that Keras gives them."""

from arraynet.checks import explain_absent as _explain_absent
from arraynet.datasets import mnist

__all__ = ["mnist"]

_explain_absent(__name__, "data set")
