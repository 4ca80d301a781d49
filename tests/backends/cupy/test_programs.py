"""Captured programs become few kernels: right ones, from whatever operands, and without a word to the host."""

import copy
import gc
import os
import subprocess
import sys

import numpy as np
import pytest

import arraynet
from arraynet import Variable, ops
from arraynet.dispatch import Op
from arraynet.operands import HostScalar
from arraynet.plugins import load
from arraynet.program import jit
from arraynet.program.trace import TracedArray, TracedNamespace, Tracer

pytest.importorskip("arraynet_cupy", reason="the plugin arraynet-cupy is not installed")
SPECIAL = [0.0, -0.0, 1.0, -1.5, 2.5, 0.3, -0.7, np.nan, np.inf, -np.inf]
DTYPES = sorted(arraynet.backend.DTYPES)


def samples(dtype):
    rng = np.random.default_rng(0)
    if dtype == "bool":
        return [rng.random((4, 5)) < 0.5 for _ in range(2)]
    if dtype.startswith("float"):
        return [np.resize(np.roll(SPECIAL, k), (4, 10)).astype(dtype) for k in (0, 3)]
    return [rng.integers(0 if dtype[0] == "u" else -9, 9, (4, 5)).astype(dtype) for _ in range(2)]


def traced(dtype):
    """A program of all primitives that have an expression and take a dtype, run by NumPy."""
    from arraynet_cupy.expressions import TEXTS, supported

    backend = load("numpy")
    tracer = Tracer(backend)
    xp = TracedNamespace(tracer, backend.xp)
    x, y = (TracedArray(tracer, tracer.value(a)) for a in samples(dtype))
    calls = [(name, (x, y) if "{1}" in text else (x,)) for name, text in TEXTS.items()]
    calls = [call for call in calls if call[0] not in ("where", "astype")]
    calls = [call for call in calls if call[0] != "clip"] + [("clip", (x, 0, 2)), ("clip", (x, 2, 1))]
    for name, args in [*calls, ("where", (x if dtype == "bool" else x < y, x, y))]:
        before = len(tracer.instructions)
        try:
            with np.errstate(all="ignore"):
                getattr(xp, name)(*args)
        except (TypeError, ValueError):  # no such dtype, or another number of operands
            continue
        tracer.instructions[before:] = [i for i in tracer.instructions[before:] if supported(i)]
    for kind in ("float32", "float64", "int32", "bool", "uint8"):
        if not (dtype.startswith("float") and kind in ("int32", "uint8")):  # NaN as an integer is anything
            xp.astype(x, np.dtype(kind).type)
    return tracer.instructions, samples(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_expression_is_what_numpy_computes(cupy, dtype):
    from arraynet_cupy.groups import Pointwise

    instructions, arrays = traced(dtype)
    outs = [v for i in instructions for v in i.outs]
    work = Pointwise(arrays[0].shape, instructions, outs)
    given = dict(enumerate(map(cupy.asarray, arrays)))
    found = work(*[given[v.index] for v in work.inputs])
    assert len(found) > (8 if dtype == "bool" else 20)
    allowed = {"float16": 1e-2, "float64": 1e-12}.get(dtype, 1e-5)
    for instruction, y in zip(instructions, found, strict=True):
        expected = instruction.outs[0].example
        assert y.dtype == expected.dtype, instruction.name
        np.testing.assert_allclose(
            cupy.asnumpy(y).astype("float64"), expected.astype("float64"), rtol=allowed, err_msg=instruction.name
        )


def both(f, *arrays):
    """What a function gives when it is replayed, on NumPy and on CuPy, and the program on CuPy."""
    results = []
    for name in ("numpy", "cupy"):
        with arraynet.use_backend(name):
            fast = jit(f)
            fast(*arrays)
            results.append([y.numpy() for y in fast(*arrays)])
    return *results, fast.programs[0]


@pytest.mark.parametrize("number", [0.1, 1e-8, 1e6])
def test_beside_half_floats_a_number_is_rounded_first(on_cupy, number):
    x = np.array([0, 1, 3, 0.1, 1e-8, np.inf], "float16")
    with np.errstate(over="ignore", invalid="ignore"):
        expected, found, _ = both(lambda x: (x == number, x <= number, x * number), x)
    for y, e in zip(found, expected, strict=True):
        np.testing.assert_array_equal(y, e)


def test_a_number_of_the_host_is_rounded_to_half_floats_too(on_cupy):
    scaled, rate = Op(lambda xp, x, /, rate: x * rate, None, (), False, "scaled"), HostScalar(lambda: 1e-8, 1e-8)
    expected, found, program = both(lambda x: (scaled(x, rate=rate) - 0.0,), np.array([0.1, 1, 3, 1000], "float16"))
    np.testing.assert_array_equal(found, expected)
    assert program.primitives() == {"group": 1}


def test_the_sign_of_zero_is_zero(on_cupy):
    expected, found, program = both(lambda x: (1 / ops.sign(x), x + 1), np.array([-0.0, 0.0, -3.0, np.nan], "float32"))
    np.testing.assert_array_equal(found[0], expected[0])
    assert program.primitives() == {"group": 1}


def test_operands_of_every_kind(on_cupy, near):
    rng = np.random.default_rng(0)
    full, row, column, one = (rng.normal(size=s).astype("float32") for s in ((3, 5), (5,), (3, 1), ()))

    def f(x, r, c, s):
        a = (x * r + c) * s + 2.0
        return a, r * c + 1, ops.sum(a * a, axis=0), ops.mean(ops.exp(a)), ops.transpose(x) * 2 - 1

    expected, found, program = both(f, full, row, column, one)
    for a, e in zip(found, expected, strict=True):
        near(a, e)
    assert program.primitives()["group.reduce"] == 1


def test_results_of_several_shapes(on_cupy, near):
    rng = np.random.default_rng(0)
    full, column, row = (rng.normal(size=s).astype("float32") for s in ((4, 5), (4, 1), (5,)))

    def f(x, c, r):
        d = ops.exp(c) * 2 + 1
        y = ops.tanh(x * d) + ops.sum(x, axis=-1, keepdims=True) * d
        return y, d, r * 3 - 1, ops.sum(y * (r * 3 - 1), axis=0)

    expected, found, _ = both(f, full, column, row)
    for a, e in zip(found, expected, strict=True):
        near(a, e)


def test_reductions_divide_a_group(on_cupy, near):
    x = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")

    def f(x):
        e = ops.exp(x - ops.max(x, axis=-1, keepdims=True))
        p = e / ops.sum(e, axis=-1, keepdims=True)
        return ops.log(p + 1) * 2, ops.mean(p * p)

    expected, found, program = both(f, x)
    near(found[0], expected[0])
    near(found[1], expected[1])
    assert set(program.primitives()) <= {"max", "group.reduce"}


def network(seed=0):
    rng = np.random.default_rng(seed)
    shapes = ((7, 12), (12,), (12, 5), (5,))
    return [Variable(0.3 * rng.normal(size=s).astype("float32")) for s in shapes]


def training(optimizer, **options):
    """A captured step of a classifier, and its losses over some steps."""
    weights = network()
    chosen = getattr(arraynet.optimizers, optimizer)(0.01, **options)

    @jit
    def step(x, y):
        with arraynet.GradientTape() as tape:
            hidden = ops.relu(x @ weights[0] + weights[1])
            logits = hidden @ weights[2] + weights[3]
            loss = -ops.mean(ops.sum(ops.log_softmax(logits) * y, axis=-1))
        chosen.apply(tape.gradient(loss, weights), weights)
        return loss

    rng = np.random.default_rng(1)
    x = ops.convert_to_tensor(rng.normal(size=(6, 7)).astype("float32"))
    y = ops.convert_to_tensor(np.eye(5, dtype="float32")[rng.integers(0, 5, 6)])
    return step, x, y, weights


@pytest.mark.parametrize(("optimizer", "options"), [("RMSprop", {}), ("Adam", {"global_clipnorm": 0.1}), ("SGD", {})])
def test_steps_of_all_parameters_are_one_launch(on_cupy, near, optimizer, options):
    results = []
    for name in ("numpy", "cupy"):
        with arraynet.use_backend(name):
            step, x, y, weights = training(optimizer, **options)
            for _ in range(4):
                loss = step(x, y)
            results.append([loss.numpy(), *(w.numpy() for w in weights)])
    for a, e in zip(*reversed(results), strict=True):
        near(a, e)
    assert step.captures == 1
    merged = [i for i in step.programs[0].instructions if i.name == "group.merged"]
    assert [len(i.function.parts) for i in merged][-1] == 4


def test_equal_work_is_not_put_behind_what_waits_for_it(on_cupy, near):
    def f(x):
        y = ops.exp(x) * 0.5 + 1
        return y, ops.exp(y @ x) * 0.5 + 1

    expected, found, program = both(f, np.random.default_rng(0).normal(size=(4, 4)).astype("float32"))
    for y, e in zip(found, expected, strict=True):
        near(y, e)
    assert program.primitives() == {"group": 2, "matmul": 1}


def test_equal_work_on_operands_that_lie_otherwise_or_on_half_floats_is_not_merged(on_cupy, near):
    """The source of a merged kernel, unlike those of CuPy, has no type for half floats."""
    shapes = ((3, 5), (3, 5), (7, 2), ())
    given = [np.random.default_rng(0).normal(size=shape).astype("float32") for shape in shapes]
    half = [np.ones(n, "float16") for n in (2, 3)]

    def f(a, b, c, d, e, g):
        return a * b + 1, c * d + 1, e * 2 + 1, g * 2 + 1

    expected, found, program = both(f, *given, *half)
    for y, e in zip(found, expected, strict=True):
        near(y, e, str(e.dtype))
    assert program.primitives() == {"group": 4}


def test_a_merged_kernel_takes_no_more_arguments_than_a_device_allows(on_cupy):
    given = [np.full(n + 1, n, "float32") for n in range(150)]
    expected, found, program = both(lambda *xs: [x * 2 + 1 for x in xs], *given)
    assert all(map(np.array_equal, found, expected))
    assert program.primitives() == {"group.merged": 2}
    for i in program.instructions:
        assert 8 * (len(i.function.parts) + len(i.args) + len(i.outs)) <= 4096


def stepped(name, shapes):
    """Parameters after captured steps of Adam with gradients that lie in memory by columns, and the program."""
    with arraynet.use_backend(name):
        rng = np.random.default_rng(2)
        weights = [Variable(rng.normal(size=shape).astype("float32")) for shape in shapes]
        turned = [ops.convert_to_tensor(rng.normal(size=shape[::-1]).astype("float32")) for shape in shapes]
        optimizer = arraynet.optimizers.Adam(0.01)

        @jit
        def step(turned):
            optimizer.apply([ops.transpose(g) for g in turned], weights)

        for _ in range(3):
            step(turned)
        return [w.numpy() for w in weights], step.programs[0]


def test_merged_kernels_stay_within_bounds_in_either_thread_order(cupy, host, near):
    shapes = ((7, 13), (257,), (3, 2, 5))
    expected, _ = stepped("numpy", shapes)
    with host.guarded(), host.reversed_threads():
        found, program = stepped("cupy", shapes)
        (merged,) = [i.function for i in program.instructions if i.name == "group.merged"]
        assert len(merged.parts) == len(shapes)
        for a, e in zip(found, expected, strict=True):
            near(a, e)
        assert_empty_parts_are_left_out(cupy, merged)


def assert_empty_parts_are_left_out(cupy, merged):
    from arraynet_cupy.merging import Merged

    def arguments(part):
        roles = zip(merged.roles, part.kinds, strict=True)
        return [0.5 if role == "number" else cupy.full(part.shape, k + 2, kind) for k, (role, kind) in enumerate(roles)]

    empty = copy.copy(merged.parts[0])
    empty.shape = (0, 5)
    parts = [merged.parts[0], empty, merged.parts[1]]
    found = Merged(parts)(*(x for part in parts for x in arguments(part)))
    for y, e in zip(found, (y for part in parts for y in part(*arguments(part))), strict=True):
        np.testing.assert_array_equal(y.get(), e.get())


def test_work_on_single_numbers_is_one_launch(on_cupy, near):
    shapes = ((1,), (1, 1), (), (4, 3))
    (expected, _), (found, program) = (stepped(name, shapes) for name in ("numpy", "cupy"))
    assert len([i for i in program.instructions if i.name not in ("permute_dims", "reshape")]) <= len(shapes)
    for a, e in zip(found, expected, strict=True):
        near(a, e)


def test_a_step_neither_copies_nor_waits_and_launches_little(on_cupy, counted):
    step, x, y, _ = training("RMSprop")
    for _ in range(2):
        step(x, y)
    done = counted(step, x, y)
    assert set(done) == {"launches", "products"}
    assert done["products"] == 5
    assert done["launches"] <= 14  # 59, one by one


def test_a_replay_lets_go_of_what_it_has_used(cupy, plainly):
    step, x, y, _ = training("Adam")
    used = []
    for _ in range(8):
        step(x, y)
        used.append(arraynet.plugins.load("cupy").memory_info()["used"])
    assert len(set(used[3:])) == 1  # what the capture left behind goes with the first replays


def test_memory_that_runs_out_is_told_with_what_was_held(cupy, on_cupy, host):
    from arraynet_cupy.backend import DeviceMemoryError

    pool = cupy.get_default_memory_pool()
    pool.free_all_blocks()
    pool.set_limit(size=pool.total_bytes() + (1 << 20))
    try:
        with pytest.raises(DeviceMemoryError, match="8,388,608 bytes were asked for, while arrays use") as caught:
            ops.ones((1 << 21,)) + 1
        with pytest.raises(DeviceMemoryError, match="CUPY_GPU_MEMORY_LIMIT"):
            ops.convert_to_tensor(np.ones(1 << 20))
        assert load("cupy").memory_info()["limit"] == pool.get_limit()
    finally:
        pool.set_limit(size=0)
    assert isinstance(caught.value, MemoryError)
    gc.collect()  # what other tests have left is not to be given back between two looks
    assert load("cupy").memory_info()["limit"] == pool.total_bytes() + cupy.cuda.runtime.memGetInfo()[0]


def test_the_environment_limits_memory(on_cupy, host):
    code = (
        "import cupy_host; cupy_host.install()\n"
        "import arraynet; backend = arraynet.plugins.load('cupy'); arraynet.set_backend('cupy')\n"
        "print(backend.memory_info())\n"
        "kept = arraynet.ops.ones(1000)\n"
        "try: arraynet.ops.ones((1 << 20,))\n"
        "except MemoryError as error: print(error)"
    )
    environment = os.environ | {"CUPY_GPU_MEMORY_LIMIT": str(1 << 20)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd="tests/support", capture_output=True, text=True, env=environment
    )
    info, error = done.stdout.splitlines()
    assert info == "{'used': 0, 'held': 0, 'limit': 1048576}"
    assert "4,194,304 bytes were asked for, while arrays use 4,096 bytes" in error
    assert "of 1,048,576. Use smaller batches" in error


def test_a_host_array_may_be_written_to_at_once(on_cupy):
    x = np.ones(1000, "float32")
    tensor = ops.convert_to_tensor(x)
    x[:] = 0
    assert tensor.numpy().sum() == 1000


def test_linear_algebra_looks_for_failures(cupy):
    import cupyx
    from arraynet_cupy.namespace import _looking

    def refused(x):
        assert cupyx.geterr()["linalg"] == "raise"
        raise np.linalg.LinAlgError("devInfo = 2")

    with pytest.raises(np.linalg.LinAlgError, match=r"singular matrix \(devInfo = 2\)"):
        _looking(refused, "singular matrix")(1)
    assert cupyx.geterr()["linalg"] != "raise"
