"""Sums of products written as subscripts, lowered to diagonals, sums, products and matrix products.

The array-API standard has no einsum; and so lowered, its derivative is that of its parts.
"""

import math
from collections import Counter
from functools import cache
from itertools import combinations
from typing import Any

from arraynet.operands import operands as entered
from arraynet.ops.diagonal import diagonal
from arraynet.ops.elementwise import multiply
from arraynet.ops.products import matmul
from arraynet.ops.reduction import sum as reduce_sum
from arraynet.ops.shape import cast, reshape, squeeze, transpose
from arraynet.tensor import Tensor

__all__ = ["einsum"]

Labels = tuple[str, ...]  # a letter for each axis; those of an ellipsis are ".0", ".1", ... from the last
Term = tuple[Tensor, Labels]


def einsum(subscripts: str, *operands: Any) -> Any:
    """Return a sum of products of tensors whose axes are named by letters.

    Parameters
    ----------
    subscripts : str
        A letter for each axis, a comma between operands: ``"ij,jk->ik"`` is a matrix product. A letter in
        several operands multiplies along that axis, a letter twice in one takes the diagonal, a letter that
        is missing behind the arrow is summed over. ``...`` stands for leading axes that broadcast. Without
        an arrow the result has the letters that occur once, in alphabetical order.
    operands : Tensor
        As many as the subscripts say.

    Raises
    ------
    ValueError
        The subscripts make no sense, or do not fit the shapes.

    Examples
    --------
    >>> import arraynet
    >>> x = arraynet.ops.array([[1.0, 2.0], [3.0, 4.0]])
    >>> float(arraynet.ops.einsum("ii", x)), arraynet.ops.einsum("ij->j", x).numpy().tolist()
    (5.0, [4.0, 6.0])
    """
    if not isinstance(subscripts, str):
        raise TypeError(f"einsum: subscripts such as 'ij,jk->ik' come first, received {type(subscripts).__name__}.")
    tensors = entered(*operands)
    if all(x.dtype == "int8" for x in tensors):  # as in Keras, also where nothing is summed
        tensors = tuple(cast(x, "int32") for x in tensors)
    inputs, output = parsed(subscripts, tuple(x.ndim for x in tensors))
    sizes = _sizes(subscripts, tensors, inputs)
    terms = [_simplified(x, labels, sizes) for x, labels in zip(tensors, inputs, strict=True)]
    while len(terms) > 1:
        i, j = _cheapest([labels for _, labels in terms], sizes, output)
        second, first = terms.pop(j), terms.pop(i)
        terms.append(_product(first, second, {*output}.union(*(labels for _, labels in terms))))
    x, labels = _summed(terms[0], {*output})
    return _ordered(x, labels, output)


@cache
def parsed(subscripts: str, ranks: tuple[int, ...]) -> tuple[tuple[Labels, ...], Labels]:
    """Return the labels of operands of the given ranks, and of the result."""
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        raise ValueError(f"einsum: {subscripts!r} names {len(terms)} operands, received {len(ranks)}.")
    inputs, widest = [], 0
    for term, rank in zip(terms, ranks, strict=True):
        hidden = rank - len(_letters(term, subscripts))
        if hidden < 0 or (hidden and "..." not in term):
            raise ValueError(f"einsum: {term!r} of {subscripts!r} does not fit an operand of rank {rank}.")
        inputs.append(_labels(term, hidden))
        widest = max(widest, hidden)
    if not arrow:
        counts = Counter(label for labels in inputs for label in labels)
        right = "..." + "".join(sorted(label for label, n in counts.items() if n == 1 and label.isalpha()))
    _check_output(right, inputs, widest, subscripts)
    return tuple(inputs), _labels(right, widest)


def _letters(term: str, subscripts: str) -> str:
    letters = term.replace("...", "", 1)
    if letters and not (letters.isalpha() and letters.isascii()):
        raise ValueError(f"einsum: {term!r} of {subscripts!r} may hold letters and one '...' only.")
    return letters


def _labels(term: str, hidden: int) -> Labels:
    """The axes' labels of a term whose ellipsis stands for `hidden` axes."""
    head, dots, tail = term.partition("...")
    return (*head, *(f".{k}" for k in reversed(range(hidden if dots else 0))), *tail)


def _check_output(right: str, inputs: list[Labels], widest: int, subscripts: str) -> None:
    letters = _letters(right, subscripts)
    unknown = {*letters}.difference(*inputs)
    if unknown or len({*letters}) < len(letters):
        raise ValueError(f"einsum: behind the arrow of {subscripts!r} letters of the left stand, each once.")
    if widest and "..." not in right:
        raise ValueError(f"einsum: {subscripts!r} has '...' on the left, so it needs it on the right too.")


def _sizes(subscripts: str, tensors: tuple[Tensor, ...], inputs: tuple[Labels, ...]) -> dict[str, int]:
    """The axes' lengths by label; length 1 broadcasts between operands, not within one."""
    sizes: dict[str, int] = {}
    for x, labels in zip(tensors, inputs, strict=True):
        own: dict[str, int] = {}
        for label, n in zip(labels, x.shape, strict=True):
            known = sizes.get(label, 1)
            if own.setdefault(label, n) != n or (n != known and 1 not in (n, known)):
                shapes = " and ".join(str(t.shape) for t in tensors)
                raise ValueError(f"einsum: the axes {label!r} of {subscripts!r} differ in length: shapes {shapes}.")
            sizes[label] = n if known == 1 else known
    return sizes


def _simplified(x: Tensor, labels: Labels, sizes: dict[str, int]) -> Term:
    """One operand with diagonals taken, and without the axes along which it broadcasts."""
    for label, n in Counter(labels).items():
        for _ in range(n - 1):
            first = labels.index(label)
            second = labels.index(label, first + 1)
            x = diagonal(x, axis1=first, axis2=second)
            labels = (*(other for k, other in enumerate(labels) if k not in (first, second)), label)
    single = tuple(k for k, label in enumerate(labels) if x.shape[k] == 1 != sizes[label])
    x = squeeze(x, axis=single) if single else x
    return x, tuple(label for k, label in enumerate(labels) if k not in single)


def _summed(term: Term, wanted: set[str]) -> Term:
    """A term summed over the labels that nobody wants."""
    x, labels = term
    alone = tuple(k for k, label in enumerate(labels) if label not in wanted)
    return reduce_sum(x, axis=alone) if alone else x, tuple(label for label in labels if label in wanted)


def _cheapest(terms: list[Labels], sizes: dict[str, int], output: Labels) -> tuple[int, int]:
    """The two terms whose product is smallest."""

    def size(pair: tuple[int, int]) -> int:
        kept = {*output}.union(*(labels for k, labels in enumerate(terms) if k not in pair))
        return math.prod(sizes[label] for label in {*terms[pair[0]], *terms[pair[1]]} & kept)

    return min(combinations(range(len(terms)), 2), key=size)


def _product(one: Term, two: Term, kept: set[str]) -> Term:
    """The product of two terms, summed over the labels of both that are not kept."""
    (x, a), (y, b) = _summed(one, kept.union(two[1])), _summed(two, kept.union(one[1]))
    batch = tuple(label for label in a if label in b and label in kept)
    met = tuple(label for label in a if label in b and label not in kept)
    rows, columns = (tuple(label for label in own if label not in other) for own, other in ((a, b), (b, a)))
    result = (*batch, *rows, *columns)
    if not met:
        return multiply(_aligned(x, a, result), _aligned(y, b, result)), result
    sizes = dict(zip((*a, *b), (*x.shape, *y.shape), strict=True))
    z = matmul(_matrices(x, a, batch, rows, met), _matrices(y, b, batch, met, columns))
    return reshape(z, tuple(sizes[label] for label in result)), result


def _matrices(x: Tensor, labels: Labels, batch: Labels, rows: Labels, columns: Labels) -> Any:
    """A term as one matrix, or as a stack of them."""
    x = _ordered(x, labels, (*batch, *rows, *columns))
    n, m = len(batch), len(batch) + len(rows)
    shape = math.prod(x.shape[n:m]), math.prod(x.shape[m:])
    return reshape(x, (math.prod(x.shape[:n]), *shape) if batch else shape)


def _aligned(x: Tensor, labels: Labels, target: Labels) -> Any:
    """A term with its axes in the target's order, and axes of length 1 where it has none."""
    sizes = dict(zip(labels, x.shape, strict=True))
    x = _ordered(x, labels, tuple(label for label in target if label in sizes))
    return reshape(x, tuple(sizes.get(label, 1) for label in target))


def _ordered(x: Tensor, labels: Labels, target: Labels) -> Any:
    return x if labels == target else transpose(x, axes=tuple(labels.index(label) for label in target))
