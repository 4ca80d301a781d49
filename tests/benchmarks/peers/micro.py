"""Single ops, each written once: `o` is a library's namespace, the arrays are that library's."""

from functools import partial
from importlib import import_module
from time import perf_counter
from types import SimpleNamespace


def layernorm(o, x, gain, bias):
    """As a user writes it, from small ops."""
    centred = x - o.mean(x, axis=-1, keepdims=True)
    variance = o.mean(centred * centred, axis=-1, keepdims=True)
    return centred / o.sqrt(variance + 1e-5) * gain + bias


CASES = {  # name: the op and the shapes of its arguments
    "add, relu 20x100": (lambda o, x, y: o.relu(x + y), (20, 100), (20, 100)),
    "add, relu 128x512": (lambda o, x, y: o.relu(x + y), (128, 512), (128, 512)),
    "softmax 128x10": (lambda o, x: o.softmax(x), (128, 10)),
    "matmul 8x784x512": (lambda o, x, y: o.matmul(x, y), (8, 784), (784, 512)),
    "matmul 128x784x512": (lambda o, x, y: o.matmul(x, y), (128, 784), (784, 512)),
    "matmul 512x512x512": (lambda o, x, y: o.matmul(x, y), (512, 512), (512, 512)),
    "sum 128x512": (lambda o, x: o.sum(x), (128, 512)),
    "sum 128x512 axis 0": (lambda o, x: o.sum(x, axis=0), (128, 512)),
    "layernorm 128x512": (layernorm, (128, 512), (512,), (512,)),
}


def namespace(library, threads):
    """The library's ops, what makes its arrays, and what compiles a function (JAX only)."""
    module = import_module("jax.numpy" if library == "jax" else library)
    if library not in ("numpy", "jax", "torch"):  # Keras's names
        return module.ops, module.ops.convert_to_tensor, lambda function: function
    ops = SimpleNamespace(**{name: getattr(module, name) for name in ("matmul", "mean", "sqrt", "sum")})
    if library == "jax":
        ops.relu, ops.softmax = import_module("jax.nn").relu, import_module("jax.nn").softmax
        return ops, module.asarray, import_module("jax").jit
    if library == "torch":
        module.set_num_threads(threads)
        ops.relu, ops.softmax = module.relu, partial(module.softmax, dim=-1)
        return ops, module.from_numpy, lambda function: function
    ops.relu = lambda x: module.maximum(x, 0)
    ops.softmax = lambda x: (e := module.exp(x - x.max(-1, keepdims=True))) / e.sum(-1, keepdims=True)
    return ops, module.asarray, lambda function: function


class Micro:
    """The cases for one library, checked against NumPy before they are timed."""

    def __init__(self, library, threads):
        import numpy as np  # not above: race.py imports CASES from here, and it stays small

        (ops, array, compiled), (reference, *_) = namespace(library, threads), namespace("numpy", threads)
        self.to_numpy, self.calls, rng = np.asarray, {}, np.random.default_rng(0)
        for label, (case, *shapes) in CASES.items():
            inputs = [rng.standard_normal(shape, "float32") for shape in shapes]
            call = partial(compiled(partial(case, ops)), *map(array, inputs))
            np.testing.assert_allclose(np.asarray(call()), case(reference, *inputs), 1e-3, 1e-3, err_msg=label)
            self.calls[label] = call

    def seconds(self, label, least=0.02):
        """A call's, over as many calls as take at least that long."""
        call, count, spent = self.calls[label], 1, 0.0
        while spent < least:
            count *= 2
            start = perf_counter()
            for _ in range(count):
                out = call()
            self.to_numpy(out)  # waits for it
            spent = perf_counter() - start
        return spent / count
