"""Backends by name: found through entry points, or as ``module:attribute``, and one of them current.

A plugin is any installed distribution with an entry point in the group ``arraynet.backends`` that names
an `arraynet.backend.Backend` instance, or a class called with no arguments. It is imported when it is
asked for by name and never before, so a broken one disturbs nobody else; nor can one take the name
"numpy". The process-wide default is a plain global: a context variable would be lost in new threads and
between the cells of a notebook.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from arraynet import config
from arraynet.backend import CONTRACT, Backend, Namespace, NumPyBackend
from arraynet.checks import resembling
from arraynet.threads import limit_threads

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["available_backends", "current", "get_backend", "load", "set_backend", "use_backend"]

GROUP = "arraynet.backends"
INSTALL = {  # the one place that names official plugins
    "numba": "pip install arraynet-numba",
    "naive": "pip install arraynet-numba",
    "cupy": "pip install 'arraynet-cupy[cuda12]'  (or [cuda13])",
    "strict": "pip install arraynet-strict",
}

_loaded: dict[str, Backend] = {}
_default: Backend | None = None
_here: ContextVar[Backend | None] = ContextVar("arraynet_backend", default=None)


def current() -> Backend:
    """Return the backend in force: `use_backend`'s, else `set_backend`'s, else ``ARRAYNET_BACKEND``'s."""
    return _here.get() or _default or _from_environment()


def _from_environment() -> Backend:
    global _default
    try:
        _default = load(config.environment("ARRAYNET_BACKEND") or "numpy")
    except Exception as error:
        error.add_note("This happened while the backend was loaded that ARRAYNET_BACKEND names; 'numpy' without it.")
        raise
    return _default


def get_backend() -> str:
    """Return the name of the current backend.

    Examples
    --------
    >>> import arraynet
    >>> with arraynet.use_backend("numpy"):
    ...     arraynet.get_backend()
    'numpy'
    """
    return current().name


def set_backend(name: str | Backend) -> None:
    """Make a backend the default of the whole process, all threads included.

    Parameters
    ----------
    name : str or Backend
        An installed backend's name (see `available_backends`), ``"module:attribute"``, or a backend.

    Raises
    ------
    ValueError
        No such backend is installed; the message lists those that are.
    """
    global _default
    _default = load(name)


@contextmanager
def use_backend(name: str | Backend) -> Iterator[None]:
    """Run a block on another backend; what came before is restored after it, in this thread alone.

    Parameters
    ----------
    name : str or Backend
        An installed backend's name, ``"module:attribute"``, or a backend.

    Raises
    ------
    ValueError
        No such backend is installed; the message lists those that are.

    Examples
    --------
    >>> import arraynet
    >>> with arraynet.use_backend("numpy"):
    ...     x = arraynet.ops.zeros(2)
    >>> x.backend.name
    'numpy'
    """
    token = _here.set(load(name))
    try:
        yield
    finally:
        _here.reset(token)


def available_backends() -> list[str]:
    """Return the names of the installed backends; whether one can run shows when it is loaded.

    Returns
    -------
    list of str
        In alphabetical order; ``"numpy"`` is always among them.
    """
    return sorted({"numpy", *_points()})


@cache
def _points() -> dict[str, list["EntryPoint"]]:
    from importlib.metadata import entry_points  # slow to import, and `import arraynet` needs no plugin

    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        known = found.setdefault(point.name, [])
        if point.value not in [other.value for other in known]:
            known.append(point)
    return found


def load(name: str | Backend) -> Backend:
    """Return a backend by name, importing its plugin on the first call; a backend is checked and returned."""
    if isinstance(name, Backend):
        return _checked(getattr(name, "name", "?"), name)
    if not isinstance(name, str):
        raise TypeError(f"A backend is chosen by name, or is an object of a backend's class, received {name!r}.")
    if name not in _loaded:
        config.kernels()  # a value that means nothing is refused here, not by some op that looks for a kernel
        made = NumPyBackend() if name == "numpy" else _made(name)
        limit_threads()  # only now, since a plugin may have brought a library with threads of its own
        _loaded.setdefault(name, made)  # where two threads load it at once, both get the same one
    return _loaded[name]


def _made(name: str) -> Backend:
    """Import, call and check; an error of the plugin's own stays what it is, with a note."""
    point = None if ":" in name else _point(name)
    try:
        found = point.load() if point else _attribute(name)
        if isinstance(found, type) and issubclass(found, Backend):
            _check_contract(name, found)
            found = next((known for known in _loaded.values() if type(known) is found), None) or found()
    except Exception as error:
        error.add_note(f"This happened while arraynet loaded the backend {name!r}; other backends are not affected.")
        raise
    return _checked(name, found)


def _attribute(name: str) -> Any:
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        raise ValueError(f"Backend {name!r}: expected 'module:attribute', as in 'my_package.gpu:MyBackend'.")
    try:
        return attrgetter(attribute)(import_module(module))
    except AttributeError as error:
        raise ValueError(f"Backend {name!r}: {error}.") from error


def _point(name: str) -> "EntryPoint":
    points = _points().get(name, [])
    if len(points) > 1:
        owners = ", ".join(f"{p.dist.name if p.dist else '?'} ({p.value})" for p in points)
        raise ValueError(
            f"Two plugins call themselves {name!r}: {owners}. Uninstall one of them, or name the one "
            f"you mean as module:attribute."
        )
    if not points:
        raise ValueError(_unknown(name))
    return points[0]


def _unknown(name: str) -> str:
    known = available_backends()
    other = f"Others are plugins: {'; '.join(dict.fromkeys(INSTALL.values()))}. To write one: docs/extend/backend.md."
    remedy = f"To install it: {INSTALL[name]}" if name in INSTALL else resembling(name, {*known, *INSTALL}) or other
    return f"Unknown backend {name!r}. Installed: {', '.join(known)}. {remedy}"


def _checked(name: str, found: Any) -> Backend:
    if not isinstance(found, Backend):
        raise TypeError(f"Backend {name!r} names {found!r}; expected an instance or subclass of backend.Backend.")
    _check_contract(name, found)
    missing = [part for part in ("name", "xp", "array_types") if not hasattr(found, part)]
    if missing:
        raise TypeError(f"Backend {name!r} lacks {', '.join(missing)}; see arraynet.backend.Backend.")
    if not isinstance(found.xp, Namespace):
        found.xp = Namespace(found.xp)
    return found


def _check_contract(name: str, found: Any) -> None:
    if found.contract != CONTRACT:
        raise ValueError(
            f"Backend {name!r} was built for contract {found.contract}, this arraynet has {CONTRACT}. "
            f"Install matching versions of arraynet and the plugin."
        )
