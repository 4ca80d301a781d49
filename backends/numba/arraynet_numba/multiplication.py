"""Matrix products as loops that threads share, and that an optimizer's loop goes on with while they are at hand.

The scheme is that of every BLAS (K. Goto and R. van de Geijn, Anatomy of High-Performance Matrix Multiplication,
2008): a panel of the right factor is copied to where it is read in order, and used for all rows of the left one.
Here the copy is made by the first tile, which multiplies while it waits for memory.
"""

import numba
import numpy as np

from arraynet_numba.microkernel import ROWS, VECTOR, VECTORS, packing_tile, tile
from arraynet_numba.team import INSIDE
from arraynet_numba.vectorizing import kept_apart, wide_vectors

__all__ = ["add_up", "block_of_rows", "multiply", "multiply_transposed", "pack_panels", "panels_like", "transpose"]

DEPTH = 256  # rows of a panel at most, which then lies in the first cache or near it
PAGE = 8192  # bytes; terms that far apart are copied first
BLOCKS = 4  # of rows; fewer do not pay for another copy of their panel

_jit = numba.njit(**INSIDE)


@_jit
def multiply(part, parts, x, w, y):
    """Compute a part of ``y = x @ w``, where the rows of w lie in order: some panels of columns, or of some rows."""
    wide_vectors()
    rows, terms, columns = x.shape[0], x.shape[1], w.shape[1]
    lanes, depth = VECTOR // x.itemsize, -(-terms // -(-terms // DEPTH))  # panels of as many terms each, but the last
    width = VECTORS * lanes
    panel, edge = np.zeros((depth, width), x.dtype), np.empty((ROWS, lanes), x.dtype)
    vectors, blocks = -(-columns // lanes), -(-rows // ROWS)
    cuts = min(parts, vectors)
    bands = min(-(-parts // cuts), max(blocks // BLOCKS, 1))
    for item in range(cuts * bands * part // parts, cuts * bands * (part + 1) // parts):
        cut, band = item // bands, item % bands
        first, last = blocks * band // bands * ROWS, min(blocks * (band + 1) // bands * ROWS, rows)
        end = min(vectors * (cut + 1) // cuts * lanes, columns)
        for j in range(vectors * cut // cuts * lanes, end, width):
            x_band, y_panel = x[first:last], y[first:last, j : min(j + width, end)]
            for k in range(0, terms, depth):
                w_panel = w[k : k + depth, j : min(j + width, end)]
                _add_terms(x_band[:, k : k + depth], w_panel, y_panel, k > 0, panel, edge)


@_jit
def _add_terms(x, w, y, adding, panel, edge):
    """Compute or add to a panel of the product what some terms bring."""
    rows, lanes = x.shape[0], edge.shape[1]
    whole = w.shape[1] - w.shape[1] % lanes
    if whole:
        packing_tile(x[:ROWS], w[:, :whole], y[:ROWS], panel, adding)
        for i in range(ROWS, rows, ROWS):
            tile(x[i : i + ROWS], panel[:, :whole], y[i : i + ROWS], adding)
    if whole < w.shape[1]:
        _pack(w[:, whole:], panel)
        for i in range(0, rows, ROWS):
            tile(x[i : i + ROWS], panel[:, :lanes], edge, False)
            _take(edge, y[i : i + ROWS, whole:], adding)


@_jit
def multiply_transposed(part, parts, x, w, y):
    """Compute a part of ``y = x @ w``, where the columns of w lie in order: its transpose is ``w.T @ x.T``."""
    wide_vectors()
    rows, terms, columns = x.shape[0], x.shape[1], w.shape[1]
    lanes, depth = VECTOR // x.itemsize, -(-terms // -(-terms // (2 * DEPTH)))
    width = VECTORS * lanes
    panel, edge = np.zeros((depth, width), x.dtype), np.empty((ROWS, width), x.dtype)
    bands, blocks = -(-rows // width), -(-columns // ROWS)
    splits = min(-(-parts // bands), blocks)
    for item in range(bands * splits * part // parts, bands * splits * (part + 1) // parts):
        i, split = item // splits * width, item % splits
        last = min(blocks * (split + 1) // splits * ROWS, columns)
        x_band, y_band = x[i : i + width], y[i : i + width]
        whole = -(-x_band.shape[0] // lanes) * lanes
        for k in range(0, terms, depth):
            transpose(x_band[:, k : k + depth], panel)
            for j in range(blocks * split // splits * ROWS, last, ROWS):
                end = min(j + ROWS, last)
                tile(w.T[j:end, k : k + depth], panel[:, :whole], edge, False)
                _take(edge.T, y_band[:, j:end], k > 0)


@_jit
def pack_panels(part, parts, w, panels):
    """Copy a part of a matrix of few rows into its panels, for `block_of_rows`."""
    count, width = panels.shape[0], panels.shape[2]
    for p in range(count * part // parts, count * (part + 1) // parts):
        if w.shape[1] < (p + 1) * width:
            panels[p] = 0  # what is multiplied and thrown away should not be slow to multiply
        _pack(w[:, p * width : (p + 1) * width], panels[p])


def panels_like(w):
    """Return an array for the panels of a matrix."""
    width = VECTORS * VECTOR // w.itemsize
    return np.empty((-(-w.shape[1] // width), w.shape[0], width), w.dtype)


@_jit
def block_of_rows(part, parts, x, panels, y):
    """Compute at most `ROWS` rows of a product whose right factor lies in panels."""
    wide_vectors()
    if abs(x.strides[1]) < PAGE:
        _block_times_panels(x, panels, y)
        return
    block = np.empty((x.shape[1], ROWS), x.dtype)  # rows of a transpose, whose terms are pages apart
    transpose(x, block)
    _block_times_panels(block.T[: x.shape[0]], panels, y)


@_jit
def _block_times_panels(x, panels, y):
    wide_vectors()
    width, lanes = panels.shape[2], VECTOR // x.itemsize
    edge = np.empty((ROWS, lanes), x.dtype)
    for p in range(panels.shape[0]):
        target = y[:, p * width : (p + 1) * width]
        whole = target.shape[1] - target.shape[1] % lanes
        if whole:
            tile(x, panels[p, :, :whole], target, False)
        if whole < target.shape[1]:
            tile(x, panels[p, :, whole : whole + lanes], edge, False)
            _take(edge, target[:, whole:], False)


@_jit
def _pack(w, panel):
    """Copy a matrix into a panel; what stands behind its columns is multiplied, and then thrown away."""
    kept_apart()
    wide_vectors()
    for k in range(w.shape[0]):
        for j in range(w.shape[1]):
            panel[k, j] = w[k, j]


@_jit
def transpose(x, y):
    """Write the transpose of a matrix into another, which may be larger."""
    kept_apart()
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            y[j, i] = x[i, j]


@_jit
def _take(x, y, adding):
    """Copy or add into a matrix as much of a larger one as it has room for."""
    kept_apart()
    wide_vectors()
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = y[i, j] + x[i, j] if adding else x[i, j]


@_jit
def add_up(parts, partial, y):
    """Write into an array what parts of a loop have added up."""
    kept_apart()
    total = y.reshape(y.size)
    for j in range(total.size):
        added = partial[0, j]
        for part in range(1, parts):
            added += partial[part, j]
        total[j] = added
