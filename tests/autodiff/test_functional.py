"""grad, value_and_grad, vjp, jvp, jacobian, hessian and hvp: JAX's signatures, any order, any structure."""

from collections import namedtuple

import numpy as np
import pytest

import arraynet
from arraynet import Variable, grad, hessian, hvp, jacobian, jvp, ops, value_and_grad, vjp

pytestmark = pytest.mark.usefixtures("backend")
Pair = namedtuple("Pair", "left right")


def tensor(*values, dtype="float64"):
    return ops.array(np.array(values, dtype))


def wave(x):
    return ops.sum(ops.sin(x) * x)


def test_grad_of_a_scalar_function():
    x = tensor(0.3, 0.7)
    np.testing.assert_allclose(grad(wave)(x), np.sin(x.numpy()) + x.numpy() * np.cos(x.numpy()))
    assert float(grad(lambda x: x**3)(2.0)) == 12


def test_value_and_grad():
    y, dx = value_and_grad(lambda x: ops.sum(x * x))(tensor(3.0, 4.0))
    assert float(y) == 25
    np.testing.assert_array_equal(dx, [6, 8])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("make", [np.array, lambda x: ops.array(x), lambda x: Variable(x)])
def test_arguments_may_be_arrays_tensors_or_variables(make, dtype):
    x = make(np.array([3.0, 4.0], dtype))
    dx = grad(lambda x: ops.sum(x * x))(x)
    assert dx.dtype == dtype
    np.testing.assert_array_equal(dx, [6, 8])


@pytest.mark.parametrize("f", [lambda x: ops.sum(x * x), lambda x: ops.sum(x * ops.reshape(x, -1))])
def test_a_pull_back_does_not_see_what_is_written_into_an_argument_later(f):
    host = np.array([3.0, 4.0])
    _, pull = vjp(f, host)
    host[:] = 0
    np.testing.assert_array_equal(pull(ops.ones((), "float64"))[0], [6, 8])


@pytest.mark.parametrize("made", [arraynet.grad, arraynet.value_and_grad, arraynet.jacobian])
def test_the_value_of_a_function_has_no_gradient(made):
    with pytest.raises(TypeError, match=r"is that of a function, received Tensor; f and x go as grad\(f\)\(x\)"):
        made(ops.sin(1.0))(1.0)


def test_argnums():
    def f(a, b, c):
        return a * b * b + c

    assert float(grad(f, argnums=1)(2.0, 3.0, 1.0)) == 12
    assert [float(g) for g in grad(f, argnums=(1, 0))(2.0, 3.0, 1.0)] == [12, 9]
    assert isinstance(grad(f, argnums=(0,))(2.0, 3.0, 1.0), tuple)
    assert float(grad(f, argnums=-1)(2.0, 3.0, 1.0)) == 1
    assert float(grad(f, argnums=np.int64(1))(2.0, 3.0, 1.0)) == 12
    with pytest.raises(ValueError, match="argnums=3 must be positions among 3 arguments"):
        grad(f, argnums=3)(1.0, 2.0, 3.0)
    for twice in ((0, 0), (1, -2)):
        with pytest.raises(ValueError, match="must be positions among 3 arguments, each once"):
            grad(f, argnums=twice)(1.0, 2.0, 3.0)


def test_other_arguments_are_passed_on_as_they_are():
    def f(x, n, *, scale):
        assert type(n) is int
        return x**n * scale

    assert float(grad(f)(2.0, 3, scale=10)) == 120
    assert float(jacobian(f)(2.0, 3, scale=10)) == 120


def test_has_aux():
    def f(x):
        return ops.sum(x * x), {"double": 2 * x}

    x = tensor(1.0, 2.0)
    dx, aux = grad(f, has_aux=True)(x)
    np.testing.assert_array_equal(dx, [2, 4])
    np.testing.assert_array_equal(aux["double"], [2, 4])
    (y, aux), dx = value_and_grad(f, has_aux=True)(x)
    assert float(y) == 5
    np.testing.assert_array_equal(aux["double"], [2, 4])
    out, pull, aux = vjp(f, x, has_aux=True)
    np.testing.assert_array_equal(pull(ops.ones_like(out))[0], [2, 4])
    jac, aux = jacobian(lambda x: (x * x, "aux"), has_aux=True)(x)
    np.testing.assert_array_equal(jac, [[2, 0], [0, 4]])
    assert aux == "aux"


def test_nested_structures():
    parameters = {"b": [tensor(1.0, 2.0), (tensor(3.0),)], "a": Pair(tensor(2.0), tensor(5.0))}

    def f(p):
        return ops.sum(p["b"][0]) * ops.sum(p["b"][1][0]) * ops.sum(p["a"].left) + ops.sum(p["a"].right)

    dp = grad(f)(parameters)
    assert list(dp) == ["b", "a"]
    assert isinstance(dp["a"], Pair)
    assert isinstance(dp["b"][1], tuple)
    np.testing.assert_array_equal(dp["b"][0], [6, 6])
    np.testing.assert_array_equal(dp["a"].left, [9])
    np.testing.assert_array_equal(dp["a"].right, [1])


def test_unconnected_arguments_give_zeros():
    _, dy = grad(lambda x, y: ops.sum(x), argnums=(0, 1))(tensor(1.0), tensor(1.0, 2.0))
    np.testing.assert_array_equal(dy, [0, 0])
    assert float(grad(lambda x: tensor(1.0)[0])(2.0)) == 0


def test_what_grad_refuses():
    with pytest.raises(TypeError, match=r"returns a floating scalar, this one returned float64 of shape \(2,\)"):
        grad(lambda x: x)(tensor(1.0, 2.0))
    with pytest.raises(TypeError, match="returned tuple"):
        grad(lambda x: (x, x))(1.0)
    with pytest.raises(TypeError, match="returned int32"):
        grad(lambda x: ops.cast(x, "int32"))(1.0)
    with pytest.raises(TypeError, match="returns Tensors, received float"):
        grad(lambda x: 1.0)(1.0)
    for wrong in (3, np.arange(3), ops.array([1, 2]), True):
        with pytest.raises(TypeError, match="Gradients need floating inputs"):
            grad(lambda x: ops.sum(x * 1.0))(wrong)


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_any_order(order):
    def f(x):
        return x**5

    for _ in range(order):
        f = grad(f)
    expected = np.prod(range(6 - order, 6)) * 1.5 ** (5 - order)
    np.testing.assert_allclose(float(f(np.float64(1.5))), expected)


def test_third_derivative_of_a_network():
    """The number is JAX's, in float64."""
    w = np.array([[0.1, -0.2], [0.3, 0.4]])

    def f(x):
        return ops.sum(ops.tanh(ops.matmul(ops.sigmoid(ops.matmul(x, w)), w)))

    def slope(g):
        return lambda x: ops.sum(grad(g)(x))

    np.testing.assert_allclose(float(slope(slope(slope(f)))(tensor(0.5, -1.0))), 0.00017989549805692037, rtol=1e-11)


def test_vjp():
    out, pull = vjp(lambda x, y: (x * y, ops.sum(x)), tensor(1.0, 2.0), tensor(3.0, 4.0))
    dx, dy = pull((tensor(1.0, 10.0), np.float64(100.0)))
    np.testing.assert_array_equal(out[0], [3, 8])
    np.testing.assert_array_equal(dx, [103, 140])
    np.testing.assert_array_equal(dy, [1, 20])
    again, _ = pull((tensor(0.0, 0.0), 1.0))
    np.testing.assert_array_equal(again, [1, 1])
    with pytest.raises(ValueError, match="2 outputs need as many output gradients, received 1"):
        pull([1.0])
    with pytest.raises(ValueError, match="they must agree"):
        pull((tensor(1.0), 1.0))


def test_the_pull_back_is_differentiable_in_both_its_parts():
    def pulled(x, g):
        _, pull = vjp(lambda y: y**4, x)
        return pull(g)[0]

    assert float(pulled(np.float64(2.0), 1.0)) == 32
    assert [float(g) for g in grad(pulled, (0, 1))(np.float64(2.0), np.float64(3.0))] == [144, 32]
    assert float(grad(grad(pulled))(np.float64(2.0), 1.0)) == 48


def test_jvp():
    y, dy = jvp(lambda x: x * x, (3.0,), (1.0,))
    assert (float(y), float(dy)) == (9, 6)
    x, v = tensor(0.3, 0.7), tensor(1.0, -2.0)
    y, dy = jvp(ops.sin, (x,), (v,))
    np.testing.assert_allclose(dy, np.cos(x.numpy()) * v.numpy())
    _, tangent = jvp(lambda p: {"s": p[0] * p[1], "i": ops.cast(p[0], "int32")}, ([x, v],), ([v, x],))
    np.testing.assert_allclose(tangent["s"], v.numpy() ** 2 + x.numpy() ** 2)
    assert tangent["i"].dtype == "int32"


def test_jvp_of_a_gradient_and_gradient_of_a_jvp():
    x, v = tensor(0.3, 0.7), tensor(1.0, -2.0)
    _, forward_over_reverse = jvp(grad(wave), (x,), (v,))
    reverse_over_forward = grad(lambda x: jvp(wave, (x,), (v,))[1])(x)
    np.testing.assert_allclose(forward_over_reverse, hvp(wave)(x, v))
    np.testing.assert_allclose(reverse_over_forward, hvp(wave)(x, v))


def test_jvp_of_unconnected_outputs_is_zero():
    _, (da, db) = jvp(lambda x: (x * 2, tensor(1.0, 2.0)), (tensor(1.0),), (tensor(1.0),))
    np.testing.assert_array_equal(da, [2])
    np.testing.assert_array_equal(db, [0, 0])


def test_tangents_match_their_primals():
    with pytest.raises(ValueError, match=r"shapes of primals, \[\(2,\)\], received \[\(3,\)\]"):
        jvp(ops.sin, (np.ones(2),), (np.ones(3),))
    with pytest.raises(ValueError, match=r"jvp: tangents must have the shapes of primals, \[\(2,\)\], received \[\]"):
        jvp(ops.sin, (np.ones(2),), ())
    with pytest.raises(TypeError, match=r"jvp\(f, \(x,\), \(dx,\)\). Received 3.0 and 1.0"):
        jvp(ops.sin, 3.0, 1.0)


@pytest.mark.parametrize("v", [1.0, np.ones((3, 1)), [np.ones(2)] * 2])
def test_the_direction_of_hvp_has_the_shape_of_its_point(v):
    with pytest.raises(ValueError, match=r"hvp: v must have the shapes of x, \[\(2,\)\], received"):
        hvp(lambda x: ops.sum(x**3))(tensor(1.0, 2.0), v)


def test_jacobian():
    x = tensor(1.0, 2.0)
    jac = jacobian(lambda x: ops.stack([x[0] * x[1], x[0], ops.sum(x * x)]))(x)
    np.testing.assert_array_equal(jac, [[2, 1], [1, 0], [2, 4]])
    a, b = jacobian(lambda a, b: a * b, argnums=(0, 1))(x, tensor(5.0, 6.0))
    np.testing.assert_array_equal(b, [[1, 0], [0, 2]])
    np.testing.assert_array_equal(a, [[5, 0], [0, 6]])


def test_jacobian_of_structures():
    x = {"u": tensor(1.0, 2.0), "v": tensor(3.0)}
    jac = jacobian(lambda p: (p["u"] * p["v"], p["v"]))(x)
    np.testing.assert_array_equal(jac[0]["u"], [[3, 0], [0, 3]])
    np.testing.assert_array_equal(jac[0]["v"], [[1], [2]])
    np.testing.assert_array_equal(jac[1]["u"], [[0, 0]])


def test_hessian():
    x = tensor(1.0, 2.0)
    np.testing.assert_array_equal(hessian(lambda x: x[0] ** 2 * x[1])(x), [[4, 2], [2, 0]])
    assert float(hessian(lambda x: x**3)(2.0)) == 12
    blocks = hessian(lambda x, y: ops.sum(x * y), argnums=(0, 1))(x, x)
    np.testing.assert_array_equal(blocks[0][1], np.eye(2))
    np.testing.assert_array_equal(blocks[1][1], np.zeros((2, 2)))


def test_hvp_of_a_structure_never_forms_the_hessian():
    x, v = {"a": tensor(1.0, 2.0), "b": tensor(3.0)}, {"a": tensor(1.0, 0.0), "b": tensor(2.0)}
    product = hvp(lambda p: ops.sum(p["a"] ** 3) + ops.sum(p["b"]) * ops.sum(p["a"]))(x, v)
    np.testing.assert_array_equal(product["a"], [6 + 2, 2])
    np.testing.assert_array_equal(product["b"], [1])


def test_hvp_of_a_linear_function_is_zero():
    np.testing.assert_array_equal(hvp(ops.sum)(tensor(1.0, 2.0), tensor(1.0, 1.0)), [0, 0])


def test_variables_that_are_closed_over_are_constants():
    w = Variable(3.0)
    assert float(grad(lambda x: x * w)(2.0)) == 3


def test_variables_among_the_arguments_are_watched_in_place():
    w = Variable(np.array([1.0, 2.0]))
    kernel = {"w": w, "x": tensor(2.0, 2.0)}
    dk = grad(lambda k: ops.sum(k["w"] * w * k["x"]))(kernel)
    np.testing.assert_array_equal(dk["w"], [4, 8])


def test_a_tape_sees_through_the_functional_interface():
    x = Variable(2.0)
    with arraynet.GradientTape() as tape:
        dy = grad(lambda y: y**3)(x * 1.0)
    assert float(tape.gradient(dy, x)) == 12


def test_the_derivative_runs_where_its_arguments_live():
    with arraynet.use_backend("numpy"):
        x = ops.ones(2)
    dx = grad(lambda x: ops.sum(x * ops.ones(2)))(x)
    assert dx.backend.name == "numpy"


def test_jvp_hands_through_what_is_auxiliary():
    y, dy, aux = ops.jvp(lambda x: (x * x, "seen"), (3.0,), (2.0,), has_aux=True)
    assert (float(y), float(dy), aux) == (9.0, 12.0, "seen")


@pytest.mark.parametrize("argnums", ["w", 1.0, None, (0, "w")])
def test_argnums_are_positions(argnums):
    with pytest.raises(ValueError, match=r"must be positions among 1 arguments; f and x go as grad\(f\)\(x\)"):
        arraynet.grad(ops.sum, argnums)(np.ones(3))


def test_a_function_that_leaves_the_library_is_told_where_to_stay():
    with pytest.raises(TypeError, match=r"received float64\. Compute it in arraynet.ops all the way: np.sum\(x\)"):
        arraynet.grad(lambda x: np.sum(np.exp(x)))(np.ones(3))
