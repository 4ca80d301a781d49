"""Matrix products as loops that threads share, and that an optimizer's loop goes on with while they are at hand.

The scheme is that of every BLAS (K. Goto and R. van de Geijn, Anatomy of High-Performance Matrix Multiplication,
2008): a panel of the right factor is copied to where it is read in order, and used for all rows of the left one.
Here the copy is made by the first tile, which multiplies while it waits for memory.
"""

import numba
import numpy as np

from arraynet_numba.microkernel import ROWS, VECTOR, VECTORS, fetching_tile, packing_tile, take_block, tile
from arraynet_numba.team import INSIDE
from arraynet_numba.vectorizing import kept_apart, wide_vectors

__all__ = ["add_up", "block_of_rows", "multiply", "multiply_transposed", "pack_panels", "panels_like", "transpose"]

DEPTH = 256  # rows of a panel at most, which then lies in the first cache or near it
BLOCKS = 4  # of rows; fewer do not pay for another copy of their panel

_jit = numba.njit(**INSIDE)
_inlined = numba.njit(inline="always", **INSIDE)  # in its only caller, or it would be compiled twice


@_inlined
def multiply(part, parts, x, x_rows, w, y):
    """Compute a part of ``y = x[x_rows] @ w``: some panels of columns, or of some rows.

    The rows of w lie in order, those of x wherever their index says.
    """
    wide_vectors()
    rows, terms, columns = x_rows.size, x.shape[1], w.shape[1]
    lanes, depth = VECTOR // x.itemsize, -(-terms // -(-terms // DEPTH))  # panels of as many terms each, but the last
    width = VECTORS * lanes
    panel, edge = np.zeros((depth, width), x.dtype), np.empty((ROWS, lanes), x.dtype)
    vectors, blocks = -(-columns // lanes), -(-rows // ROWS)
    cuts = min(parts, vectors)
    bands = min(-(-parts // cuts), max(blocks // BLOCKS, 1))
    for item in range(cuts * bands * part // parts, cuts * bands * (part + 1) // parts):
        cut, band = item // bands, item % bands
        first, last = blocks * band // bands * ROWS, min(blocks * (band + 1) // bands * ROWS, rows)
        start, end = vectors * cut // cuts * lanes, min(vectors * (cut + 1) // cuts * lanes, columns)
        for j in range(start, end, width):
            whole = min(width, end - j) // lanes
            rest = j + whole * lanes
            for k in range(0, terms, depth):
                count = min(depth, terms - k)
                if whole:
                    packing_tile((x, x_rows, first, k), (w, k, j), (y, first, j), (panel, 0, 0), count, whole, k > 0)
                    for i in range(first + ROWS, last, ROWS):
                        if j == start:
                            fetching_tile((x, x_rows, i, k), (panel, 0, 0), (y, i, j), count, whole, k > 0)
                        else:
                            tile((x, x_rows, i, k), (panel, 0, 0), (y, i, j), count, whole, k > 0)
                if rest < min(j + width, end):
                    _pack(w[k : k + count, rest:end], panel)
                    for i in range(first, last, ROWS):
                        tile((x, x_rows, i, k), (panel, 0, 0), (edge, 0, 0), count, 1, False)
                        _take(edge, y[i : i + ROWS, rest:end], k > 0)


@_inlined
def multiply_transposed(part, parts, x, w, w_columns, y):
    """Compute a part of ``y = x @ w``, where the columns of w lie in order: its transpose is ``w.T @ x.T``.

    The columns' numbers are given, too, since a tile asks for an index.
    """
    wide_vectors()
    rows, terms, columns = x.shape[0], x.shape[1], w.shape[1]
    lanes, depth = VECTOR // x.itemsize, -(-terms // -(-terms // (2 * DEPTH)))
    width = VECTORS * lanes
    panel, edge = np.zeros((depth, width), x.dtype), np.empty((ROWS, width), x.dtype)
    bands, blocks = -(-rows // width), -(-columns // ROWS)
    splits = min(-(-parts // bands), blocks)
    for item in range(bands * splits * part // parts, bands * splits * (part + 1) // parts):
        i, split = item // splits * width, item % splits
        first, last = blocks * split // splits * ROWS, min(blocks * (split + 1) // splits * ROWS, columns)
        whole = -(-min(width, rows - i) // lanes)
        for k in range(0, terms, depth):
            count = min(depth, terms - k)
            transpose(0, 1, x[i : i + width, k : k + count], panel)
            for j in range(first, last, ROWS):
                tile((w.T, w_columns, j, k), (panel, 0, 0), (edge, 0, 0), count, whole, False)
                _take(edge.T, y[i : i + width, j : j + ROWS], k > 0)


@_inlined
def pack_panels(part, parts, w, panels):
    """Copy a part of a matrix of few rows into its panels, for `block_of_rows`."""
    terms, width = w.shape[0], panels.shape[1]
    first, last = terms * part // parts, terms * (part + 1) // parts  # rows, which mostly this thread has written
    for p in range(panels.shape[0] // terms):
        panel = panels[p * terms + first : p * terms + last]
        if w.shape[1] < (p + 1) * width:
            panel[:] = 0  # what is multiplied and thrown away should not be slow to multiply
        _pack(w[first:last, p * width : (p + 1) * width], panel)


def panels_like(w):
    """Return an array for the panels of a matrix, one below the other."""
    width = VECTORS * VECTOR // w.itemsize
    return np.empty((-(-w.shape[1] // width) * w.shape[0], width), w.dtype)


@_inlined
def block_of_rows(part, parts, x, x_rows, x_terms, panels, y):
    """Compute one of the parts of a product that have `ROWS` rows, as `multiply`; its right factor lies in panels.

    If there is an index of its terms, x is the transpose of what they are rows of, and it has `ROWS` rows at least.
    """
    wide_vectors()
    columns, width, lanes = y.shape[1], panels.shape[1], VECTOR // x.itemsize
    first, terms = part * ROWS, x_terms.size or x.shape[1]
    if x_terms.size:  # of a transpose: its rows lie side by side, so that there are enough to read together
        block, start = np.empty((terms, ROWS), x.dtype), min(first, x_rows.size - ROWS)
        take_block(x, start, x_terms, block)
        x_rows = x_rows[first - start : ROWS]  # of the block: its rows are counted from 0, as those of x are
        x, first = block.T[:, ::1], 0  # in no order, to the compiler, as x
    for j in range(0, columns, width):
        panel, whole = j // width * terms, min(width, columns - j) // lanes
        rest = j + whole * lanes
        if whole:
            tile((x, x_rows, first, 0), (panels, panel, 0), (y, 0, j), terms, whole, False)
        if rest < min(j + width, columns):
            edge = np.empty((ROWS, lanes), x.dtype)
            tile((x, x_rows, first, 0), (panels, panel, whole * lanes), (edge, 0, 0), terms, 1, False)
            _take(edge, y[:, rest:], False)


@_jit
def _pack(w, panel):
    """Copy a matrix into a panel; what stands behind its columns is multiplied, and then thrown away."""
    kept_apart()
    wide_vectors()
    for k in range(w.shape[0]):
        for j in range(w.shape[1]):
            panel[k, j] = w[k, j]


@_jit
def transpose(part, parts, x, y):
    """Write a part of the transpose of a matrix into another, which may be larger."""
    kept_apart()
    for i in range(x.shape[0] * part // parts, x.shape[0] * (part + 1) // parts):
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


@_inlined
def add_up(part, parts, partial, y):
    """Write into an array what parts of a loop have added up, all of it in one part."""
    for j in range(y.size):
        added = partial[0, j]
        for k in range(1, parts):
            added += partial[k, j]
        y[j] = added
