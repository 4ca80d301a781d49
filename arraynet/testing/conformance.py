"""The conformance kit that authors of backends run: every op case, compared with the reference backend.

A backend adds speed, never semantics. So whatever it computes, values and gradients, in every floating
dtype that it has, from contiguous and from transposed arrays, is compared with what NumPy computes from the
same generic forms; its kernels are watched besides, and fed with NaN, infinities and signed zeros, and what it
makes of captured programs is replayed.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from arraynet import ops
from arraynet.autodiff import vjp
from arraynet.backend import Backend
from arraynet.plugins import load, use_backend
from arraynet.program import jit
from arraynet.tensor import Tensor
from arraynet.testing.case import Case
from arraynet.testing.cases import CASES
from arraynet.testing.differences import compared, ulps
from arraynet.testing.kernels import WatchedKernels, signature_problem, special, watched
from arraynet.testing.parts import Part
from arraynet.testing.primitives import check_doors, check_pending, check_primitives
from arraynet.testing.report import Report, Row
from arraynet.testing.tolerances import tolerance
from arraynet.tree import flatten, map_structure, unflatten

__all__ = ["check_backend", "check_case", "check_part"]

FLOATS = ("float32", "float64")
# Functions that are odd at zero, or the identity there, and so keep the sign of a zero.
ODD = ("negative", "sin", "tan", "tanh", "sinh", "arcsin", "arcsinh", "arctan", "arctanh", "expm1", "log1p", "erf")
KEEP_ZERO_SIGN = frozenset((*ODD, "sqrt", "floor", "trunc", "round", "identity"))


def check_backend(name: str | Backend, cases: list[Case] | None = None, parts: Sequence[Part] = ()) -> Report:
    """Compare a backend with the reference, op by op.

    Parameters
    ----------
    name : str or Backend
        What `set_backend` takes.
    cases : list of Case, optional
        The op cases to run; all of them without it.
    parts : sequence of Part
        What to run besides: ``arraynet.testing.parts.PARTS`` holds every layer, loss, metric and optimizer,
        and five networks to train.

    Returns
    -------
    Report
        Its ``failures`` is empty, and its ``ok`` true, for a backend that conforms.

    Examples
    --------
    >>> from arraynet.testing import cases, check_backend
    >>> check_backend("numpy", cases.cases_of("exp")).ok
    True
    """
    cases, parts = _entries(Case, CASES if cases is None else cases), _entries(Part, parts)
    backend = load(name)
    report = Report(backend.describe())
    report.problems += [*check_doors(backend), *check_pending(backend), *check_primitives(backend)]
    found = [signature_problem(op, kernel) for op, kernel in backend.kernels.items()]
    report.problems += [text for text in found if text]
    report.rows += [check_case(case, backend) for case in cases]
    report.rows += [check_part(part, backend) for part in parts]
    return report


def _entries(kind: type, given: Any) -> list[Any]:
    """Entries of a table as a list, a single one too; anything else is a TypeError."""
    entries = list(given) if isinstance(given, Iterable) else [given]
    if wrong := [entry for entry in entries if not isinstance(entry, kind)]:
        raise TypeError(
            f"check_backend takes entries of its tables, as in testing.cases.cases_of('exp') and "
            f"testing.parts.PARTS, received {wrong[0]!r}."
        )
    return entries


def check_case(case: Case, backend: str | Backend) -> Row:
    """Compare a case's values and gradients on a backend with the reference's, in each floating dtype that it has."""
    backend, row = load(backend), Row(case.id)
    for dtype in FLOATS:
        if dtype in backend.dtypes and case.dtypes_of(dtype).issubset(backend.dtypes):
            _check_dtype(row, case, dtype, load("numpy"), *watched(backend))
    return row


def check_part(part: Part, backend: str | Backend) -> Row:
    """Compare a part's results on a backend with the reference's."""
    row, expected = Row(part.id), part.results("numpy")
    try:
        found = part.results(backend)
    except Exception as error:  # whatever a plugin raises is a finding
        row.problems.append(f"{type(error).__name__}: {error}")
        return row
    for name, e in expected.items():
        row.problems += compared([(name, found[name], e)], tolerance(part.name, e.dtype.name, part.stage))
    row.ulp["float32"] = max(float(ulps(found[name], e).max(initial=0.0)) for name, e in expected.items())
    return row


def _check_dtype(row: Row, case: Case, dtype: str, reference: Backend, twin: Backend, kernels: WatchedKernels) -> None:
    arrays = case.arrays(dtype)
    try:
        expected, found = _Run(case, arrays, reference), _Run(case, arrays, twin)
    except Exception as error:  # whatever a plugin raises is a finding
        row.problems.append(f"{dtype}: {type(error).__name__}: {error}")
        return
    row.problems += [f"{dtype}: {text}" for text in _differences(case, dtype, found, expected)]
    errors = [ulps(a, e) for a, e in zip(found.values, expected.values, strict=True)]
    row.ulp[dtype] = max((float(e.max(initial=0.0)) for e in errors), default=0.0)
    if kernels.ran:
        row.path = "native"
        row.problems += [f"{dtype}: {text}" for text in _harder(case, arrays, dtype, reference, twin)]
    elif kernels.declined:
        row.path = "declined"
    if case.jit and type(twin).compile_program is not Backend.compile_program:
        row.problems += [f"{dtype}: {text}" for text in _replayed(case, arrays, dtype, twin, expected)]
    row.problems += [f"{dtype}: {text}" for text in dict.fromkeys(kernels.problems)]


class _Run:
    """An op's values and gradients on a backend, as NumPy arrays, and whether it wrote to its inputs."""

    def __init__(
        self,
        case: Case,
        arrays: Any,
        backend: Backend,
        enter: Callable[[Any], Any] | None = None,
        grad: bool = True,
        captured: bool = False,
    ) -> None:
        with use_backend(backend), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            inputs = [enter(x) if enter else ops.convert_to_tensor(x) if _is_array(x) else x for x in flatten(arrays)]
            before = [_host(x) for x in inputs]
            moving = [k for k, x in enumerate(inputs) if isinstance(x, Tensor) and (captured or x.dtype.kind == "f")]

            def f(*chosen: Any) -> Any:
                full = list(inputs)
                for k, x in zip(moving, chosen, strict=True):
                    full[k] = x
                return flatten(case.function()(*unflatten(arrays, full)))

            self.grads: list[np.ndarray] = []
            if case.grad and grad:
                out, pull = vjp(f, *(inputs[k] for k in moving))
                self.grads = [_host(g) for g in pull([_weights(o) for o in out])]
            else:
                run = jit(f) if captured else f
                if captured:  # with other values: a program must not keep what it was captured with
                    run(*(ops.convert_to_tensor(np.flip(before[k]).copy()) for k in moving))
                out = run(*(inputs[k] for k in moving))
            self.values = [_host(o) for o in out]
            self.wrote = any(_host(x).tobytes() != old.tobytes() for x, old in zip(inputs, before, strict=True))


def _is_array(x: Any) -> bool:
    return isinstance(x, np.ndarray)


def _host(x: Any) -> np.ndarray:
    return np.array(x.numpy() if isinstance(x, Tensor) else x)


def _weights(out: Tensor) -> np.ndarray:
    return np.random.default_rng(out.size).normal(size=out.shape).astype(out.dtype)


def _differences(case: Case, dtype: str, found: _Run, expected: _Run) -> Iterator[str]:
    if found.wrote:
        yield "an input was written to"
    yield from compared(_numbered("value", found.values, expected.values), tolerance(case.name, dtype))
    yield from compared(_numbered("gradient", found.grads, expected.grads), tolerance(case.name, dtype, "gradient"))


def _numbered(what: str, found: list[np.ndarray], expected: list[np.ndarray]) -> Iterator[tuple[str, Any, Any]]:
    return ((f"{what} {k}", a, e) for k, (a, e) in enumerate(zip(found, expected, strict=True)))


def _replayed(case: Case, arrays: Any, dtype: str, twin: Backend, expected: _Run) -> Iterator[str]:
    """What a program that the backend has compiled gets wrong."""
    try:
        found = _Run(case, arrays, twin, grad=False, captured=True)
    except Exception as error:  # whatever a plugin raises is a finding
        yield f"captured, {type(error).__name__}: {error}"
        return
    yield from compared(_numbered("captured, value", found.values, expected.values), tolerance(case.name, dtype))


def _harder(case: Case, arrays: Any, dtype: str, reference: Backend, twin: Backend) -> Iterator[str]:
    """What a kernel gets wrong of transposed arrays, and of special values."""
    shifts = iter(range(len(flatten(arrays))))
    odd = map_structure(lambda x: special(x, next(shifts)) if _is_array(x) and x.dtype.kind == "f" else x, arrays)
    for what, data, enter in (("transposed arrays", arrays, _transposed), ("NaN, infinities and zeros", odd, None)):
        try:
            expected = _Run(case, data, reference, grad=False)
        except Exception:  # the reference itself refuses them, as some decompositions do
            continue
        try:
            found = _Run(case, data, twin, enter, grad=enter is not None)
        except Exception as error:  # whatever a plugin raises is a finding
            yield f"from {what}, {type(error).__name__}: {error}"
            continue
        named = _numbered(f"from {what}, value", found.values, expected.values)
        yield from compared(named, tolerance(case.name, dtype))
        if case.name in KEEP_ZERO_SIGN:
            for a, e in zip(found.values, expected.values, strict=True):
                if np.any((e == 0) & (np.signbit(a) != np.signbit(e))):
                    yield "the sign of a zero is lost"


def _transposed(x: Any) -> Any:
    """An input as a Tensor of the same values in another memory layout."""
    return ops.transpose(ops.convert_to_tensor(np.array(x.T, order="C"))) if _is_array(x) else x
