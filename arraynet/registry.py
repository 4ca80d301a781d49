"""Configured objects by name: one look-up, one way into a dict and back, for every family of them."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from arraynet import checks
from arraynet.custom_objects import custom_object, custom_object_scope
from arraynet.naming import snake_case

__all__ = ["DESCRIBED", "MADE", "Configured", "arguments", "deserialize", "lookup", "made_once", "named", "serialize",
           "taken", "within"]  # fmt: skip

NONE: Mapping[str, Any] = MappingProxyType({})
FAMILIES = ("initializers", "losses", "metrics", "regularizers")
DESCRIBED: ContextVar[dict[Any, Any] | None] = ContextVar("arraynet_described", default=None)
MADE: ContextVar[dict[Any, Any] | None] = ContextVar("arraynet_made", default=None)
MANY = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


class Configured:
    """An object whose configuration is read off its constructor: it keeps each argument as an attribute of its name."""

    _kept: ClassVar[dict[str, str]] = {}  # the base's arguments, which **kwargs hand on to it, and where it keeps them

    __passed: tuple[str, ...] = ()
    __given = 0  # how many arguments had no name

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if (args or kwargs) and cls.__init__ is object.__init__:
            raise TypeError(f"{cls.__name__}() takes no arguments.")
        if (args or kwargs) and "__init__" not in vars(cls):  # Python would name the base, which may be private
            try:
                inspect.signature(cls.__init__, follow_wrapped=False).bind(None, *args, **kwargs)
            except TypeError as error:
                raise TypeError(f"{cls.__name__}({', '.join(arguments(cls))}): {error}.") from None
        make = super().__new__
        self = make(cls) if make is object.__new__ else make(cls, *args, **kwargs)
        object.__setattr__(self, "_Configured__passed", tuple(kwargs))  # some may go on to the constructor of a base
        object.__setattr__(self, "_Configured__given", len(args))
        return self

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, as numbers, strings, lists and dicts of them.

        Raises
        ------
        TypeError
            An argument is kept under another name or not at all.
        ValueError
            An argument is a function without a name, as a lambda.
        """
        cls, every = type(self), _parameters(type(self))
        named, owner = _names(every), _owner(cls, "get_config")
        mixed = not issubclass(owner, Configured)  # a get_config of one's own adds what its class's constructor takes
        kept = [name for name in named if name not in cls._kept and _keeps(self, name)]
        missing = [name for name in named if name not in (*cls._kept, *kept)]
        missing = [] if mixed else [name for name in missing if name not in arguments(owner)]
        inherited = not mixed and not issubclass(owner, _owner(cls, "__init__"))
        takes_all = any(p.kind is MANY[0] for p in every)
        starred = [p.name for p in every if p.kind is MANY[1]]
        handed = _handed(cls, self.__given)
        lost = [name for name in handed if name not in arguments(owner) and not (takes_all and _keeps(self, name))]
        if "__init__" in vars(owner) and any(p.kind is MANY[1] for p in _parameters(owner)):
            lost = []  # a get_config beside a constructor of that kind tells of them
        if inherited and starred and (lost or starred[0] in vars(self)):
            raise TypeError(
                f"{cls.__name__} takes *{starred[0]}, which no configuration names: name its arguments or take a list, "
                f"or define get_config and from_config."
            )
        if missing:
            raise TypeError(
                f"{cls.__name__} does not keep its argument {', '.join(missing)} as an attribute of that "
                f"name, so its configuration is unknown: set self.{missing[0]}, or define get_config(self)."
            )
        config = {name: getattr(self, at) for name, at in cls._kept.items() if takes_all or name in named}
        kept += [name for name in (*self.__passed, *handed) if name not in (*named, *cls._kept) and _keeps(self, name)]
        config |= {name: getattr(self, name) for name in kept}
        what = " ".join([cls.__name__, *([repr(self.name)] if hasattr(self, "name") else [])])
        with within(DESCRIBED):
            return {name: _plain(value, f"{what}: {name}") for name, value in config.items()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return a new object from what `get_config` returned."""
        unnamed = [p.name for p in _parameters(cls) if p.kind is p.POSITIONAL_ONLY and p.name in config]
        return cls(*(config[name] for name in unnamed), **{k: v for k, v in config.items() if k not in unnamed})


def arguments(cls: type) -> list[str]:
    """Return the names of a constructor's arguments."""
    return _names(_parameters(cls))


def taken(cls: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of some values by name that a constructor takes or hands on."""
    parameters = _parameters(cls)
    takes_all = any(p.kind is MANY[0] for p in parameters)
    return {name: value for name, value in values.items() if takes_all or name in _names(parameters)}


def _names(parameters: list[inspect.Parameter]) -> list[str]:
    return [p.name for p in parameters if p.kind not in MANY]


def _parameters(cls: type) -> list[inspect.Parameter]:
    constructor = inspect.signature(cls.__init__)  # type: ignore[misc]  # the class's own would be that of __new__
    return list(constructor.parameters.values())[1:]


def _handed(cls: type, given: int) -> list[str]:
    """The names of the arguments without one that *args hand on, as the next constructor that has places calls them.

    An empty name is that of an argument for which there is no place, so that the class itself takes it.
    """
    beyond = max(given - len(_places(cls)), 0)
    bases = [base for base in cls.__mro__ if "__init__" in vars(base)][1:]
    return [*next(filter(None, map(_places, bases)), []), *[""] * beyond][:beyond]


def _places(cls: type) -> list[str]:
    return [p.name for p in _parameters(cls) if p.kind is p.POSITIONAL_ONLY or p.kind is p.POSITIONAL_OR_KEYWORD]


def _keeps(obj: Any, name: str) -> bool:
    """Whether an argument is an attribute, property or slot; properties of arraynet's are results."""
    own = (base for base in type(obj).__mro__ if not base.__module__.startswith("arraynet."))
    return name in vars(obj) or any(inspect.isdatadescriptor(vars(base).get(name)) for base in own)


def _owner(cls: type, method: str) -> type:
    return next(base for base in cls.__mro__ if method in vars(base))


def _plain(value: Any, what: str) -> Any:
    """A value in plain types: objects with a configuration as a dict, functions by name, arrays as lists."""
    if isinstance(value, type):
        return value.__name__
    if hasattr(value, "__array__"):
        return np.asarray(value).tolist()
    if isinstance(value, list | tuple):
        return [_plain(item, what) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item, what) for key, item in value.items()}
    if hasattr(value, "get_config"):
        described = serialize(value)
        described.update(_family(value))
        return described
    return checks.function_name(what, value) if callable(value) else value


def _family(value: Any) -> dict[str, str]:
    """Of which kind an object is, where a name alone does not tell: there are losses and metrics of one name."""
    bases = (base.__module__.split(".") for base in type(value).__mro__)
    kind = next((name[1] for name in bases if name[0] == "arraynet" and len(name) > 1), "")
    return {"family": kind} if kind in FAMILIES else {}


def named(*classes: type, **aliases: type) -> dict[str, type]:
    """Return a table of classes by their names, as they are and in snake case, and of aliases."""
    return {name: c for c in classes for name in (c.__name__, snake_case(c.__name__))} | aliases


def lookup(kind: str, identifier: Any, table: Mapping[str, type], functions: Mapping[str, Any] = NONE) -> Any:
    """Return what a name, a dict of class name and config, a class or the object itself stands for; functions too.

    Raises
    ------
    ValueError
        Nothing of that name is known; the message lists what is.
    """
    found = custom_object(identifier) or (functions.get(identifier) if isinstance(identifier, str) else None)
    if found is not None and not inspect.isclass(found):
        return found
    if isinstance(identifier, str | dict):
        identifier = deserialize(kind, identifier, table)
    elif inspect.isclass(identifier):
        identifier = identifier()
    if identifier is None or callable(identifier):
        return identifier
    raise ValueError(_uninterpreted(kind, identifier, table))


@contextmanager
def within(scope: ContextVar[dict[Any, Any] | None]) -> Iterator[dict[Any, Any]]:
    """Know objects again within the outermost block of this kind, those described (by id) or those made (by mark)."""
    known = scope.get()
    if known is not None:
        yield known
        return
    token = scope.set(known := {})
    try:
        yield known
    finally:
        scope.reset(token)


def made_once(config: Mapping[str, Any], make: Callable[[], Any]) -> Any:
    """Return what `make` makes of a configuration; if it is marked, what was made of the first one with that mark."""
    if "shared" not in config:
        return make()
    with within(MADE) as made:
        mark = str(config)  # of older files, whose numbers belong to one layer, not the number alone
        if mark not in made:
            made[mark] = make()
        return made[mark]


def serialize(obj: Any) -> dict[str, Any]:
    """Return the class name and the configuration of an object that has `get_config`, or of a class's defaults.

    One that occurs again, in whatever object, has the same dict, marked by a number, so that it stays one.
    """
    if isinstance(obj, type):
        return {"class_name": obj.__name__, "config": {}}
    with within(DESCRIBED) as described:
        if id(obj) in described:
            known = described[id(obj)][1]
            known["shared"] = [*described].index(id(obj))
            return known  # type: ignore[no-any-return]
        known = {"class_name": type(obj).__name__, "config": obj.get_config()}
        described[id(obj)] = obj, known  # the object too, lest another gets its id
        return known


def deserialize(
    kind: str, config: Any, table: Mapping[str, type], custom_objects: Mapping[str, type] | None = None
) -> Any:
    """Return an object from what `serialize` gave, or from its class's name; `custom_objects` are the user's own."""
    name, given = (config.get("class_name"), config.get("config")) if isinstance(config, Mapping) else (config, None)
    with custom_object_scope(custom_objects):
        cls = custom_object(name) or table.get(str(name))
        if cls is None:
            raise ValueError(_uninterpreted(kind, name, table))
        make = cls.from_config if hasattr(cls, "from_config") else lambda given: cls(**given)
        return made_once(config if isinstance(config, Mapping) else NONE, lambda: make(given or {}))


def _uninterpreted(kind: str, identifier: Any, table: Mapping[str, type]) -> str:
    names = ", ".join(sorted({cls.__name__ for cls in table.values()}))
    own = f"{checks.resembling(identifier, table)} If it is your own, pass it by custom_objects."
    remedy = f" {own.lstrip()}" if isinstance(identifier, str) else ""
    return f"Could not interpret {kind} identifier: {identifier!r}. Known by name: {names}.{remedy}"
