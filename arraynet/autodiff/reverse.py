"""The reverse pass: one walk back over a list of records, written in ops, so that it can be recorded.

It is iterative, frees what it has used as it goes, runs a rule only on a path to a source, and undoes
broadcasting and promotion here, once, instead of in every rule.
"""

from typing import Any

from arraynet.operators import OPS
from arraynet.tensor import Tensor

__all__ = ["Node", "Shell", "backward"]


class Shell:
    """What is left of a Tensor whose values no rule needs."""

    __slots__ = ("dtype", "id", "shape")

    def __init__(self, tensor: Tensor) -> None:
        self.id, self.shape, self.dtype = tensor.id, tensor.shape, tensor.dtype


TRACED = (Tensor, Shell)


class Node:
    """A record that can be differentiated: an op, its inputs and outputs, Shells where values do not matter."""

    __slots__ = ("inputs", "op", "outputs", "several", "static")

    def __init__(self, op: Any, inputs: tuple[Any, ...], static: dict[str, Any], outputs: Any) -> None:
        self.op, self.static, self.several = op, static, type(outputs) is tuple
        keeps = op.keeps * len(inputs) if op.variadic else op.keeps
        self.inputs = tuple(
            [i if keep or type(i) is not Tensor else Shell(i) for i, keep in zip(inputs, keeps, strict=True)]
        )
        results = outputs if self.several else (outputs,)
        self.outputs = results if "y" in op.kept else tuple([Shell(o) for o in results])

    def known(self) -> dict[str, Any]:
        """What the rules may name."""
        named = {self.op.arrays[0]: self.inputs} if self.op.variadic else dict(zip(self.op.arrays, self.inputs))  # noqa: B905
        return named | self.static | {"y": self.outputs if self.several else self.outputs[0]}


def backward(nodes: list[Node], grads: dict[int, Tensor], sources: set[int], free: bool) -> None:
    """Turn `grads` of targets, by Tensor id, into grads of `sources`; what lies between is dropped.

    With `free` the nodes are taken off the list as they are used.
    """
    reach = set(sources)
    for node in nodes:
        for i in node.inputs:
            if type(i) in TRACED and i.id in reach:
                reach.update([o.id for o in node.outputs])
                break
    for k in range(len(nodes) - 1, -1, -1):
        node = nodes.pop() if free else nodes[k]
        gs = [grads.get(o.id) if o.id in sources else grads.pop(o.id, None) for o in node.outputs]
        if any(g is not None for g in gs):
            _pull(node, gs, grads, reach)


def _pull(node: Node, gs: list[Tensor | None], grads: dict[int, Tensor], reach: set[int]) -> None:
    """Add a node's contribution to the grads of its inputs."""
    g: Any = gs[0]
    if node.several:
        g = tuple(OPS["zeros"](o.shape, o.dtype) if v is None else v for v, o in zip(gs, node.outputs, strict=True))
    wanted = [
        position
        for position, source in enumerate(node.inputs)
        if type(source) in TRACED and source.id in reach and source.dtype.kind == "f"
    ]
    for position, new in zip(wanted, node.op.gradients(wanted, g, node.known()), strict=True):
        if new is not None:
            source = node.inputs[position]
            new = _fitted(new, source, node)
            old = grads.get(source.id)
            grads[source.id] = new if old is None else OPS["add"](old, new)


def _fitted(g: Tensor, source: Any, node: Node) -> Tensor:
    """Undo broadcasting to the axes of a result or another argument, by sums, and promotion, by a cast."""
    if g.shape != source.shape:
        shape = (1,) * (g.ndim - len(source.shape)) + source.shape
        axes = tuple(k for k, n in enumerate(g.shape) if shape[k : k + 1] != (n,))
        wide = [t.shape for t in (*node.outputs, *node.inputs) if len(getattr(t, "shape", ())) == len(shape) == g.ndim]
        if not wide or any(shape[k] != 1 or g.shape[k] not in [s[k] for s in wide] for k in axes):
            raise ValueError(f"{node.op.name}: a derivative rule gives {g.shape} for an argument of {source.shape}.")
        g = OPS["sum"](g, axis=axes) if axes else g
        g = OPS["reshape"](g, source.shape) if g.shape != source.shape else g
    return g if g.dtype == source.dtype else OPS["cast"](g, source.dtype.name)
