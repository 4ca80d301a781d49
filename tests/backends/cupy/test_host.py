"""The host device: it runs CuPy, counts what costs time on a GPU, and finds what a GPU would punish."""

import subprocess
import sys

import numpy as np
import pytest


def test_cupy_computes(cupy, host, near):
    x = np.linspace(-2, 2, 12, dtype="float32").reshape(3, 4)
    near(cupy.exp(cupy.asarray(x)) @ cupy.asarray(x.T), np.exp(x) @ x.T)
    near(cupy.asarray(x)[:, ::-2].sum(axis=0), x[:, ::-2].sum(axis=0))
    assert host.installed()
    assert host.install() is cupy


def test_copies_launches_and_synchronisations_are_counted(cupy, counted):
    x = cupy.ones((3, 4), "float32")
    assert counted(cupy.asarray, np.ones(3)) == {"uploads": 1}
    assert counted(cupy.asnumpy, x)["downloads"] == 1
    assert counted(float, x[0, 0])["syncs"] >= 1
    assert counted(cupy.add, x, x)["launches"] == 1
    assert counted(cupy.matmul, x, x.T) == {"products": 1}
    assert counted(bool, (x > 0).any())["downloads"] == 1


@pytest.mark.parametrize("threads", [16, 40])
def test_a_write_past_the_end_is_an_error(cupy, host, threads):
    fill = cupy.RawKernel('extern "C" __global__ void fill(float* x) { x[threadIdx.x] = 1; }', "fill")
    with host.guarded():
        x = cupy.zeros(16, "float32")
        if threads == 16:
            fill((1,), (threads,), (x,))
        else:
            with pytest.raises(host.HostDeviceError, match="'fill' wrote past the end of a device allocation of 64"):
                fill((1,), (threads,), (x,))
    assert cupy.asnumpy(x).tolist() == [1] * 16


def test_a_barrier_that_some_threads_miss_is_an_error(cupy, host):
    text = 'extern "C" __global__ void miss(float* x) { if (threadIdx.x < 3) __syncthreads(); x[threadIdx.x] = 1; }'
    with pytest.raises(host.HostDeviceError, match="others have left the kernel"):
        cupy.RawKernel(text, "miss")((1,), (4,), (cupy.zeros(4, "float32"),))


def test_a_missing_barrier_shows_when_threads_run_in_reverse(cupy, host):
    text = """extern "C" __global__ void shift(float* y, const float* x) {
      __shared__ float s[64]; s[threadIdx.x] = x[threadIdx.x]; %s y[threadIdx.x] = s[(threadIdx.x + 1) %% 64]; }"""
    x = cupy.arange(64, dtype="float32")
    for barrier, same in (("__syncthreads();", True), ("", False)):
        kernel, results = cupy.RawKernel(text % barrier, "shift"), []
        for context in (None, host.reversed_threads()):
            y = cupy.zeros(64, "float32")
            if context is None:
                kernel((1,), (64,), (y, x))
            else:
                with context:
                    kernel((1,), (64,), (y, x))
            results.append(cupy.asnumpy(y).tolist())
        assert (results[0] == results[1]) == same
        assert (results[0] == np.roll(np.arange(64.0), -1).tolist()) == same


def test_a_raw_kernel_has_none_of_cupys_types(cupy, host):
    kernel = cupy.RawKernel('extern "C" __global__ void narrow(float16* x) {}', "narrow")
    with pytest.raises(host.HostDeviceError, match="float16"):
        kernel.compile()


def test_errors_in_the_device_are_raised_and_not_printed(cupy, host, capfd):
    x = cupy.ones(4, "float32")
    with pytest.raises(host.HostDeviceError, match="kind 2"):
        cupy.cuda.runtime.memcpy(x.data.ptr, np.ones(4).ctypes.data, 16, 2)
    with pytest.raises(host.HostDeviceError, match=r"g\+\+ refuses"):
        cupy.RawKernel('extern "C" __global__ void wrong() { return undeclared; }', "wrong")((1,), (1,), ())
    with pytest.raises(MemoryError, match="Out of memory"):
        cupy.empty(1 << 50, "uint8")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("ask", "limit"),
    [
        (lambda cupy, x: cupy.sort(x), "sort, .*: Thrust"),
        (lambda cupy, x: cupy.argsort(x), "argsort, .*: Thrust"),
        (lambda cupy, x: cupy.unique(x), "unique, .*: Thrust"),
        (lambda cupy, x: cupy.median(x), "median, .*: Thrust"),
        (lambda cupy, x: cupy.linalg.inv(x), "inv, .*: cuSOLVER"),
        (lambda cupy, x: cupy.linalg.eigh(x), "eigh, .*: cuSOLVER"),
        (lambda cupy, x: cupy.linalg.det(x), "det; .*: cuBLAS"),
        (lambda cupy, x: cupy.linalg.svd(x), "svd, .*: cuSOLVER"),
        (lambda cupy, x: cupy.fft.fft(x), "fft: cuFFT"),
        (lambda cupy, x: cupy.random.default_rng(1), "default_rng, .*: cuRAND"),
        (lambda cupy, x: x.astype("int32") @ x.astype("int32"), "products of integers: NVRTC"),
    ],
)
def test_what_is_precompiled_is_refused_with_its_line_of_the_table(cupy, host, ask, limit):
    with pytest.raises(host.NotOnHostError, match=f"cannot run this .*{limit}.*try it on a GPU"):
        ask(cupy, cupy.eye(3, dtype="float32"))


def test_the_limits_are_printed(host):
    done = subprocess.run([sys.executable, "-m", "cupy_host"], cwd="tests/support", capture_output=True, text=True)
    assert done.stdout.count("\n") == len(host.LIMITS)
    assert "Thrust, precompiled in the wheel" in done.stdout


def test_capsules_of_another_cupy_are_refused(host):
    from cupy_backends.cuda.api import driver, runtime
    from cupy_host import capsules

    modules = {"runtime": runtime, "driver": driver}
    assert capsules.check(modules) == []
    table = dict(capsules.SIGNATURES["driver"])
    try:
        capsules.SIGNATURES["driver"] |= {"moduleUnload": "int (int)", "novel": "int ()"}
        first, second = capsules.check(modules)
    finally:
        capsules.SIGNATURES["driver"] = table
    assert first == "driver.moduleUnload is 'PyObject *(intptr_t)', expected 'int (int)'"
    assert second == "driver.novel is 'missing', expected 'int ()'"


def test_it_must_come_before_cupy(host):
    code = "import cupy, cupy_host; cupy_host.install()"
    done = subprocess.run([sys.executable, "-c", code], cwd="tests/support", capture_output=True, text=True)
    assert "HostDeviceError: cupy_host.install: CuPy was imported before." in done.stderr


def test_the_interpreter_ends_without_a_word(host):
    code = "import cupy_host; cupy = cupy_host.install(); x = cupy.ones(3); y = cupy.cuda.alloc_pinned_memory(9)"
    done = subprocess.run([sys.executable, "-c", code], cwd="tests/support", capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
