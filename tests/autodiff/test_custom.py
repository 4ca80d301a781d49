"""custom_vjp, custom_gradient, stop_gradient and checkpoint, at first and higher order."""

import numpy as np
import pytest

import arraynet
from arraynet import GradientTape, Variable, checkpoint, custom_vjp, grad, hessian, jvp, ops, random, vjp
from arraynet.observers import Observer

pytestmark = pytest.mark.usefixtures("backend")


class Outputs(Observer):
    """How often each op ran."""

    def __init__(self):
        self.names = []

    def record(self, op, inputs, static, outputs):
        self.names.append(op.name)


def cube(residual):
    @custom_vjp
    def f(x):
        return x**3

    f.defvjp(lambda x: (x**3, residual(x)), lambda r, g: (g * 3 * (r if residual(2.0) == 4.0 else r * r),))
    return f


@pytest.mark.parametrize("residual", [lambda x: x, lambda x: x * x])
def test_custom_vjp_to_third_order(residual):
    f = cube(residual)
    x = np.float64(2.0)
    assert float(f(x)) == 8
    assert float(grad(f)(x)) == 12
    assert float(grad(grad(f))(x)) == 12
    assert float(grad(grad(grad(f)))(x)) == 6
    assert float(jvp(f, (x,), (1.0,))[1]) == 12
    assert float(hessian(f)(x)) == 12


def test_the_custom_rule_is_the_one_that_is_used():
    @custom_vjp
    def clipped(x):
        return x * 1.0

    clipped.defvjp(lambda x: (x * 1.0, None), lambda _, g: (ops.minimum(ops.maximum(g, -1.0), 1.0),))
    assert float(grad(lambda x: 5 * clipped(x))(2.0)) == 1
    assert float(grad(lambda x: 5 * clipped(x) + x)(2.0)) == 2


def test_a_custom_vjp_without_a_tape_runs_the_function_itself():
    @custom_vjp
    def f(x):
        return x * 2

    f.defvjp(lambda x: (x * 3, None), lambda _, g: (g,))
    assert float(f(1.0)) == 2
    assert float(vjp(f, 1.0)[0]) == 3, "fwd gives the value where it is differentiated"


def test_a_custom_vjp_without_rules():
    @custom_vjp
    def lonely(x):
        return x

    with pytest.raises(TypeError, match=r"lonely has no derivative yet: call its .defvjp\(fwd, bwd\) first"):
        lonely(1.0)


def test_custom_vjp_of_structures():
    @custom_vjp
    def f(p, q):
        return {"sum": p["a"] + q, "product": p["a"] * p["b"][0]}

    def fwd(p, q):
        return f._f(p, q), (p, q)

    def bwd(residual, g):
        p, _ = residual
        return {"a": g["sum"] + g["product"] * p["b"][0], "b": [g["product"] * p["a"]]}, None

    f.defvjp(fwd, bwd)

    def total(p, q):
        out = f(p, q)
        return ops.sum(out["sum"]) + 10 * ops.sum(out["product"])

    p = {"a": np.array([1.0, 2.0]), "b": [np.array([3.0, 4.0])]}
    dp, dq = grad(total, argnums=(0, 1))(p, np.array([1.0, 1.0]))
    np.testing.assert_array_equal(dp["a"], [31, 41])
    np.testing.assert_array_equal(dp["b"][0], [10, 20])
    np.testing.assert_array_equal(dq, [0, 0])


def test_arguments_that_are_not_differentiated():
    def power(x, n):
        return x**n

    f = custom_vjp(power, nondiff_argnums=(1,))
    f.defvjp(lambda x, n: (x**n, x), lambda n, x, g: (g * n * x ** (n - 1),))
    assert float(grad(lambda x: f(x, 3))(2.0)) == 12
    assert float(grad(grad(lambda x: f(x, 3)))(2.0)) == 12


@pytest.mark.parametrize("wrap", [custom_vjp, ops.custom_gradient])
def test_constants_are_given_as_they_are(wrap):
    def product(x, k, flag=None):
        assert (type(k), flag) == (float, "so")
        return x * k, (lambda upstream: (upstream * k, 7.0, None)) if wrap is ops.custom_gradient else k

    f = wrap(product)
    if wrap is custom_vjp:
        f.defvjp(product, lambda k, g: (g * k, 7.0, None))
    value, dx = arraynet.value_and_grad(lambda x: f(x, 0.1, "so"))(np.float64(4.0))
    assert (value.item(), dx.item()) == (0.4, 0.1)


def test_a_custom_gradient_of_numbers_is_a_tensor():
    assert type(ops.custom_gradient(lambda x: (x * x, lambda g: g))(2.0)) is arraynet.Tensor


def test_integer_arguments_take_none():
    @custom_vjp
    def taken(x, n):
        return x * ops.cast(n, "float32")

    taken.defvjp(lambda x, n: (x * ops.cast(n, "float32"), n), lambda n, g: (g * ops.cast(n, "float32"), None))
    assert float(grad(lambda x: taken(x, np.int32(3)))(2.0)) == 3


def test_what_a_custom_rule_can_get_wrong():
    @custom_vjp
    def f(x, y):
        return x * y

    f.defvjp(lambda x, y: (x * y, (x, y)), lambda r, g: (g * r[1],))
    with pytest.raises(ValueError, match="one gradient per argument: 2, received 1"):
        grad(f)(2.0, 3.0)

    @custom_vjp
    def total(x):
        return ops.sum(x)

    total.defvjp(lambda x: (ops.sum(x), None), lambda _, g: (g,))
    with pytest.raises(ValueError, match=r"shape of its argument, \(3,\); received \(\)"):
        grad(total)(np.ones(3))


def test_fwd_returns_a_pair():
    @custom_vjp
    def lonely(x):
        return x

    lonely.defvjp(lambda x: x * 2, lambda _, g: (g,))
    with pytest.raises(TypeError, match="The fwd of lonely must return a pair, it returned Tensor"):
        grad(lonely)(1.0)


def test_a_persistent_tape_calls_the_rule_anew():
    f, x, g = cube(lambda x: x * x), Variable(2.0), ops.ones(())
    with GradientTape(persistent=True) as tape:
        y = f(x)
    assert float(tape.gradient(y, x, output_gradients=g)) == 12
    with GradientTape() as outer:
        outer.watch(g)
        dx = tape.gradient(y, x, output_gradients=g)
    assert float(outer.gradient(dx, g)) == 12


def keras_log1pexp(x):
    e = ops.exp(x)

    def gradient(*args, upstream=None):
        return upstream * (1 - 1 / (1 + e))

    return ops.log(1 + e), gradient


def tensorflow_log1pexp(x):
    e = ops.exp(x)
    return ops.log(1 + e), lambda upstream: upstream * (1 - 1 / (1 + e))


@pytest.mark.parametrize("function", [keras_log1pexp, tensorflow_log1pexp])
def test_custom_gradient_to_second_order(function):
    f, x = ops.custom_gradient(function), np.float64(0.5)
    sigmoid = 1 / (1 + np.exp(-0.5))
    np.testing.assert_allclose(float(f(x)), np.log1p(np.exp(0.5)))
    np.testing.assert_allclose(float(grad(f)(x)), sigmoid)
    np.testing.assert_allclose(float(grad(grad(f))(x)), sigmoid * (1 - sigmoid))
    assert float(grad(f)(100.0)) == 1


def test_custom_gradient_of_several_outputs():
    @ops.custom_gradient
    def both(x):
        return (x, x * x), lambda g1, g2: 10 * g1 + 100 * g2 * x

    assert float(grad(lambda x: both(x)[0] + both(x)[1])(2.0)) == 210


def test_custom_gradient_of_several_arguments():
    @ops.custom_gradient
    def product(x, y):
        return x * y, lambda upstream: (upstream * y * 10, None)

    dx, dy = grad(product, argnums=(0, 1))(2.0, 3.0)
    assert (float(dx), float(dy)) == (30, 0)


def test_stop_gradient():
    x = np.float64(3.0)
    assert float(grad(lambda x: x * arraynet.ops.stop_gradient(x))(x)) == 3
    assert float(grad(arraynet.ops.stop_gradient)(x)) == 0


def network(w, v):
    return lambda x: ops.tanh(ops.sin(w * x) * v) * w


@pytest.fixture
def weights():
    return Variable(np.float64(3.0)), Variable(np.float64(2.0), trainable=False)


def test_checkpoint_changes_no_number(weights):
    plain, x = network(*weights), np.float64(0.4)
    saved = checkpoint(plain)
    assert float(saved(x)) == float(plain(x))
    assert float(grad(saved)(x)) == float(grad(plain)(x))
    np.testing.assert_allclose(float(grad(grad(saved))(x)), float(grad(grad(plain))(x)))
    np.testing.assert_allclose(float(grad(grad(grad(saved)))(x)), float(grad(grad(grad(plain)))(x)))
    np.testing.assert_allclose(float(jvp(saved, (x,), (1.0,))[1]), float(jvp(plain, (x,), (1.0,))[1]))


def test_variables_inside_a_checkpoint_to_second_order(weights):
    found = []
    for f in (network(*weights), checkpoint(network(*weights))):
        w, v = weights
        with GradientTape(persistent=True) as outer:
            with GradientTape() as inner:
                inner.watch(v)
                y = f(ops.array(np.float64(0.4)))
            dw, dv = inner.gradient(y, [w, v])
        found.append([float(g) for g in (dw, dv, outer.gradient(dw, w), outer.gradient(dv, w))])
    np.testing.assert_allclose(found[1], found[0])


def test_a_variable_given_and_read_counts_once_each_way():
    w = Variable(np.float64(3.0))
    assert float(grad(checkpoint(lambda x: x * w))(w)) == 6


def test_checkpoints_nest(weights):
    plain, x = network(*weights), np.float64(0.4)
    nested = checkpoint(lambda x: checkpoint(plain)(x) * x)
    np.testing.assert_allclose(float(grad(nested)(x)), float(grad(lambda x: plain(x) * x)(x)))


def test_checkpoint_of_structures():
    f = checkpoint(lambda p: {"s": p["a"] + p["b"], "m": p["a"] * p["b"]})
    dp = grad(lambda p: f(p)["s"] + f(p)["m"])({"a": 2.0, "b": 3.0})
    assert (float(dp["a"]), float(dp["b"])) == (4, 3)


def test_a_checkpoint_is_called_as_its_function_is():
    @checkpoint
    def scaled(x, n, flag=True, how=None, by=None):
        assert (type(n), flag, how) == (int, True, "so")
        return x**n * by["k"]

    x, k = np.float64(2.0), np.float64(0.1)
    for by in (0.1, np.float64(0.1), np.array(0.1)):
        value, dx = arraynet.value_and_grad(lambda x: scaled(x, 2, True, how="so", by={"k": by}))(x)  # noqa: B023
        assert (value.item(), dx.item()) == (4 * 0.1, 4 * 0.1)
    dx, dk = grad(lambda x, k: scaled(x, n=2, how="so", by={"k": k}), argnums=(0, 1))(x, k)
    assert (dx.item(), dk.item()) == (4 * 0.1, 4)


def test_what_the_host_gives_keeps_its_width_in_a_checkpoint():
    halves = checkpoint(lambda x, k: x * k)
    for k in (np.float64(0.5), np.array(0.5), [0.5]):
        assert arraynet.value_and_grad(lambda x: ops.sum(halves(x, k)))(2.0)[0].dtype == "float32"  # noqa: B023


def test_checkpoint_forgets_and_computes_again():
    x, outputs = Variable([0.1, 0.2]), Outputs()

    def deep(x):
        for _ in range(10):
            x = ops.sin(x)
        return x

    with GradientTape() as tape:
        y = checkpoint(deep)(x)
    assert len(tape._tape.nodes) == 1
    outputs.during(lambda: tape.gradient(y, x), ())
    assert outputs.names.count("sin") == 10


def test_a_checkpoint_does_not_compute_the_gradient_of_its_input():
    x, w, outputs = ops.ones((4, 3)), Variable(np.ones((3, 2), "float32")), Outputs()
    with GradientTape() as tape:
        y = checkpoint(lambda x: ops.matmul(x, w))(x)
    outputs.during(lambda: tape.gradient(y, w), ())
    assert outputs.names.count("matmul") == 2


def test_checkpoint_without_a_tape_is_the_function():
    outputs = Outputs()
    outputs.during(checkpoint(lambda x: ops.sin(x)), (ops.ones(2),))
    assert outputs.names == ["sin"]


def test_the_second_run_of_a_checkpoint_meets_the_same_random_numbers():
    generator, x = random.SeedGenerator(5), ops.ones(64)

    def noisy(x):
        return random.dropout(random.dropout(x * 1.0, 0.5, seed=generator) * 3.0, 0.5, seed=generator)

    with GradientTape() as tape:
        tape.watch(x)
        y = checkpoint(noisy)(x)
    position = generator.counter
    np.testing.assert_array_equal(tape.gradient(y, x), y)
    assert generator.counter == position
    assert 0 < np.count_nonzero(y) < 64


def test_gradients_of_checkpoints_inside_a_checkpoint_meet_the_same_random_numbers():
    def noisy(x, generator, wrap):
        inner = wrap(lambda x: ops.sum(random.dropout(x * x, 0.5, seed=generator)))
        return ops.sum(random.dropout(grad(inner)(x) * x, 0.5, seed=generator))

    def outer(wrap):
        generator = random.SeedGenerator(5)
        return grad(wrap(lambda x: noisy(x, generator, wrap)))(ops.array(np.linspace(1, 2, 32)))

    np.testing.assert_array_equal(outer(checkpoint), outer(lambda f: f))
