"""Linear algebra: what the table of cases cannot say."""

import numpy as np
import pytest

import arraynet
from arraynet import ops
from arraynet.testing.case import normal


def test_the_names_of_keras_are_found_on_either_level():
    for name in ("cholesky", "det", "eigh", "inv", "lstsq", "norm", "pinv", "qr", "solve", "svd"):
        assert getattr(ops, name) is getattr(ops.linalg, name)
    for name in ("relu", "softmax", "moments", "binary_crossentropy", "dot_product_attention"):
        assert getattr(ops, name) is getattr(ops.nn, name)


def test_one_vector_is_solved_for_every_matrix(backend):
    a, b = normal(3, 2, 2) + 2 * np.eye(2, dtype="float32"), normal(2)
    np.testing.assert_allclose(ops.solve(ops.array(a), ops.array(b)).numpy(), np.linalg.solve(a, b), rtol=1e-4)


@pytest.mark.parametrize("function", [ops.inv, ops.det, ops.slogdet, ops.cholesky, ops.eigh])
def test_matrices_that_are_not_square_are_refused(function, backend):
    with pytest.raises(ValueError, match=r"[Ss]quare|must be|shape"):
        function(ops.convert_to_tensor(normal(2, 3)))


@pytest.mark.parametrize(
    ("a", "b"), [((2, 2), (3,)), ((2, 2), (3, 2)), ((2, 2), ()), ((2, 3), (3,)), ((), (2, 2)), ((3, 2, 2), (3,))]
)
def test_right_hand_sides_that_do_not_fit_are_refused(a, b, backend):
    with pytest.raises(ValueError, match=r"solve: a holds square matrices, .*received shapes \(.*\) and \(.*\)\.$"):
        ops.solve(ops.ones(a), ops.ones(b))


def test_errors_name_the_op_and_the_shapes(backend):
    with pytest.raises(ValueError, match=r"inv: .*ingular.*\(2, 2\)"):
        ops.inv(ops.ones((2, 2)))
    with pytest.raises(ValueError, match=r"cholesky: .*positive"):
        ops.cholesky(ops.array([[1.0, 2.0], [2.0, 1.0]]))
    with pytest.raises(ValueError, match=r"mode must be one of 'reduced', 'complete', received 'full'"):
        ops.qr(ops.ones((2, 2)), mode="full")


def test_factors_multiply_back(backend):
    x = ops.convert_to_tensor(normal(2, 5, 3))
    q, r = ops.qr(x)
    u, s, vh = ops.svd(x, full_matrices=False)
    square = ops.matmul(ops.swapaxes(x, -1, -2), x)
    low = ops.cholesky(square)
    w, v = ops.eigh(square)
    for product, expected in [
        (q @ r, x),
        (u * ops.expand_dims(s, -2) @ vh, x),
        (low @ ops.swapaxes(low, -1, -2), square),
        (v * ops.expand_dims(w, -2) @ ops.swapaxes(v, -1, -2), square),
    ]:
        np.testing.assert_allclose(product.numpy(), expected.numpy(), atol=1e-12)


def test_derivatives_that_do_not_exist_are_errors_with_a_way_out(backend):
    x = ops.convert_to_tensor(normal(3, 2))
    with pytest.raises(ValueError, match=r"qr: no derivative.*Use mode='reduced'"):
        arraynet.grad(lambda x: ops.sum(ops.qr(x, mode="complete")[0]))(x)
    with pytest.raises(ValueError, match=r"svd: no derivative.*\(3, 2\).*full_matrices=False"):
        arraynet.grad(lambda x: ops.sum(ops.svd(x)[0]))(x)


def test_equal_eigenvalues_and_singular_values_have_a_gradient(backend):
    one = ops.eye(3, dtype="float64")
    np.testing.assert_allclose(arraynet.grad(lambda x: ops.sum(ops.eigh(x)[0]))(one).numpy(), np.eye(3), atol=1e-12)
    np.testing.assert_allclose(arraynet.grad(lambda x: ops.norm(x, ord="nuc"))(one).numpy(), np.eye(3), atol=1e-12)


@pytest.mark.parametrize("vectors", [lambda x: ops.eigh(x)[1], lambda x: ops.svd(x)[0]])
def test_vectors_of_equal_values_have_no_derivative(vectors, backend):
    one, x = ops.eye(3, dtype="float64"), ops.convert_to_tensor(normal(3, 3))
    assert np.isnan(arraynet.grad(lambda y: ops.sum(vectors(y) * x))(one).numpy()).all()  # it had been finite
    assert np.isnan(arraynet.jvp(vectors, (one,), (x,))[1].numpy()).all()


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_a_singular_matrix_has_the_cofactors_for_a_gradient_of_its_determinant(rank, backend):
    x = normal(3, 3)
    x[rank:] = x[:rank].sum(axis=0)
    cross = [np.cross(x[1], x[2]), np.cross(x[2], x[0]), np.cross(x[0], x[1])]
    np.testing.assert_allclose(arraynet.grad(ops.det)(ops.convert_to_tensor(x)).numpy(), cross, atol=1e-12)
    assert np.isnan(arraynet.grad(ops.det)(ops.convert_to_tensor(x * np.nan)).numpy()).all()


def test_derivatives_that_need_an_inverse_name_the_op(backend):
    one = ops.ones((2, 2))
    for function, words in (
        (lambda x: ops.sum(arraynet.grad(ops.det)(x)), "det: its second derivative"),
        (lambda x: ops.slogdet(x)[1], "slogdet: its derivative"),
        (ops.logdet, "slogdet: its derivative"),
    ):
        with pytest.raises(ValueError, match=rf"^{words} needs the inverse, .*ingular.*\(2, 2\)"):
            arraynet.grad(function)(one)


def test_a_large_determinant_by_its_logarithm(backend):
    sign, logarithm = ops.slogdet(ops.eye(40, dtype="float32") * -1e3)
    assert float(sign) == 1
    np.testing.assert_allclose(float(logarithm), 40 * np.log(1e3), rtol=1e-6)


def test_the_gradient_of_a_norm_at_zero_is_zero(backend):
    zeros = ops.zeros(3)
    for options in ({}, {"ord": 2}, {"axis": 0, "keepdims": True}):
        assert arraynet.grad(lambda x, o=options: ops.sum(ops.norm(x, **o)))(zeros).numpy().tolist() == [0, 0, 0]


def test_norms_that_do_not_exist(backend):
    with pytest.raises(ValueError, match="vectors have no norm ord='fro'"):
        ops.norm(ops.ones(3), ord="fro")
    with pytest.raises(ValueError, match=r"matrices have norms .* received ord=3"):
        ops.norm(ops.ones((3, 3)), ord=3)
    with pytest.raises(ValueError, match="along one axis or two"):
        ops.norm(ops.ones((3, 3, 3)), ord=2)


@pytest.mark.parametrize("shape", [(3, 0), (0, 3)])
def test_norms_and_the_rank_of_nothing_are_zero(shape, backend):
    nothing = ops.zeros(shape)
    for ord in (1, 2, np.inf, "fro", "nuc"):
        assert ops.norm(nothing, ord=ord, axis=(0, 1)).numpy().tolist() == 0
    assert ops.norm(nothing, ord=np.inf, axis=shape.index(0)).numpy().tolist() == [0, 0, 0]
    assert ops.matrix_rank(nothing).numpy().tolist() == 0


def test_the_norm_of_integers_is_floating(backend):
    y = ops.norm(ops.array([3, 4]))
    assert y.dtype == "float32"
    assert float(y) == 5


def test_lstsq_finds_the_line(backend):
    x = np.linspace(0, 1, 7)
    found = ops.lstsq(ops.convert_to_tensor(np.stack([x, np.ones(7)], -1)), 3 * x - 2)
    np.testing.assert_allclose(found.numpy(), [3, -2], rtol=1e-12)
