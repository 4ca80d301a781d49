"""What an optimizer keeps between two steps: its slots, arrays of the shape of each variable, and their saving."""

from collections.abc import Iterable, MutableMapping
from typing import Any

import numpy as np

from arraynet import ops
from arraynet.backend import Backend
from arraynet.dispatch import Op
from arraynet.optimizers.settings import Settings
from arraynet.plugins import use_backend
from arraynet.variable import Variable

__all__ = ["State"]


class State(Settings):
    """The slots of an optimizer, by name, for each variable that it updates."""

    step: Op

    def __init__(self, learning_rate: Any, **options: Any) -> None:
        super().__init__(learning_rate, **options)
        self._targets: list[Variable] = []
        self._state: dict[Variable, dict[str, Variable]] = {}  # slots by name, for each variable that is trained

    def slots(self) -> dict[str, float]:
        """Return the names of the arrays kept for each variable, and what they are filled with at first."""
        return {}

    @property
    def built(self) -> bool:
        """Whether the slots exist."""
        return bool(self._targets)

    @property
    def variables(self) -> list[Variable]:
        """Its slots, those of the first variable first."""
        return [slot for state in self._state.values() for slot in state.values()]

    def build(self, variables: Iterable[Variable]) -> None:
        """Make the slots of variables, on their backend; without effect if that has happened."""
        if self.built:
            return
        if not self.step.variadic and len(self.step.arrays) != 2 + len(self.slots()):
            raise TypeError(
                f"{self.step.name} takes the arrays {', '.join(self.step.arrays)}. Behind weight and gradient stands "
                f"one for each name in slots(); those of {type(self).__name__} are {', '.join(self.slots()) or 'none'}."
            )
        self._targets = self._listed(variables)
        self._state = {variable: {} for variable in self._targets}
        names = [*self.slots(), *["gradient_accumulator"] * bool(self.gradient_accumulation_steps)]
        names += ["average"] * self.use_ema
        for variable in self._targets:
            for name in names:
                self._slot(variable, name)

    def _slot(self, variable: Variable, name: str) -> Variable:
        """A variable's slot; one that a setting changed since asks for is made now."""
        state = self._state[variable]
        if name not in state:
            value = variable if name == "average" else self.slots().get(name, 0.0)
            path = f"{variable.path.replace('/', '_')}_{name}"
            with use_backend(variable.backend):
                state[name] = Variable(ops.zeros(variable.shape, variable.dtype) + value, trainable=False, name=path)
            state[name]._path = f"{self.name}/{path}"
        return state[name]

    def _listed(self, variables: Any) -> list[Variable]:
        """Variables as a list, a single one too; anything else is a TypeError."""
        several = isinstance(variables, Iterable) and not isinstance(variables, Variable)
        targets = list(variables) if several else [variables]
        strange = [v for v in targets if not isinstance(v, Variable)]
        if strange:
            raise TypeError(
                f"{self.name} updates Variables, received {type(strange[0]).__name__}; a pair is (gradient, variable)."
            )
        return targets

    def move(self, backend: str | Backend) -> None:
        """Move the slots to another backend, in place."""
        for slot in self.variables:
            slot.move(backend)

    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Put the count of steps, a settable learning rate and the slots into a mapping of named arrays."""
        store["iterations"] = np.asarray(self._iterations)
        if isinstance(self._learning_rate, float):
            store["learning_rate"] = np.asarray(self._learning_rate)
        for key, slot in self._numbered().items():
            store[key] = slot.numpy()

    def _numbered(self) -> dict[str, Variable]:
        """Slots by the number of their variable and their own name, which no renaming of layers changes."""
        return {f"{i}/{name}": s for i, v in enumerate(self._targets) for name, s in self._state[v].items()}

    def load_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Take the state from what `save_own_variables` filled.

        Raises
        ------
        ValueError
            The slots are others than those saved; build the optimizer with the same variables first.
        """
        slots = self._numbered()
        saved = set(store) - {"iterations", "learning_rate"}
        if saved != set(slots):
            raise ValueError(
                f"{self.name}: the saved slots do not fit. Only saved: {sorted(saved - set(slots))}; only here: "
                f"{sorted(set(slots) - saved)}. Call build(variables) with the variables of the saved model first."
            )
        for key, slot in slots.items():
            slot.assign(store[key])
        self._iterations = int(np.asarray(store["iterations"]))
        if "learning_rate" in store and isinstance(self._learning_rate, float):
            self._learning_rate = float(np.asarray(store["learning_rate"]))
