"""Cases of the ops in ops.shape, ops.joining, ops.turning and ops.diagonal."""

import numpy as np

from arraynet.testing.case import case, normal

X, Y, CUBE = normal(3, 4), normal(3, 4, seed=1), normal(2, 3, 4)
ROW, EMPTY, NUMBER = normal(4), normal(0, 4), np.asarray(normal(1)[0])
INTEGERS = np.arange(6, dtype="int32").reshape(2, 3)

SHAPES = [
    case("reshape", lambda x: x.reshape(2, 6), X, newshape=(2, -1)),
    case("reshape", lambda x: x.reshape(4, 0), EMPTY, newshape=(4, 0), variant="empty"),
    case("ravel", np.ravel, X),
    case("transpose", np.transpose, CUBE),
    case("transpose", lambda x: x.transpose(1, 2, 0), CUBE, axes=(1, -1, 0), variant="axes"),
    case("moveaxis", lambda x: np.moveaxis(x, 0, -1), CUBE, source=0, destination=-1),
    case("moveaxis", lambda x: np.moveaxis(x, (0, 2), (1, 0)), CUBE, source=(0, 2), destination=(1, 0), variant="two"),
    case("swapaxes", lambda x: np.swapaxes(x, 0, -1), CUBE, axis1=0, axis2=-1),
    case("expand_dims", lambda x: np.expand_dims(x, -1), X, axis=-1),
    case("expand_dims", lambda x: np.expand_dims(x, (0, 2)), X, axis=(0, 2), variant="two"),
    case("squeeze", np.squeeze, normal(1, 3, 1)),
    case("squeeze", lambda x: x[:, :, 0], normal(1, 3, 1), axis=-1, variant="axis"),
    case("broadcast_to", lambda x: np.broadcast_to(x, (3, 4)), ROW, shape=(3, 4)),
    case("broadcast_to", lambda x: np.broadcast_to(x, (2, 0, 4)), normal(2, 1, 1), shape=(2, 0, 4), variant="empty"),
    case("cast", lambda x: x, X, dtype="float64"),
    case("cast", np.trunc, X * 3, dtype="int32", variant="to integers", grad=False),
    case("zeros_like", np.zeros_like, X, grad=False),
    case("ones_like", np.ones_like, X, grad=False),
]

JOINING = [
    case("concatenate", np.concatenate, [X, EMPTY, Y]),
    case("concatenate", lambda xs: np.concatenate(xs, -1), [X, normal(3, 1), Y], axis=-1, variant="last axis"),
    case("concatenate", lambda xs: np.concatenate(xs, 1), [X, np.ones((3, 2), "int32")], axis=1, variant="mixed"),
    case("stack", np.stack, [X, Y]),
    case("stack", lambda xs: np.stack(xs, -1), [X, Y, X], axis=-1, variant="last axis"),
    case("hstack", np.hstack, [X, Y]),
    case("hstack", np.hstack, [ROW, normal(2)], variant="vectors"),
    case("vstack", np.vstack, [X, Y]),
    case("vstack", np.vstack, [ROW, ROW], variant="vectors"),
    case("dstack", np.dstack, [X, Y]),
    case("dstack", np.dstack, [ROW, ROW], variant="vectors"),
    case("append", np.append, X, ROW),
    case("append", lambda x, y: np.append(x, y, 1), X, Y, axis=1, variant="axis"),
    case("split", lambda x: np.split(x, 2, 1), X, indices_or_sections=2, axis=1),
    case("split", lambda x: np.split(x, [1, 2]), X, indices_or_sections=[1, 2], variant="places"),
    case("split", lambda x: np.split(x, [2, 2, 9]), X, indices_or_sections=[2, 2, 9], variant="empty"),
    case("array_split", lambda x: np.array_split(x, 3, 1), X, indices_or_sections=3, axis=1),
    case("hsplit", lambda x: np.hsplit(x, 2), X, indices_or_sections=2),
    case("vsplit", lambda x: np.vsplit(x, 3), X, indices_or_sections=3),
    case("dsplit", lambda x: np.dsplit(x, [1]), CUBE, indices_or_sections=[1]),
    case("unstack", lambda x: list(x), X),
    case("unstack", lambda x: list(x.T), X, axis=-1, variant="last axis"),
    case("repeat", lambda x: np.repeat(x, 2), X, repeats=2),
    case("repeat", lambda x: np.repeat(x, 3, 1), X, repeats=3, axis=1, variant="axis"),
    case("repeat", lambda x: np.repeat(x, [2, 0, 1], 0), X, repeats=[2, 0, 1], axis=0, variant="each"),
    case("tile", lambda x: np.tile(x, 2), X, repeats=2),
    case("tile", lambda x: np.tile(x, (2, 1, 3)), X, repeats=(2, 1, 3), variant="more axes"),
    case("tile", lambda x: np.tile(x, (0, 2)), X, repeats=(0, 2), variant="empty"),
    case("pad", lambda x: np.pad(x, 1), X, pad_width=1),
    case("pad", lambda x: np.pad(x, ((0, 2), (1, 0)), constant_values=3), X, pad_width=((0, 2), (1, 0)),
         constant_values=3, variant="value"),
    *[
        case("pad", lambda x, mode=mode: np.pad(x, ((2, 1), (0, 3)), mode), X, pad_width=((2, 1), (0, 3)),
             mode=mode, variant=mode)
        for mode in ("reflect", "symmetric", "edge", "wrap")
    ],
    case("meshgrid", lambda x, y: list(np.meshgrid(x, y)), ROW, normal(3)),
    case("meshgrid", lambda x, y, z: list(np.meshgrid(x, y, z, indexing="ij")), ROW, normal(3), normal(1),
         indexing="ij", variant="ij"),
]  # fmt: skip

TURNING = [
    case("flip", np.flip, CUBE),
    case("flip", lambda x: np.flip(x, (0, -1)), CUBE, axis=(0, -1), variant="axes"),
    case("fliplr", np.fliplr, X),
    case("flipud", np.flipud, X),
    case("roll", lambda x: np.roll(x, 5), X, shift=5),
    case("roll", lambda x: np.roll(x, (1, -2), (0, 1)), X, shift=(1, -2), axis=(0, 1), variant="axes"),
    *[case("rot90", lambda x, k=k: np.rot90(x, k), CUBE, k=k, variant=str(k)) for k in (-1, 0, 1, 2)],
    case("rot90", lambda x: np.rot90(x, 1, (2, 1)), CUBE, axes=(2, 1), variant="axes"),
]

REARRANGED = [
    case("rearrange", lambda x, _: x.reshape(2, 3, 2, 2).transpose(2, 1, 0, 3).reshape(2, 3, 4), CUBE,
         "a b (c d) -> c b (a d)", c=2),
]  # fmt: skip

DIAGONALS = [
    case("diag", np.diag, X),
    case("diag", lambda x: np.diag(x, -2), ROW, k=-2, variant="vector"),
    case("diag", np.diag, ROW > 0, grad=False, variant="bools"),
    case("diagflat", lambda x: np.diagflat(x, 1), X, k=1),
    case("diagonal", lambda x: np.diagonal(x, 1, 2, 0), CUBE, offset=1, axis1=2, axis2=0),
    case("diagonal", lambda x: np.diagonal(x, 9), X, offset=9, variant="empty"),
    case("trace", np.trace, CUBE),
    case("trace", lambda x: np.trace(x, -1), X, offset=-1, variant="below"),
    case("tril", np.tril, CUBE),
    case("tril", lambda x: np.tril(x, -1), X, k=-1, variant="below"),
    case("triu", lambda x: np.triu(x, 1), X, k=1),
]

CASES = [*SHAPES, *JOINING, *TURNING, *REARRANGED, *DIAGONALS]
