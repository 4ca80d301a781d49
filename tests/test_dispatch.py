"""The one call path: kernels and their refusal, modes, promotion, observers, errors, threads."""

import copy
import pickle
import threading

import numpy as np
import pytest

import arraynet
from arraynet import Variable, config, ops
from arraynet.backend import NumPyBackend
from arraynet.dispatch import apply, execute, op
from arraynet.observers import Observer
from arraynet.operands import HostScalar, operands
from arraynet.operators import OPS
from arraynet.program import jit


class Toy(NumPyBackend):
    """A backend whose kernels write down that they were called."""

    def __init__(self, **kernels):
        self.name, self.calls = "toy", []
        self.kernels = {name: self._noted(name, kernel) for name, kernel in kernels.items()}

    def _noted(self, name, kernel):
        def run(*arrays, **static):
            self.calls.append((name, len(arrays), static))
            return kernel(*arrays, **static)

        return run


class Records(Observer):
    def __init__(self):
        self.seen = []

    def record(self, op, inputs, static, outputs):
        self.seen.append((op.name, inputs, static, outputs))


@pytest.fixture
def scratch(monkeypatch):
    """Ops that a test makes are forgotten after it."""
    monkeypatch.setattr("arraynet.dispatch.OPS", dict(OPS))


def on(backend, *values):
    with arraynet.use_backend(backend):
        return ops.array(np.array(values, "float32"))


def test_a_kernel_is_used():
    toy = Toy(exp=lambda x: x + 100)
    np.testing.assert_array_equal(ops.exp(on(toy, 1.0, 2.0)), [101, 102])
    assert toy.calls == [("exp", 1, {})]


def test_a_kernel_gets_promoted_arrays_and_every_static_argument():
    toy = Toy(sum=lambda x, axis, keepdims: np.sum(x, axis=axis, keepdims=keepdims), add=np.add)
    ops.sum(on(toy, 1.0, 2.0), 0)
    assert toy.calls == [("sum", 1, {"axis": 0, "keepdims": False})]
    with arraynet.use_backend(toy):
        y = ops.add(ops.array(np.float64([1.0])), ops.array(np.float32([1.0])))
    assert y.dtype == "float64"


def test_a_kernel_that_declines_leaves_it_to_the_generic_form():
    toy = Toy(exp=lambda x: NotImplemented if x.size > 2 else x * 0)
    np.testing.assert_array_equal(ops.exp(on(toy, 1.0)), [0])
    np.testing.assert_array_equal(ops.exp(on(toy, 0.0, 0.0, 0.0)), [1, 1, 1])
    assert len(toy.calls) == 2


@pytest.mark.parametrize(("mode", "native"), [("fused", True), ("native", True), ("generic", False), ("eager", False)])
def test_modes_peel_the_layers_off(mode, native):
    config.set_kernels(mode)
    assert float(ops.exp(on(Toy(exp=lambda x: x * 0), 0.0))[0]) == (0 if native else 1)


def test_an_op_runs_where_its_first_tensor_lives():
    toy = Toy()
    x = on(toy, 1.0)
    assert (2 * x + np.ones(1)).backend is toy
    assert ops.add(np.ones(1), x).backend is toy
    assert ops.add(1.0, Variable(x)).backend is toy
    assert ops.add(1.0, 2.0).backend.name == "numpy"


def test_two_backends_in_one_op():
    x, y = on("numpy", 1.0), on("strict", 1.0)
    with pytest.raises(ValueError, match=r"'numpy' and 'strict'. Move one of them: x.to\(\"strict\"\)"):
        x + y
    with pytest.raises(ValueError, match="Tensors of two backends"):
        operands(x, y)
    with pytest.raises(ValueError, match="Tensors of two backends"):
        Variable(x) * y
    assert float((x.to("strict") + y)[0]) == 2
    assert float((x.to("strict").to("numpy") + x)[0]) == 2


def test_errors_name_the_op_and_what_it_was_given(backend):
    with pytest.raises(ValueError, match=r"add: .*Received x1: float32 of shape \(2,\), x2: float32 of shape \(3,\)"):
        ops.add(ops.ones(2), ops.ones(3))
    with pytest.raises((ValueError, IndexError), match=r"sum: .*Received x: float32 of shape \(2,\), axis=5"):
        ops.sum(ops.ones(2), axis=5)


@pytest.mark.parametrize(("call", "name"), [(lambda x: ops.add(x, 300), "add"), (lambda x: ops.clip(x, -1, 9), "clip")])
def test_a_number_that_the_dtype_does_not_hold(call, name, backend):
    with pytest.raises(ValueError, match=rf"^{name}: .*bounds.* uint8 of shape \(2,\)"):
        call(ops.ones(2, "uint8"))


def test_an_error_of_a_kernel_is_told_in_the_same_way():
    def exp(x):
        raise TypeError("only contiguous arrays")

    with pytest.raises(TypeError, match=r"exp: only contiguous arrays. Received x: float32 of shape \(1,\)"):
        ops.exp(on(Toy(exp=exp), 1.0))


def test_what_is_no_number_is_refused():
    with pytest.raises(TypeError, match=r"dtype <U3 from 'abc'"):
        ops.exp("abc")
    with pytest.raises(TypeError, match="Tensors hold booleans, integers and floats"):
        ops.exp(np.array([1j]))
    with pytest.raises(TypeError):
        ops.ones(2) + "a"
    with pytest.raises(TypeError):
        ops.ones(2) + None


@pytest.mark.parametrize(
    ("x", "dtype"),
    [
        (1.0, "float32"),
        (1, "float32"),
        (True, "float32"),
        (np.float64(1), "float64"),
        (np.float32([1]), "float32"),
        (np.float64([1]), "float64"),
        ([1.0], "float32"),
        (np.int64([1]), "float32"),
    ],
)
def test_host_data_alone(x, dtype, backend):
    assert ops.exp(x).dtype == dtype


@pytest.mark.parametrize("x", [1.0, 1, True, np.float64(1), np.float64([1]), [1.0], np.int64([1]), np.array([True])])
def test_host_data_beside_a_float32_tensor_never_widens_it(x, backend):
    for y in (ops.ones(1) * x, x * ops.ones(1), ops.maximum(x, ops.ones(1))):
        assert y.dtype == "float32"


def test_floatx_decides_where_nothing_else_does(backend):
    assert (ops.array([1, 2]) / 2).dtype == "float32"
    config.set_floatx("float64")
    assert (ops.array([1, 2]) / 2).dtype == "float64"
    assert ops.exp(1).dtype == "float64"


def test_observers_see_every_record(backend):
    records = Records()
    x = ops.ones(2)
    y = records.during(lambda: ops.sum(x * 3.0), ())
    (name, inputs, static, out), (last, _, static_of_sum, total) = records.seen
    assert (name, last) == ("multiply", "sum")
    assert inputs == (x, 3.0)
    assert static == {}
    assert static_of_sum == {"axis": None, "keepdims": False}
    assert records.seen[1][1] == (out,)
    assert total is y
    x * 2.0
    assert len(records.seen) == 2, "it stopped observing"


def test_what_observers_keep_of_host_data_is_a_copy():
    records, host = Records(), np.ones(2, "float32")
    records.during(ops.add, (host, ops.ones(2)))
    host[:] = 7
    np.testing.assert_array_equal(records.seen[0][1][0], [1, 1])


def test_an_argument_that_was_taken_before_there_were_observers_is_one_too():
    records, host = Records(), np.ones(2, "float32")
    (taken,) = operands(host)
    records.during(ops.add, (taken, ops.ones(2)))
    host[:] = 7
    np.testing.assert_array_equal(records.seen[0][1][0], [1, 1])


def test_events_of_variables(backend):
    class Events(Observer):
        def __init__(self):
            self.seen = []

        def read(self, variable, value):
            self.seen.append("read")

        def assigned(self, variable, value):
            self.seen.append("assigned")

        def fetched(self, tensor):
            self.seen.append("fetched")

    w, events = Variable(1.0), Events()
    events.during(lambda: (w * 2, w.assign(3.0), w.numpy(), float(w)), ())
    assert events.seen == ["read", "assigned", "fetched", "read", "fetched"]


def test_two_threads_on_two_backends_at_once():
    barrier, results = threading.Barrier(2), {}

    def repeated(x):
        y = x
        for _ in range(50):
            y = ops.exp(y * 0.0) + x
        return y

    def work(name):
        records = Records()
        with arraynet.use_backend(name):
            barrier.wait()
            x = ops.ones(3)
            total = records.during(repeated, (x,))
            results[name] = total.backend.name, float(ops.sum(total)), len(records.seen)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("numpy", "strict")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {name: (name, 6.0, 150) for name in ("numpy", "strict")}


def test_an_op_of_ones_own(scratch, backend):
    @op
    def softened(xp, x, /, beta=1.0):
        """log(1 + exp(x))."""
        return xp.log1p(xp.exp(x * beta)) / beta

    softened.defvjp(x=lambda g, x, beta: g / (1 + ops.exp(-x * beta)))
    np.testing.assert_allclose(float(softened(0.0)), np.log(2), rtol=1e-6)
    np.testing.assert_allclose(float(arraynet.grad(lambda x: softened(x, beta=2.0))(0.0)), 0.5)
    assert softened.__doc__ == "log(1 + exp(x))."
    assert str(softened.__signature__) == "(x, beta=1.0)"
    assert repr(softened) == "<op softened>"


@pytest.mark.parametrize("name", ["add", "zeros", "softmax"])
def test_an_op_of_ones_own_has_a_name_of_its_own(scratch, name):
    with pytest.raises(ValueError, match=f"'{name}' is an op of arraynet.ops.* already. Choose another name"):
        op(lambda xp, x, /: x, name=name)
    assert float(ops.ones(()) + 1) == 2


def test_arguments_by_name_and_by_position(backend):
    x = ops.ones((2, 3))
    for y in (ops.sum(x, 1, True), ops.sum(x=x, axis=1, keepdims=True), ops.sum(x, keepdims=True, axis=1)):
        assert y.shape == (2, 1)
    with pytest.raises(TypeError, match="dim"):
        ops.sum(x, dim=1)


def test_a_promotion_is_one_of_four(scratch):
    with pytest.raises(ValueError, match="promote must be one of 'common', 'number', 'float', None, received 'flaot'"):
        op(lambda xp, x, /: x, promote="flaot")


def test_a_rule_may_name_only_what_the_op_has(scratch):
    @op
    def double(xp, x, /):
        return 2 * x

    with pytest.raises(TypeError, match=r"rule of 'double' names \['z'\]; beside g there are x, y, index"):
        double.defvjp(x=lambda g, z: g)
    with pytest.raises(TypeError, match=r"'double' has no array arguments \['w'\]. Before the / stand: x"):
        double.defvjp(w=lambda g: g)


@pytest.mark.parametrize(("rule", "why"), [
    (lambda g: ops.stack([g, g]), r"doubled: a derivative rule gives \(2, 3\) for an argument of \(3,\)"),
    (lambda g: ops.sum(g), r"doubled: a derivative rule gives \(\) for an argument of \(3,\)"),
    (lambda g: None, "A derivative rule of 'doubled' returned None; it returns a Tensor, made by ops"),
    (lambda g: 2.0, "A derivative rule of 'doubled' returned 2.0; it returns a Tensor, made by ops"),
])  # fmt: skip
def test_a_rule_that_gives_no_gradient_of_its_argument_is_named(rule, why, scratch):
    @op
    def doubled(xp, x, /):
        return x * 2

    doubled.defvjp(x=rule)
    with pytest.raises((TypeError, ValueError), match=why):
        arraynet.grad(lambda x: ops.sum(doubled(x)))(ops.ones(3))


def test_a_rule_may_leave_the_broadcasting_that_a_sum_has_taken_away(scratch):
    @op
    def dot(xp, x1, x2, /):
        return xp.sum(x1 * x2, axis=-1)

    dot.defvjp(x1=lambda g, x2: ops.expand_dims(g, -1) * x2, x2=lambda g, x1: ops.expand_dims(g, -1) * x1)
    one, two = arraynet.grad(lambda a, b: ops.sum(dot(a, b)), (0, 1))(ops.ones(3), ops.ones((2, 3)))
    np.testing.assert_array_equal(one, [2, 2, 2])
    assert two.shape == (2, 3)


def test_a_form_that_returns_nothing_is_named(scratch):
    @op
    def nothing(xp, x, /):
        x * 2

    with pytest.raises(TypeError, match=r"nothing: its form or kernel returned None.* x: float32 of shape \(3,\)"):
        nothing(ops.ones(3))


def test_several_outputs(scratch, backend):
    @op
    def halves(xp, x, /):
        return x / 2, -x / 2

    halves.defvjp(x=lambda g: (g[0] - g[1]) / 2)
    up, down = halves(ops.ones(2))
    np.testing.assert_array_equal(down, [-0.5, -0.5])
    np.testing.assert_array_equal(arraynet.grad(lambda x: ops.sum(halves(x)[1] * 3))(ops.ones(2)), [-1.5, -1.5])
    assert up.dtype == "float32"


def test_host_scalars_are_passed_by_value(scratch):
    @op
    def scaled(xp, x, /, by):
        assert type(by) is float
        return x * by

    assert float(scaled(1.0, by=HostScalar(lambda: 3.0, 2.0))) == 2


def test_apply_and_execute_agree():
    x = ops.array(np.float32([1.0, 2.0]))
    array = execute(ops.exp, x.backend, x.backend.xp, [x.array], {})
    np.testing.assert_array_equal(apply(ops.exp, (x,), {}), array)


def test_numpy_is_silent_inside_an_op():
    assert np.isneginf(float(ops.log(0.0)))
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        np.log(np.float32(0.0))


@pytest.mark.parametrize("name", sorted(n for n, o in OPS.items() if o.__module__.startswith("arraynet.")))
def test_ops_are_copied_and_pickled_as_functions_are(name):
    assert copy.deepcopy(OPS[name]) is OPS[name]
    assert pickle.loads(pickle.dumps(OPS[name])) is OPS[name]


@pytest.mark.parametrize(("name", "argument"), [
    ("celu", "alpha"), ("elu", "alpha"), ("leaky_relu", "negative_slope"), ("squareplus", "b"), ("max", "initial"),
    ("hard_shrink", "threshold"), ("nan_to_num", "nan"),
])  # fmt: skip
def test_a_tensor_for_a_number_that_has_no_derivative_is_refused(name, argument, backend):
    for value in (ops.array(0.5), Variable(0.5)):  # its gradient had been 0
        with pytest.raises(TypeError, match=rf"{name}: {argument} has no derivative: pass float\({argument}\)"):
            getattr(ops, name)(ops.ones(3), **{argument: value})


@pytest.mark.parametrize("make", [np.int64, np.float64, np.array, ops.array, lambda n: Variable(n, dtype="int32")])
@pytest.mark.parametrize(("name", "argument"), [
    ("celu", "alpha"), ("elu", "alpha"), ("leaky_relu", "negative_slope"), ("squareplus", "b"), ("max", "initial"),
    ("hard_shrink", "threshold"), ("nan_to_num", "nan"), ("round", "decimals"),
])  # fmt: skip
def test_numbers_of_all_kinds_widen_nothing(name, argument, make, backend):
    if (name, make) == ("round", np.float64):
        pytest.skip("no int")
    x = ops.array([-1.5, 0.25, 2.25])
    made, known = (getattr(ops, name)(x, **{argument: number}) for number in (make(2), 2))
    assert made.dtype == "float32"  # it had been float64, or an error of the library's
    np.testing.assert_array_equal(made.numpy(), known.numpy())


def test_a_tensor_is_a_number_where_nothing_has_a_derivative(backend):
    near = jit(lambda x, r: ops.isclose(x, x + 1.0, rtol=r))
    answers = [near(ops.array(5.0), ops.array(r)).item() for r in (0.01, 0.5, 0.01)]
    assert answers == [False, True, False]
