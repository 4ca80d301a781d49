"""The conformance kit finds each way in which a backend can be wrong, and passes those that are right."""

import io

import numpy as np
import pytest

from arraynet import ops
from arraynet.backend import Namespace, NumPyBackend
from arraynet.dtypes import DTYPES
from arraynet.testing import check_backend
from arraynet.testing.case import case, normal
from arraynet.testing.cases import CASES
from arraynet.testing.parts import LOSSES
from arraynet.testing.primitives import check_pending

X = normal(4, 4)
SIN, EXP, NEGATIVE = case("sin", np.sin, X), case("exp", np.exp, X), case("negative", np.negative, X)
SUM = case("sum", lambda x: x.sum(axis=1), X, axis=1)


def toy(**kernels):
    backend = NumPyBackend()
    backend.name, backend.kernels = "toy", kernels
    return backend


def checked(cases, **kernels):
    return check_backend(toy(**kernels), cases)


def test_faithful_kernels_pass_as_native():
    def exp(x):
        return np.exp(x)

    def sin(x):
        return NotImplemented

    report = checked([EXP, SIN, NEGATIVE], exp=exp, sin=sin)
    assert report.ok, str(report)
    assert [row.path for row in report.rows] == ["native", "declined", "generic"]
    assert report.rows[0].ulp == {"float32": 0.0, "float64": 0.0}


def test_a_wrong_value():
    report = checked([EXP], exp=lambda x: np.exp(x) * x.dtype.type(1.01))
    assert any("value 0 differs" in text for text in report.failures)
    assert report.rows[0].ulp["float32"] > 1000
    narrow = checked([EXP], exp=lambda x: np.exp(x.astype("float32")).astype(x.dtype))
    assert {text.split(":")[1] for text in narrow.failures} == {" float64"}


def test_a_wrong_shape_that_would_be_broadcast():
    report = checked([SUM], sum=lambda x, axis=None, keepdims=False: np.sum(x, axis=axis, keepdims=keepdims)[None])
    assert any("float32 of shape (1, 4), the reference's is float32 of shape (4,)" in text for text in report.failures)


def test_a_wrong_gradient():
    report = checked([SIN], cos=lambda x: -np.cos(x))
    assert report.failures
    assert all("gradient 0 differs" in text for text in report.failures)


def test_a_missing_primitive():
    class Poor(Namespace):
        def __getattr__(self, name):
            if name == "sin":
                raise AttributeError("this namespace has no 'sin'")
            return super().__getattr__(name)

    backend = NumPyBackend()
    backend.xp = Poor(np)
    report = check_backend(backend, [SIN, EXP])
    assert {text.split(":")[0] for text in report.failures} == {"sin"}
    assert "no 'sin'" in report.failures[0]


def test_a_kernel_without_an_op():
    assert "no op of this name" in checked([], expp=lambda x: x).failures[0]


def test_a_kernel_that_writes_to_its_input():
    report = checked([EXP], exp=lambda x: np.exp(x, out=x))
    assert any("writes to its input 0" in text for text in report.failures)
    assert any("an input was written to" in text for text in report.failures)


@pytest.mark.parametrize(
    "kernel",
    [
        lambda x, dim=None, keepdims=False: np.sum(x, axis=dim, keepdims=keepdims),
        lambda x, axis=0, keepdims=False: np.sum(x, axis=axis, keepdims=keepdims),
        lambda x, y, axis=None, keepdims=False: np.sum(x, axis=axis, keepdims=keepdims),
        lambda *x, axis=None, keepdims=False: np.sum(x[0], axis=axis, keepdims=keepdims),
        lambda x, axis=None: np.sum(x, axis=axis),
    ],
)
def test_a_kernel_with_another_signature(kernel):
    assert "its op's generic form takes" in checked([], sum=kernel).failures[0]


def test_a_kernel_that_widens():
    report = checked([EXP], exp=lambda x: np.exp(x.astype("float64")))
    assert "exp: float32: value 0 is float64 of shape (4, 4), the reference's is float32 of shape (4, 4)" in (
        report.failures
    )


def test_a_gradient_kernel_that_widens():
    report = checked([SIN], cos=lambda x: np.cos(x.astype("float64")))
    assert "sin: float32: kernel 'cos' widens its input to float64" in report.failures


def test_a_kernel_that_hides_nan():
    report = checked([EXP], exp=lambda x: np.nan_to_num(np.exp(x), nan=0.0, posinf=np.inf))
    assert all("from NaN, infinities and zeros" in text for text in report.failures)
    assert len(report.failures) == 2


def test_a_kernel_that_loses_the_sign_of_zero():
    assert "negative: float32: the sign of a zero is lost" in checked([NEGATIVE], negative=lambda x: 0 - x).failures


def test_a_kernel_that_takes_every_array_for_contiguous():
    def row_sums(x, axis=None, keepdims=False):
        return np.sum(np.reshape(x.ravel("K"), x.shape), axis=axis, keepdims=keepdims)

    assert any("from transposed arrays" in text for text in checked([SUM], sum=row_sums).failures)


def test_a_kernel_that_raises():
    def exp(x):
        raise RuntimeError("out of registers")

    assert checked([EXP], exp=exp).failures[0] == "exp: float32: RuntimeError: out of registers"


def test_a_kernel_that_returns_nothing():
    failures = checked([EXP], exp=lambda x: None).failures
    assert len(failures) == 2
    assert all("exp: its form or kernel returned None" in text for text in failures)


def test_a_kernel_that_raises_on_special_values_or_another_layout():
    def exp(x):
        if not np.isfinite(x).all():
            raise ValueError("no infinities")
        if not x.flags.c_contiguous:
            raise ValueError("C order only")
        return np.exp(x)

    report = checked([EXP, SIN], exp=exp)
    for text in ("from transposed arrays, ValueError: exp: C order only", "zeros, ValueError: exp: no infinities"):
        assert any(text in failure for failure in report.failures), str(report)


def zeros(self, program):
    """Replays everything as zeros."""
    return lambda *given: ([np.zeros_like(v.example) for v in program.outputs], [])


@pytest.mark.parametrize(
    ("compiled", "problem"), [(lambda *given: 1 / 0, "ZeroDivisionError"), (zeros, "value 0 differs")]
)
def test_a_program_that_is_compiled_wrongly(compiled, problem):
    backend = type("Compiling", (NumPyBackend,), {"compile_program": compiled})()
    failures = check_backend(backend, [EXP]).failures
    assert failures
    assert all(f"captured, {problem}" in text for text in failures)


def test_a_door_that_changes_the_dtype():
    class Lossy(NumPyBackend):
        def to_numpy(self, x):
            return np.asarray(x, "float64")

    assert "doors: float32 of shape (2, 2) comes back as float64 of shape (2, 2)" in check_backend(Lossy(), []).failures


def test_a_door_whose_copy_is_late_now_and_then():
    class Late(NumPyBackend):
        rounds = 0

        def to_numpy(self, x):
            self.rounds += x.size > 1000
            return x if self.rounds % 5 else x * 5  # of what the host has written since

    (problem,) = check_pending(Late())
    assert "written to afterwards" in problem


def test_what_a_backend_says_of_itself():
    backend = toy()
    backend.name, backend.dtypes = None, frozenset(["float32", "float33"])
    report = check_backend(backend, [EXP])
    assert report.problems == [
        "name is None, expected a str",
        f"dtypes holds ['float33'], expected some of {', '.join(DTYPES)}",
    ]


def test_dtypes_may_be_any_collection_of_names():
    backend = toy()
    backend.dtypes = ["float32"]
    report = check_backend(backend, [EXP])
    assert (report.ok, len(report.rows)) == (True, 1)


def test_a_door_that_leads_nowhere():
    class Closed(NumPyBackend):
        def to_numpy(self, x):
            return x.tolist()

    report = check_backend(Closed(), [EXP])
    assert "doors: to_numpy returns a list" in report.problems
    assert any("a sum of two arrays raises AttributeError" in text for text in report.problems)
    assert any("primitive 'erf' raises AttributeError" in text for text in report.problems)


def test_a_wrong_primitive():
    class Forgetful(Namespace):
        def index_add(self, x, indices, values):
            out = np.array(x)
            out[indices] += values  # repeated indices count once
            return out

    backend = NumPyBackend()
    backend.xp = Forgetful(np)
    assert check_backend(backend, []).failures == ["primitive 'index_add' differs from the reference's"]


def test_dtypes_that_a_backend_lacks_are_left_out():
    backend = NumPyBackend()
    backend.dtypes = frozenset(["bool", "int32", "float32"])
    whole = case("add", np.add, X, np.ones(4, "int64"))
    assert [set(row.ulp) for row in check_backend(backend, [EXP, whole]).rows] == [{"float32"}, set()]


def test_parts_are_checked_where_they_are_asked_for():
    wrong = toy(square=lambda x: 2 * x)
    assert [row.case for row in check_backend(wrong, [], LOSSES[:2]).rows] == [part.id for part in LOSSES[:2]]
    assert check_backend(wrong, [], LOSSES).failures


def test_the_backend_itself_is_left_as_it_was():
    def exp(x):
        return np.exp(x)

    backend = toy(exp=exp)
    check_backend(backend, [EXP])
    assert backend.kernels == {"exp": exp}


def test_the_report_prints():
    from rich.console import Console

    report = checked([EXP], exp=lambda x: x)
    console = Console(record=True, width=160, file=io.StringIO())
    console.print(report.table())
    text = console.export_text()
    assert "exp" in text
    assert "native" in text
    assert str(report).count("\n") == len(report.failures)


def test_which_sign_an_eigenvector_has_is_a_librarys_own_affair():
    (case,) = [c for c in CASES if c.name == "linalg.eigh"]
    (x,) = case.arrays("float64")
    values, vectors = ops.linalg.eigh(x)
    for sign in (1, -1):
        np.testing.assert_allclose(case.then((values, sign * vectors))[1], case.expected()[1], rtol=1e-12)


@pytest.mark.parametrize("door", [np.atleast_1d, lambda x: x * x.dtype.type(0)], ids=["shape", "values"])
def test_a_door_that_changes_what_goes_through(door):
    backend = toy()
    backend.to_numpy = door
    assert any(text.startswith("doors: int32 of shape") for text in check_backend(backend, []).failures)


def test_a_sum_that_is_computed_too_late():
    class Late(np.ndarray):
        def __add__(self, other):
            return lambda: np.add(self, other)

    backend = toy()
    backend.asarray = lambda x, dtype=None: np.asarray(x, dtype).view(Late)
    backend.to_numpy = lambda x: np.asarray(x() if callable(x) else x)
    assert any("a result changes when the host array" in text for text in check_backend(backend, []).failures)


@pytest.mark.parametrize("given", [{"cases": ("exp",)}, {"parts": ("Dense",)}])
def test_names_in_the_place_of_entries_are_refused(given):
    with pytest.raises(TypeError, match=r"check_backend takes entries of its tables, .* received '(exp|Dense)'"):
        check_backend("numpy", **given)


@pytest.mark.parametrize("given", [lambda found: found[0], iter])
def test_one_entry_and_a_generator_are_run(given):
    assert check_backend("numpy", given(CASES[:1])).rows
