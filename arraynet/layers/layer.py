"""The base of every layer: constructor, build, call, in that order, and what happens around a call.

A layer's own class holds three things only: its configuration, the Variables that it makes once it knows
its input's shape, and its arithmetic in ops. Backend, dtypes, checks, names and nesting are handled here.
"""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from arraynet import dtypes, initializers, regularizers
from arraynet.backend import Backend
from arraynet.checks import flag, lacking
from arraynet.layers.arguments import backend_of, entered
from arraynet.layers.context import calling, current_call
from arraynet.layers.input_spec import check_inputs
from arraynet.layers.placing import placed
from arraynet.layers.precision import Precision, policy_of
from arraynet.layers.shapes import build_shapes, probed_shape, shape_from, weight_shape
from arraynet.layers.tracked import Tracked
from arraynet.naming import auto_name, is_automatic, snake_case
from arraynet.observers import notify
from arraynet.plugins import use_backend
from arraynet.random import SeedGenerator, path_scope
from arraynet.registry import MADE, Configured, within
from arraynet.tensor import Tensor, as_tensor
from arraynet.tree import flatten
from arraynet.variable import Variable

__all__ = ["Layer"]


class Layer(Configured, Precision, Tracked):
    """A function with weights.

    A subclass stores its configuration in the constructor, makes its weights in ``build(input_shape)`` with
    `add_weight`, and computes in ``call(inputs)`` or ``call(inputs, training)``, with functions of
    `arraynet.ops`. Layers and Variables that it sets as attributes, also inside lists, tuples and dicts, are
    part of it.

    Parameters
    ----------
    name : str, optional
        Without it, the class in snake case and a number.
    trainable : bool
        Whether its weights are trained.
    dtype : str, optional
        Of its weights and arithmetic, floatx without it; ``"mixed_float16"`` computes in float16 on float32
        weights.
    activity_regularizer : str or callable, optional
        A penalty on its output, divided by the number of rows, added to the loss.

    Raises
    ------
    ValueError
        An unknown keyword, or a name with a "/".

    Examples
    --------
    >>> import arraynet
    >>> class Scale(arraynet.layers.Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight((input_shape[-1],), "ones", name="factor")
    ...
    ...     def call(self, inputs):
    ...         return inputs * self.factor
    >>> Scale()([[1.0, 2.0]])
    Tensor([[1., 2.]], dtype=float32, backend=numpy)
    """

    _kept: ClassVar[dict[str, str]] = {
        **{name: name for name in ("name", "trainable", "activity_regularizer")},
        "dtype": "dtype_policy",
    }
    input_spec: Any = None
    autocast = True
    _takes_training: int | None = None  # where `call` has its parameter `training`, self not counted
    _default_training: bool | None = None  # what it is where nobody says

    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
        activity_regularizer: Any = None,
        **unknown: Any,
    ) -> None:
        super().__init__()
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ValueError(f"A layer's name is a str without '/', received {name!r}.")
        prefix = snake_case(type(self).__name__)
        self._named = name is not None and not is_automatic(name, prefix)
        self.name = name or auto_name(prefix)
        self._given_shape = shape_from(type(self), unknown)
        self._trainable = flag("trainable", trainable)
        self.dtype_policy = policy_of(dtype)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.built = False
        self._key: str | None = None  # the path inside its model
        self._build_shape: Any = None
        self._anchor: Variable | None = None
        self._penalties: list[Callable[[], Tensor]] = []
        self._added: list[Tensor] = []
        self._has_added = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in vars(cls):
            cls.build = placed(cls.build)  # type: ignore[method-assign]
            if len(inspect.signature(cls.build).parameters) < 2:
                raise TypeError(f"{cls.__name__}.build is given the input's shape: def build(self, input_shape).")
        parameters = inspect.signature(cls.call).parameters
        names = list(parameters)[1:]
        cls._takes_training = names.index("training") if "training" in names else None
        default = parameters["training"].default if "training" in names else None
        cls._default_training = default if isinstance(default, bool) else None

    def __getattr__(self, name: str) -> Any:
        raise lacking(self, name, "_frozen")

    def add_weight(
        self,
        shape: Any = (),
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        regularizer: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a Variable of this layer; to be assigned to an attribute.

        Parameters
        ----------
        shape : tuple of int
            Its shape.
        initializer : str or callable, optional
            Glorot uniform without it, for floating dtypes; zeros for others.
        dtype : str, optional
            The layer's own without it.
        trainable : bool
            Whether it is trained.
        regularizer : str or callable, optional
            A penalty on its value, added to the loss.
        name : str, optional
            Without it, "variable" and a number.
        """
        shape = weight_shape(shape)
        context = current_call()
        if self.built and context and context.layer is self:
            raise RuntimeError(
                f"{type(self).__name__} makes a weight in call, where nothing trains it and each call makes another. "
                f"Make it once, in build(self, input_shape) or __init__."
            )
        count = len(self._own_variables)
        name = name or (f"variable_{count}" if count else "variable")
        kind = dtypes.standardize(dtype or self.variable_dtype)
        default = "glorot_uniform" if kind.startswith("float") else "zeros"
        make = initializers.get(default if initializer is None else initializer)
        with path_scope(f"{self._key or self.name}/{name}"):
            variable = Variable(make, shape, kind, flag("trainable", trainable), name=name)
        variable._path = f"{self.path}/{name}"
        if regularizer is not None:
            self._penalties.append(partial(regularizers.penalty, regularizers.get(regularizer), variable))
        return variable

    def add_seed_generator(self, seed: int | None) -> None:
        """Give the layer a random stream of its own, `seed_generator`, keyed by `seed` or by the layer's place."""
        with path_scope(self._key or self.name):
            self.seed_generator = SeedGenerator(seed)

    def add_loss(self, loss: Any) -> None:
        """Add a scalar, or several, computed during a call, to the loss that training minimises."""
        context = current_call()
        self._added += [x if isinstance(x, Tensor) else as_tensor(x) for x in flatten(loss)]
        (context.root if context else self)._has_added = True

    @property
    def losses(self) -> list[Tensor]:
        """The penalties on the weights as they are now, and what the last call added, inner layers included."""
        return [loss for layer in self._walk() for loss in layer._own_losses()]

    def _own_losses(self) -> list[Tensor]:
        return [penalty() for penalty in self._penalties if self._trainable] + self._added

    @placed
    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of a shape with None for unknown axes; called once, before the first call."""

    def call(self, inputs: Any) -> Any:
        """Return the layer's output; a subclass defines it, with `training` as a parameter if it matters."""
        raise TypeError(f"{type(self).__name__} defines no call(self, inputs), so it cannot be called.")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the output of `call`: on the backend of the weights, built if need be, inputs cast and checked."""
        if args and isinstance(args[0], Layer):
            raise TypeError(
                f"{type(self).__name__} was called on the layer {args[0].name!r}, but layers are called on arrays. "
                f"Stack them, Sequential([...]), or write a Model with a call(self, inputs) of its own."
            )
        notify("touched", self)
        outer = current_call()
        if outer is None and self._has_added:
            self._forget_added()
        with use_backend(self._home(args)):
            args = tuple(entered(a, self, first=not k) for k, a in enumerate(args))
            kwargs = {name: entered(value, self) for name, value in kwargs.items()}
            first = args[0] if args else next((x for name, x in kwargs.items() if name != "training"), None)
            check_inputs(self.input_spec, first, self)
            if not self.built:
                self._build_for_call(*build_shapes(self, args, kwargs, first))
                check_inputs(self.input_spec, first, self)
            training = self._training(args, kwargs, outer.training if outer else None)
            with calling(self, training):
                try:
                    outputs = self.call(*args, **kwargs)
                except Exception as error:
                    error.add_note(self._note(first))
                    raise
                if outputs is None:
                    raise TypeError(f"{type(self).__name__}.call returned None: let it end in return, with its output.")
                if self.activity_regularizer is not None:
                    for y in flatten(outputs):
                        rows = [*getattr(y, "shape", ()), 1][0] or 1  # of a number, too
                        self.add_loss(regularizers.penalty(self.activity_regularizer, y) / rows)
        return outputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output for a shape of the input, None for unknown axes."""
        return probed_shape(self, input_shape)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, as numbers, strings, lists and dicts of them."""
        config = super().get_config()
        if held := [k for k in config if any(isinstance(x, Variable) for x in flatten(getattr(self, k, None)))]:
            raise TypeError(
                f"{type(self).__name__} {self.name!r}: {held[0]} is or holds a Variable, which no configuration does. "
                f"Take its first value as the argument, and make the Variable of it: self.add_weight(...)."
            )
        if config.get("activity_regularizer") is None:
            config.pop("activity_regularizer", None)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return a new layer, with fresh weights, from what `get_config` returned; layers among the arguments, too."""
        from arraynet.layers.serialization import restored  # which knows all layers

        with within(MADE):
            return super().from_config({name: restored(value) for name, value in config.items()})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    def _home(self, args: tuple[Any, ...]) -> Backend:
        """Where to run: the backend of the weights, else that of the inputs, else the current one."""
        if self._anchor is None and self.built:
            self._anchor = next(iter(self.weights), None)
        return backend_of(args) if self._anchor is None else self._anchor.backend

    def _training(self, args: tuple[Any, ...], kwargs: dict[str, Any], inherited: bool | None) -> bool | None:
        """Whether this call trains, None if nobody says; handed on to `call`.

        An explicit argument wins, then the calling layer's, then the default of `call`.
        """
        position = self._takes_training
        if position is not None and len(args) > position:
            return bool(args[position])
        said = (kwargs.pop("training", None), inherited, self._default_training)
        training = next((bool(value) for value in said if value is not None), None)
        if position is not None:
            kwargs["training"] = bool(training)
        return training

    def _build_for_call(self, input_shape: Any, others: dict[str, Any]) -> None:
        self.build(input_shape, **others)

    def _forget_added(self) -> None:
        for layer in self._walk():
            layer._added = []
            layer._has_added = False

    def _note(self, inputs: Any) -> str:
        shapes = ", ".join(str(getattr(x, "shape", x)) for x in flatten(inputs))
        return f"This happened in layer {self.path!r} ({type(self).__name__}), called with inputs of shape {shapes}."

    def _root_key(self) -> str:
        return self.name
