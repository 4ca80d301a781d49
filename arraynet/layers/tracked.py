"""What a layer holds in its attributes: Variables, other layers, and lists, tuples and dicts of them.

Attributes are walked when somebody asks, not watched when they are set, so a list that grows after it was
assigned needs no list class of its own.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from arraynet.backend import Backend
from arraynet.checks import flag
from arraynet.dtypes import host_array
from arraynet.naming import free_name, snake_case
from arraynet.observers import Versioned
from arraynet.random import SeedGenerator
from arraynet.variable import Variable

__all__ = ["Stateful", "Tracked", "held", "names_within"]

SHORTCUTS = frozenset(["_anchor", "_frozen"])


class Stateful(Versioned):
    """An object whose attributes hold Variables, which nothing else takes the place of by mistake."""

    def __setattr__(self, name: str, value: Any) -> None:
        replaced = isinstance(vars(self).get(name), Variable) and value is not None
        if replaced and next(_inside((value,), (Variable, Stateful)), None) is None:
            raise TypeError(
                f"{type(self).__name__}.{name} is a Variable; a {type(value).__name__} in its place would be no state. "
                f"Use self.{name}.assign(value) or assign_add(value)."
            )
        super().__setattr__(name, value)


class Tracked(Stateful):
    """An object whose attributes hold Variables and other objects of this kind."""

    name: str
    built: bool
    _named: bool  # whether the user chose the name, one that is not of the automatic kind
    _path: str | None = None

    def __init__(self) -> None:
        self._trainable = True
        self._frozen: list[Variable] = []  # those that only `trainable` keeps from being trained

    @property
    def path(self) -> str:
        """Its name with those of the layers around it, such as ``sequential/dense``."""
        return self._path or self.name

    @property
    def _sublayers(self) -> list[Any]:
        return list(_unique(held(self, Tracked)))

    @property
    def _own_variables(self) -> list[Variable]:
        frozen = {id(v) for v in self._frozen}
        return sorted(_unique(held(self, Variable)), key=lambda v: not (v.trainable or id(v) in frozen))

    @property
    def weights(self) -> list[Variable]:
        """Its Variables, trainable before others, and then those of its layers, in order."""
        return list(_unique(v for layer in self._walk() for v in layer._own_variables))

    @property
    def variables(self) -> list[Variable]:
        """The same as `weights`."""
        return self.weights

    @property
    def trainable_weights(self) -> list[Variable]:
        """The Variables that an optimizer updates."""
        return list(_unique(v for layer in self._walk(frozen=False) for v in layer._own_variables if v.trainable))

    @property
    def trainable_variables(self) -> list[Variable]:
        """The same as `trainable_weights`."""
        return self.trainable_weights

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The Variables that an optimizer leaves alone."""
        trained = {id(v) for v in self.trainable_weights}
        return [v for v in self.weights if id(v) not in trained]

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The same as `non_trainable_weights`."""
        return self.non_trainable_weights

    @property
    def trainable(self) -> bool:
        """Whether its weights are trained; setting it sets it for the layers inside, too."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        value = flag("trainable", value)
        for layer in self._walk():
            layer._set_trainable(value)

    def _set_trainable(self, value: bool) -> None:
        self._trainable = value
        changed = self._frozen if value else [v for v in self._own_variables if v.trainable]
        for variable in changed:
            variable.trainable = value
        self._frozen = [] if value else [*self._frozen, *changed]

    def get_weights(self) -> list[np.ndarray]:
        """Return copies of the weights as NumPy arrays, in the order of `weights`."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: Iterable[Any]) -> None:
        """Set all weights from arrays in the order of `weights`; if one does not fit, none is set.

        Raises
        ------
        ValueError
            There are more or fewer arrays than weights, or a shape differs; the message names the weight.
        """
        arrays, variables = _arrays(weights), self.weights
        if len(arrays) != len(variables):
            known = ", ".join(f"{v.path} {v.shape}" for v in variables) or "none (is it built yet?)"
            raise ValueError(
                f"{self.path!r} has {len(variables)} weights, set_weights received {len(arrays)} arrays. "
                f"Its weights are: {known}."
            )
        for variable, array in zip(variables, arrays, strict=True):
            if array.shape != variable.shape:
                raise ValueError(
                    f"Weight {variable.path!r} has shape {variable.shape}, set_weights received an array of "
                    f"shape {array.shape} for it. Nothing was set."
                )
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)

    @property
    def seed_generators(self) -> list[SeedGenerator]:
        """The random streams of this layer and of those inside it."""
        return list(_unique(generator for layer in self._walk() for generator in held(layer, SeedGenerator)))

    def count_params(self) -> int:
        """Return the number of numbers in its weights.

        Raises
        ------
        ValueError
            It is not built, so there is nothing to count.
        """
        if not self.built and not self.weights:
            raise ValueError(
                f"Layer {self.name!r} ({type(self).__name__}) has no weights yet to count: call it on data, or "
                f"build(input_shape)."
            )
        return sum(variable.size for variable in self.weights)

    def to(self, backend: str | Backend) -> Any:
        """Move all Variables to another backend, in place; return the object itself."""
        for variable in self.weights:
            variable.move(backend)
        return self

    def _walk(self, frozen: bool = True, seen: set[int] | None = None) -> Iterator[Any]:
        """Itself and every layer inside it, once each: two may hold the same one, and a child its parent."""
        seen = set() if seen is None else seen
        if id(self) not in seen and (frozen or self._trainable):
            seen.add(id(self))
            yield self
            for layer in self._sublayers:
                yield from layer._walk(frozen, seen)


def _arrays(weights: Any) -> list[np.ndarray]:
    """A list of arrays of numbers, or an error that says what it is instead."""
    if not isinstance(weights, Iterable):
        raise TypeError(f"set_weights takes a list of arrays, as get_weights returns it, received {weights!r}.")
    try:
        return [host_array(np.asarray(w)) for w in weights]
    except (TypeError, ValueError) as error:
        raise type(error)(f"set_weights takes a list of arrays, as get_weights returns it: {error}") from error


def held(owner: Any, kind: type | tuple[type, ...]) -> Iterator[Any]:
    """Return the objects of a kind, or of several, among the attributes, in the order in which they were set.

    Left out are `SHORTCUTS`, which hold again what other attributes hold.
    """
    yield from _inside((value for name, value in vars(owner).items() if name not in SHORTCUTS), kind)


def _inside(values: Iterable[Any], kind: type | tuple[type, ...]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, kind):
            yield value
        elif isinstance(value, list | tuple):
            yield from _inside(value, kind)
        elif isinstance(value, dict):
            yield from _inside(value.values(), kind)


def _unique(objects: Iterable[Any]) -> Iterable[Any]:
    """Objects without repetitions, by identity."""
    return {id(found): found for found in objects}.values()


def names_within(layers: list[Any]) -> dict[int, str]:
    """Return each layer's name among its siblings, by its id: an explicit one, else its class and a number.

    Automatic names count through the whole process; these do not, so the same model made twice has the same
    names, and with them the same initial weights from one seed.
    """
    taken = {layer.name for layer in layers if layer._named}
    names: dict[int, str] = {}
    for layer in layers:
        name = layer.name if layer._named else free_name(snake_case(type(layer).__name__), taken)
        taken.add(name)
        names[id(layer)] = name
    return names
