"""Configured objects by name: one look-up, one way into a dict and back, for every family of them."""

import inspect
from collections.abc import Mapping
from typing import Any

from arraynet.checks import resembling
from arraynet.custom_objects import custom_object
from arraynet.naming import snake_case

__all__ = ["deserialize", "lookup", "named", "serialize"]


def named(*classes: type, **aliases: type) -> dict[str, type]:
    """Return a table of classes by their names, as they are and in snake case, and of aliases."""
    return {name: c for c in classes for name in (c.__name__, snake_case(c.__name__))} | aliases


def lookup(kind: str, identifier: Any, table: Mapping[str, type]) -> Any:
    """Return the object that a name, a dict of class name and config, a class or the object itself stands for.

    Raises
    ------
    ValueError
        Nothing of that name is known; the message lists what is.
    """
    own = custom_object(identifier)
    if own is not None and not inspect.isclass(own):
        return own
    if isinstance(identifier, str):
        identifier = deserialize(kind, {"class_name": identifier, "config": {}}, table)
    elif isinstance(identifier, dict):
        identifier = deserialize(kind, identifier, table)
    elif inspect.isclass(identifier):
        identifier = identifier()
    if identifier is None or callable(identifier):
        return identifier
    raise ValueError(_uninterpreted(kind, identifier, table))


def serialize(obj: Any) -> dict[str, Any]:
    """Return the class name and the configuration of an object that has `get_config`."""
    return {"class_name": type(obj).__name__, "config": obj.get_config()}


def deserialize(
    kind: str, config: Mapping[str, Any], table: Mapping[str, type], custom_objects: Mapping[str, type] | None = None
) -> Any:
    """Return an object from what `serialize` gave; `custom_objects` are classes of the user's own by name."""
    name = config.get("class_name")
    cls = (custom_objects or {}).get(str(name)) or custom_object(name) or table.get(str(name))
    if cls is None:
        raise ValueError(_uninterpreted(kind, name, {**table, **(custom_objects or {})}))
    given = config.get("config") or {}
    return cls.from_config(given) if hasattr(cls, "from_config") else cls(**given)


def _uninterpreted(kind: str, identifier: Any, table: Mapping[str, type]) -> str:
    names = ", ".join(sorted({cls.__name__ for cls in table.values()}))
    own = f"{resembling(identifier, table)} If it is your own, pass it by custom_objects."
    remedy = f" {own.lstrip()}" if isinstance(identifier, str) else ""
    return f"Could not interpret {kind} identifier: {identifier!r}. Known by name: {names}.{remedy}"
