"""What is recorded and what is not; and that a recorded product asks cuBLAS for the right thing."""

import ctypes
from types import SimpleNamespace

import numpy as np
import pytest

from arraynet.program import Instruction, Value

pytest.importorskip("arraynet_cupy", reason="the plugin arraynet-cupy is not installed")


def program(name, *args, hosts=()):
    instruction = Instruction(name, None, args, {}, (Value(99, np.ones(3)),))
    return SimpleNamespace(instructions=[instruction] * 5, host_values=lambda: list(hosts))


@pytest.fixture
def reason(cupy):
    from arraynet_cupy.recording import reason

    return lambda *args, **options: reason(program(*args, **options))


def test_numbers_of_the_host_are_read_by_kernels_that_can(reason):
    x, h = Value(0, np.ones(3)), Value(1, 0.5, True)
    assert reason("group", x, h, hosts=[h]) == ""
    assert reason("multiply", x) == ""
    assert reason("multiply", x, h, hosts=[h]) == "multiply takes numbers of the host"
    assert reason("group", x, hosts=[Value(k, 0.5, True) for k in range(501)]) == "too much takes numbers of the host"


def test_what_is_not_known_is_not_recorded(reason):
    x = Value(0, np.ones(3))
    assert reason("nonzero", x) == "nonzero may wait for the device, or read memory of the host"
    assert reason("stack", [x] * 8) == ""
    assert reason("stack", [x] * 9) == "stack may wait for the device, or read memory of the host"


def test_every_kernel_of_an_op_is_recorded(cupy):
    from arraynet_cupy.native import KERNELS
    from arraynet_cupy.recording import QUEUEING

    assert {f"kernel.{name}" for name in KERNELS} <= QUEUEING


class Library:
    """cuBLAS' product by that of the host device; leading dimensions are looked at."""

    def cublasGemmEx(  # noqa: N802
        self, handle, ta, tb, m, n, k, alpha, a, a_type, lda, b, b_type, ldb, beta, c, c_type, ldc, compute, algorithm
    ):
        from cupy_host.libraries import _gemm

        assert lda >= (k if ta else m)
        assert ldb >= (n if tb else k)
        assert ldc >= m
        first, last = (ctypes.addressof(x._obj) for x in (alpha, beta))
        _gemm(
            handle, ta, tb, m, n, k, first, a.value, a_type, lda, b.value, b_type, ldb, last, c.value, c_type, ldc,
            compute, algorithm,
        )  # fmt: skip
        return 0


def layouts(cupy, rng, rows, columns, dtype):
    big = cupy.asarray(rng.normal(size=(2 * rows + 1, 2 * columns + 1)).astype(dtype))
    turned = cupy.asarray(rng.normal(size=(columns, rows)).astype(dtype))
    return [
        cupy.ascontiguousarray(big[:rows, :columns]), turned.T, big[1 : rows + 1, 1 : columns + 1],
        big[: 2 * rows : 2, : 2 * columns : 2], big[:rows, :columns][::-1, ::-1],
        cupy.broadcast_to(big[:1, :columns], (rows, columns)),
    ]  # fmt: skip


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_recorded_product_is_that_of_the_matrices_however_they_lie(cupy, host, near, dtype):
    from arraynet_cupy.products import _recorded

    rng = np.random.default_rng(0)
    for m, k, n in ((1, 1, 1), (1, 5, 2), (5, 1, 2), (2, 5, 1), (3, 4, 5)):
        for x in layouts(cupy, rng, m, k, dtype):
            for y in layouts(cupy, rng, k, n, dtype):
                expected = x.get().astype("float64") @ y.get().astype("float64")
                near(_recorded((Library(), None), x, y), expected.astype(dtype), dtype)


@pytest.mark.parametrize("shapes", [((2, 3, 4), (2, 4, 5)), ((0, 3), (3, 2)), ((3,), (3, 2))])
def test_other_products_are_not_recorded(cupy, host, shapes):
    from arraynet_cupy.products import UnrecordableError, _recorded

    with pytest.raises(UnrecordableError, match="a product of float32"):
        _recorded((Library(), None), *(cupy.ones(shape, "float32") for shape in shapes))


def test_while_a_program_is_recorded_products_go_there(cupy, host, monkeypatch):
    from arraynet_cupy import products

    monkeypatch.setattr(products, "_recorded", lambda handle, x, y: (handle, x, y))
    token = products._HANDLE.set("handle")
    try:
        assert products.matmul(1, 2) == ("handle", 1, 2)
    finally:
        products._HANDLE.reset(token)
