"""The ops that have kernels of their own on the device."""

from arraynet_cupy.channels import batch_normalization
from arraynet_cupy.rows import (
    layer_normalization,
    log_softmax,
    softmax,
    softmax_crossentropy,
    sparse_softmax_crossentropy,
)

__all__ = ["KERNELS"]

ALL = (
    batch_normalization,
    layer_normalization,
    log_softmax,
    softmax,
    softmax_crossentropy,
    sparse_softmax_crossentropy,
)
KERNELS = {kernel.__name__: kernel for kernel in ALL}
