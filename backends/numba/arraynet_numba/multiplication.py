"""Matrix products as loops that threads share, and that an optimizer's loop goes on with while they are at hand.

The scheme is that of every BLAS (K. Goto and R. van de Geijn, Anatomy of High-Performance Matrix Multiplication,
2008): a panel of the right factor is copied to where it is read in order, and used for all rows of the left one.
Here the copy is made by the first tile, which multiplies while it waits for memory.
"""

import numba
import numpy as np

from arraynet_numba.microkernel import BLOCK, ROWS, VECTOR, VECTORS, fetching_tile, packing_tile, take_block, tile
from arraynet_numba.team import INSIDE
from arraynet_numba.vectorizing import kept_apart, wide_vectors

__all__ = ["add_up", "block_of_rows", "multiply", "multiply_transposed", "pack_panels", "panels_like", "transpose"]

DEPTH = 48 * 1024 // (VECTORS * VECTOR)  # rows of a panel at most, which then lies in the first cache or near it
HIGH = 512  # rows that one panel after the other is used for: as much of the left factor stays in the second cache
BLOCKS = 4  # of rows; fewer do not pay for another copy of their panel

_jit = numba.njit(**INSIDE)
_inlined = numba.njit(inline="always", **INSIDE)  # in its only caller, or it would be compiled twice


@_inlined
def multiply(part, parts, x, x_rows, w, y, other):
    """Compute a part of ``y = x[x_rows] @ w``: some panels of columns, or of some rows.

    The rows of w lie in order, those of x wherever their index says. If `other` has rows, y becomes the sum over one
    half of the terms, and it the sum over the rest: a thread then reads the rows of w that it updates, or half of them.
    """
    wide_vectors()
    terms, columns, lanes = x.shape[1], w.shape[1], VECTOR // x.itemsize
    vectors, blocks, tiles = -(-columns // lanes), -(-x_rows.size // ROWS), -(-terms // ROWS)
    halves, cuts = 1 + (other.shape[0] > 0), min(parts, vectors)
    bands = max(min(-(-parts // cuts), max(blocks // BLOCKS, 1)), -(-x_rows.size // HIGH))
    depth = -(-tiles // halves) * ROWS  # as many terms as a half has
    depth = -(-depth // -(-depth // DEPTH))  # panels of as many each, but the last
    panel, edge = np.zeros((depth, VECTORS * lanes), x.dtype), np.empty((ROWS, lanes), x.dtype)
    items = halves * bands * cuts
    for item in range(items * part // parts, items * (part + 1) // parts):
        half, band, cut = item // (bands * cuts), item // cuts % bands, item % cuts
        first, last = blocks * band // bands * ROWS, blocks * (band + 1) // bands * ROWS
        begin, end = tiles * half // halves * ROWS, min(tiles * (half + 1) // halves * ROWS, terms)
        start, share = vectors * cut // cuts, vectors * (cut + 1) // cuts - vectors * cut // cuts
        panels = -(-share // VECTORS)  # of as many vectors each, or one less: a single one is slower to multiply
        out = other if half else y
        for p in range(panels):
            j, stop = (start + share * p // panels) * lanes, (start + share * (p + 1) // panels) * lanes
            whole = (min(stop, columns) - j) // lanes
            rest = j + whole * lanes
            for k in range(begin, end, depth):
                count, adding = min(depth, end - k), k > begin
                if whole:
                    packing_tile((x, x_rows, first, k), (w, k, j), (out, first, j), (panel, 0, 0), count, whole, adding)
                    for i in range(first + ROWS, last, ROWS):
                        fetching_tile((x, x_rows, i, k), (panel, 0, 0), (out, i, j), count, whole, adding)
                if rest < min(stop, columns):
                    _pack(w[k : k + count, rest:stop], panel)
                    for i in range(first, last, ROWS):
                        tile((x, x_rows, i, k), (panel, 0, 0), (edge, 0, 0), count, 1, False)
                        _take(edge, out[i : i + ROWS, rest:stop], adding)


@_inlined
def multiply_transposed(part, parts, w, w_rows, no_terms, panels, y):
    """Compute a part of ``y = x @ w.T``: the transpose of ``w @ x.T``, of which x.T lies in panels."""
    kept_apart()
    columns, rows = w.shape[0], y.shape[0]
    tiles = -(-columns // ROWS)
    start, end = tiles * part // parts * ROWS, min(tiles * (part + 1) // parts * ROWS, columns)
    block = np.empty((BLOCK, rows), y.dtype)
    for first in range(start, end, BLOCK):
        last = min(first + BLOCK, end)
        block_of_rows(first, last, w, w_rows, no_terms, panels, block)
        for i in range(rows):
            for j in range(last - first):
                y[i, first + j] = block[j, i]


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


@_jit
def block_of_rows(first, last, x, x_rows, x_terms, panels, y):
    """Compute some rows of a product, `BLOCK` at most, as `multiply`; its right factor lies in panels.

    If there is an index of its terms, x is the transpose of what they are rows of, and it has `BLOCK` rows at least.
    """
    wide_vectors()
    columns, width, lanes = y.shape[1], panels.shape[1], VECTOR // x.itemsize
    rows, terms = last - first, x_terms.size or x.shape[1]
    edge = np.empty((ROWS, lanes), x.dtype)
    if x_terms.size:  # of a transpose: its rows lie side by side, so that there are enough to read together
        block, start = np.empty((terms, BLOCK), x.dtype), min(first, x_rows.size - BLOCK)
        take_block(x, start, x_terms, block)
        x_rows = x_rows[first - start : BLOCK]  # of the block: its rows are counted from 0, as those of x are
        x, first = block.T[:, ::1], 0  # in no order, to the compiler, as x
    for j in range(0, columns, width):
        panel, whole = j // width * terms, min(width, columns - j) // lanes
        rest = j + whole * lanes
        for k in range(0, terms, DEPTH):  # a sum of many terms would lose more digits than one of sums
            count = min(DEPTH, terms - k)
            for i in range(0, rows, ROWS):
                if whole:
                    tile((x, x_rows, first + i, k), (panels, panel + k, 0), (y, i, j), count, whole, k > 0)
                if rest < min(j + width, columns):
                    tile((x, x_rows, first + i, k), (panels, panel + k, whole * lanes), (edge, 0, 0), count, 1, False)
                    _take(edge, y[i : i + ROWS, rest:], k > 0)


@_jit
def _pack(w, panel):
    """Copy a matrix into a panel; what stands behind its columns is multiplied, and then thrown away."""
    kept_apart()
    wide_vectors()
    if w.strides[0] < w.strides[1]:  # a transpose: a line of what it is of after the other
        for first in range(0, w.shape[0], BLOCK):
            for j in range(w.shape[1]):
                for k in range(first, min(first + BLOCK, w.shape[0])):
                    panel[k, j] = w[k, j]
    else:
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
