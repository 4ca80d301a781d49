"""Every op, from one table: values, derivatives, dtypes, layouts, empty arrays; and the table is complete."""

import inspect
from pathlib import Path

import numpy as np
import pytest

from arraynet import ops
from arraynet.dispatch import Op
from arraynet.plugins import load
from arraynet.tensor import Tensor
from arraynet.testing.cases import CASES
from arraynet.testing.gradients import check_gradients
from arraynet.testing.kernels import signature_problem
from arraynet.testing.tolerances import tolerance
from arraynet.tree import flatten, map_structure

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


def entered(case, dtype):
    return map_structure(lambda x: ops.convert_to_tensor(x) if isinstance(x, np.ndarray) else x, case.arrays(dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@each_case
def test_forward(case, dtype, backend):
    out, expected = flatten(case.function()(*entered(case, dtype))), flatten(case.expected())
    assert len(out) == len(expected)
    for y, e in zip(out, expected, strict=True):
        assert y.shape == np.shape(e)
        np.testing.assert_allclose(y.numpy(), e, **tolerance(case.name, dtype))


def is_floating(x):
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


def keeps_dtype(case):
    return "dtype" not in case.static and any(map(is_floating, flatten(list(case.inputs))))


@pytest.mark.parametrize("case", list(filter(keeps_dtype, CASES)), ids=lambda case: case.id)
def test_floating_inputs_keep_their_dtype(case):
    for dtype in ("float16", "float32", "float64"):
        if case.name.startswith("linalg") and dtype == "float16":
            continue
        for y in flatten(case.function()(*entered(case, dtype))):
            assert y.dtype.kind != "f" or y.dtype == dtype


@pytest.mark.parametrize("case", [case for case in CASES if case.grad], ids=lambda case: case.id)
def test_derivatives(case, backend):
    check_gradients(case.function(), *case.inputs)


def reversed_view(x):
    """The same values, in memory from the last to the first, transposed."""
    turned = x[(slice(None, None, -1),) * x.ndim]
    view = np.array(turned.T, order="C").T[(slice(None, None, -1),) * x.ndim]
    np.testing.assert_array_equal(view, x)
    return view


@each_case
def test_host_arrays_of_any_layout_are_taken_and_left_alone(case):
    arrays = map_structure(
        lambda x: reversed_view(x) if is_floating(x) else ops.convert_to_tensor(x) if isinstance(x, np.ndarray) else x,
        list(case.arrays("float64")),
    )
    hosts = [x for x in flatten(arrays) if isinstance(x, np.ndarray)]
    for host in hosts:
        host.flags.writeable = False
    out, expected = flatten(case.function()(*arrays)), flatten(case.expected())
    for y, e in zip(out, expected, strict=True):
        np.testing.assert_allclose(y.numpy(), e, **tolerance(case.name, "float64"))


@each_case
def test_what_is_made_of_host_arrays_is_not_theirs(case):
    arrays = map_structure(lambda x: np.array(x) if isinstance(x, np.ndarray) else x, list(case.arrays("float32")))
    made = [y for y in flatten(case.function()(*arrays)) if isinstance(y, Tensor)]
    before = [y.numpy().tobytes() for y in made]
    for host in (x for x in flatten(arrays) if isinstance(x, np.ndarray)):
        host[...] = host == 0
    assert [y.numpy().tobytes() for y in made] == before


@pytest.mark.parametrize("call", [
    lambda x: ops.diff(x, n=0), lambda x: ops.cumprod(x, axis=0), lambda x: ops.pad(x, 0), lambda x: ops.rot90(x, 0),
    lambda x: ops.get_item(x, ...), lambda x: ops.scatter_update(x, np.zeros((0, 1), int), np.zeros((0, 3), "float32")),
    lambda x: ops.slice_update(x, (0, 0), np.zeros((0, 0), "float32")), lambda x: ops.histogram(x, x[0])[1],
    lambda x: ops.associative_scan(ops.add, x), lambda x: ops.cast(x, "float32"), lambda x: ops.full_like(x, x),
])  # fmt: skip
def test_nor_is_what_an_op_has_nothing_to_do_to(call):
    host = np.ones((1, 3), "float32")
    y = call(host)
    host[:] = 2
    assert y.numpy().max() == 1


@each_case
def test_tensors_are_not_written_to(case):
    inputs = entered(case, "float32")
    before = [x.numpy().tobytes() for x in flatten(inputs) if hasattr(x, "numpy")]
    case.function()(*inputs)
    assert [x.numpy().tobytes() for x in flatten(inputs) if hasattr(x, "numpy")] == before


def emptied(case):
    return [x[:0] for x in case.arrays("float64")]


def elementwise(case):
    """Whether arrays of one shape give an array of that shape, without elements too as far as NumPy is concerned."""
    if "axis" in case.static or not all(isinstance(x, np.ndarray) and x.ndim for x in case.inputs):
        return False
    if {getattr(case.expected(), "shape", None)} != {x.shape for x in case.inputs}:
        return False
    try:
        with np.errstate(all="ignore"):
            return np.shape(case.oracle(*emptied(case))) == emptied(case)[0].shape
    except Exception:  # whatever NumPy raises of an empty array
        return False


ELEMENTWISE = list(filter(elementwise, CASES))


@pytest.mark.parametrize("case", ELEMENTWISE, ids=lambda case: case.id)
def test_arrays_without_elements(case, backend):
    arrays = emptied(case)
    assert case.function()(*map(ops.convert_to_tensor, arrays)).shape == arrays[0].shape


PUBLIC = sorted(
    name
    for name, value in vars(ops).items()
    if callable(value) and not inspect.isclass(value) and not inspect.ismodule(value) and not name.startswith("_")
)
ELSEWHERE = {  # what takes functions or gives no Tensor has tests of its own
    *("associative_scan", "cond", "custom_gradient", "fori_loop", "jvp", "map", "scan", "switch", "vectorized_map"),
    *("while_loop", "stop_gradient", "convert_to_numpy", "is_tensor", "ndim", "shape", "size"),
}


@pytest.mark.parametrize("name", sorted(set(PUBLIC) - ELSEWHERE))
def test_every_op_has_a_case(name):
    target = getattr(ops, name)
    names = {case.name for case in CASES}
    aliases = {other for other in PUBLIC if getattr(ops, other) is target}
    assert names & {name, f"linalg.{name}", *aliases}, f"add a line for {name!r} to arraynet/testing/cases"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_every_case_has_an_op(case):
    assert callable(case.function())


def test_case_names_are_unique():
    ids = [case.id for case in CASES]
    assert sorted(ids) == sorted(set(ids))


SIGNATURES = dict(
    line.split(": ") if ": " in line else (line.rstrip(":"), "")
    for line in (Path(__file__).parent / "keras_signatures.txt").read_text().splitlines()
)


def told(parameter):
    if parameter.kind is parameter.VAR_POSITIONAL:
        return f"*{parameter.name}"
    return parameter.name if parameter.default is parameter.empty else f"{parameter.name}={parameter.default!r}"


@pytest.mark.parametrize("name", sorted(set(PUBLIC) & set(SIGNATURES)))
def test_arguments_are_those_of_keras(name):
    """The file lists what Keras 3.15's functions take, without the catch-all keywords."""
    parameters = inspect.signature(getattr(ops, name)).parameters.values()
    assert " ".join(map(told, parameters)) == SIGNATURES[name]


def test_every_name_but_a_few_is_one_of_keras():
    assert set(PUBLIC) - set(SIGNATURES) <= {"custom_gradient", "identity_op", "mish", "vecdot"}


def test_kernels_have_their_ops_signature(other):
    kernels = load(other).kernels
    assert [text for text in (signature_problem(op, kernel) for op, kernel in kernels.items()) if text] == []


def test_every_rule_names_an_array_argument():
    for value in vars(ops).values():
        if isinstance(value, Op):
            assert set(value.rules) <= set(value.arrays)
