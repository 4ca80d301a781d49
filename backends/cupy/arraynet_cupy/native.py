"""The ops that have kernels of their own on the device."""

from arraynet_cupy.rows import (
    layer_normalization,
    log_softmax,
    softmax,
    softmax_crossentropy,
    sparse_softmax_crossentropy,
)

__all__ = ["KERNELS"]

KERNELS = {
    kernel.__name__: kernel
    for kernel in (layer_normalization, log_softmax, softmax, softmax_crossentropy, sparse_softmax_crossentropy)
}
