"""Data sets that examples and tests train on, under the names that Keras gives them."""

from arraynet.datasets import mnist

__all__ = ["mnist"]
