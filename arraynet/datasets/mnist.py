"""MNIST: 70,000 handwritten digits, the data set that the README trains on."""

from pathlib import Path

import numpy as np

from arraynet.datasets import cache

__all__ = ["load_data"]

URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
ARRAYS = {
    "x_train": ((60_000, 28, 28), np.dtype("uint8")),
    "y_train": ((60_000,), np.dtype("uint8")),
    "x_test": ((10_000, 28, 28), np.dtype("uint8")),
    "y_test": ((10_000,), np.dtype("uint8")),
}

Pair = tuple[np.ndarray, np.ndarray]


def load_data(path: str | Path | None = None) -> tuple[Pair, Pair]:
    """Return the training and the test set, each as images and labels.

    Parameters
    ----------
    path : str or Path, optional
        An ``mnist.npz``. Without it the file is taken from the folder ``ARRAYNET_DATA``, from this
        package, from the caches of arraynet and Keras, or from the network, whichever has it first.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Fresh uint8 arrays: images of shape (60000, 28, 28) and (10000, 28, 28) with ink 255 on paper 0,
        labels 0 to 9 of shape (60000,) and (10000,).

    Raises
    ------
    FileNotFoundError
        `path` or ``ARRAYNET_DATA`` leads to no file.
    OSError
        The file is nowhere on this machine and cannot be downloaded.
    ValueError
        The file found is truncated or holds something else; the message names it.
    """
    data = cache.load("mnist.npz", path, ARRAYS, URL, SHA256)
    return (data["x_train"], data["y_train"]), (data["x_test"], data["y_test"])
