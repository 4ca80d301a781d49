"""Level 2: NVIDIA's own compiler accepts every kernel, for every generation of GPUs; it needs none of them."""

import importlib.util
import math
import re

import numpy as np
import pytest

import arraynet
from arraynet import ops
from arraynet.program import jit

from .test_kernels import EACH
from .test_programs import DTYPES, traced

pytest.importorskip("arraynet_cupy", reason="the plugin arraynet-cupy is not installed")
GENERATIONS = ("75", "80", "90", "120")


@pytest.fixture
def nvrtc(cupy, host, monkeypatch):
    """A function that compiles a text with options for a generation."""
    if importlib.util.find_spec("nvidia") is None or importlib.util.find_spec("nvidia.cuda_nvrtc") is None:
        pytest.skip("nvidia-cuda-nvrtc-cu12 is not installed")
    from cupy.cuda import compiler

    plain = compiler._get_arch_for_options_for_nvrtc  # it asks for the device, unless it is unwrapped
    monkeypatch.setattr(compiler, "_get_arch_for_options_for_nvrtc", getattr(plain, "__wrapped__", plain))

    def compiled(text, options):
        for generation in GENERATIONS:
            cubin, _ = compiler.compile_using_nvrtc(text, (*options, "-ftz=true"), arch=generation)
            assert cubin[:4] == b"\x7fELF"

    return compiled


@pytest.fixture
def seen(host):
    """Texts and options of the kernels that CuPy has asked for."""
    from cupy_host.kernels import seen

    return seen


def test_it_refuses_what_is_wrong(nvrtc, cupy):
    with pytest.raises(cupy.cuda.compiler.CompileException, match="undeclared"):
        nvrtc('extern "C" __global__ void wrong(float* x) { x[0] = undeclared; }', ())


@pytest.mark.parametrize(("name", "dtype"), EACH)
def test_kernels_written_by_hand(nvrtc, cupy, seen, name, dtype):
    from arraynet_cupy import native, scatter, words  # noqa: F401
    from arraynet_cupy.registry import REGISTRY

    kernel = REGISTRY[name]
    args = next(iter(kernel.samples(dtype)))
    kernel.run(*[cupy.asarray(a) if isinstance(a, np.ndarray) else a for a in args])
    texts = [entry for entry in seen if kernel.text(dtype) in entry[0]]
    assert texts
    nvrtc(*texts[0])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_error_function(nvrtc, cupy, seen, near, dtype):
    x = np.linspace(-3, 3, 7, dtype=dtype)
    y = arraynet.plugins.load("cupy").xp.erf(cupy.asarray(x))
    near(y, np.array([math.erf(v) for v in x], dtype), dtype)
    kernels = [entry for entry in seen if "arraynet_erf" in entry[0]]
    assert kernels
    for kernel in kernels:
        nvrtc(*kernel)


@pytest.fixture
def rounding(nvrtc, cupy, monkeypatch):
    """A function that gives the instructions that round floats of so many bits, in what NVRTC makes of a text."""
    monkeypatch.setattr(cupy.cuda.compiler, "_use_ptx", True)

    def instructions(text, options, bits):
        ptx, _ = cupy.cuda.compiler.compile_using_nvrtc(text, options, arch="80")
        return {s.decode() for s in re.findall(rb"\b(\w+\.(?:r[nzmp]|approx|full)[\w.]*)\.f%d\b" % bits, ptx)}

    return instructions


def test_products_and_sums_of_groups_are_rounded_one_by_one(rounding, seen, on_cupy):
    before = set(seen)
    weights = [arraynet.Variable(np.ones(shape, "float32")) for shape in ((3,), (5,), (7,))]

    @jit
    def step(x):
        for w in weights:
            w.assign(w * 0.731 + 0.17)
        return x * 0.731 + x * x

    for _ in range(2):
        step(np.ones((5, 4), "float32"))
    made = [entry for entry in seen if entry not in before and ("group_" in entry[0] or "merged_" in entry[0])]
    assert len(made) == 2
    for text, options in made:
        assert rounding(text, options, 32) == {"mul.rn", "add.rn"}
        assert any("fma.rn" in name for name in rounding(text, tuple(o for o in options if "fmad" not in o), 32))


def test_normal_numbers_are_made_of_what_ieee_754_rounds_in_one_way(rounding, cupy, seen):
    """So the same bits come out on a GPU, of which the CPU alone would be no proof."""
    from arraynet_cupy.words import random_normals

    random_normals((1, 2), 0, 9, 0.0, 1.0)
    text, options = next(entry for entry in seen if "void normals(" in entry[0])

    assert rounding(text, options, 64) == {"add.rn", "sub.rn", "mul.rn", "div.rn", "sqrt.rn", "cvt.rn"}
    assert "fma.rn" in rounding(text, tuple(o for o in options if "fmad" not in o), 64)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_expression(nvrtc, cupy, seen, dtype):
    from arraynet_cupy.groups import Pointwise

    instructions, arrays = traced(dtype)
    work = Pointwise(arrays[0].shape, instructions, [v for i in instructions for v in i.outs])
    work(*[cupy.asarray(arrays[v.index]) for v in work.inputs])
    nvrtc(*next(entry for entry in seen if work.text in entry[0]))


def test_generated_kernels(nvrtc, cupy, seen, on_cupy):
    before = set(seen)
    weights = [arraynet.Variable(np.ones(shape, "float32")) for shape in ((3, 4), (4,))]
    optimizer = arraynet.optimizers.Adam(0.01)

    @jit
    def step(x):
        with arraynet.GradientTape() as tape:
            loss = ops.mean(ops.gelu(ops.tanh(x @ weights[0] + weights[1]), approximate=False))
        optimizer.apply(tape.gradient(loss, weights), weights)
        return loss

    for _ in range(3):  # the slots are made, the step is captured, and replayed
        step(np.ones((5, 3), "float32"))
    made = [entry for entry in seen if entry not in before and ("group_" in entry[0] or "merged_" in entry[0])]
    assert {"group_", "merged_"} == {word for word in ("group_", "merged_") for text, _ in made if word in text}
    for text, options in made:
        nvrtc(text, options)
