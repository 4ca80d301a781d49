"""The optimizers' steps: new weights and new slots in one pass, in the order of the formulas."""

from typing import Any

import numpy as np

from arraynet_numba.functions import power
from arraynet_numba.kernels.table import Run, covered, flat, kernel

TINY, GRAIN = 1e-30, 1e-25  # keep slots out of denormal numbers, as in the steps' generic forms


def stepped(run: Run, loop: Any, arrays: Any, *scalars: Any) -> Any:
    """Run a loop over weight, gradient and slots, numbers in their dtype, new weight and new slots."""
    w = arrays[0]
    if not covered(*arrays) or [a.shape for a in arrays].count(w.shape) < len(arrays):
        return NotImplemented
    new = [np.empty(w.shape, w.dtype) for _ in arrays[1:]]
    run(loop)(*flat(*arrays), *map(w.dtype.type, scalars), *flat(*new))
    return tuple(new)


def sgd_loop(w, g, rate, new_w):
    for i in range(w.size):
        new_w[i] = w[i] - g[i] * rate


def momentum_loop(w, g, v, rate, momentum, new_w, new_v):
    for i in range(w.size):
        new_v[i] = v[i] * momentum - g[i] * rate
        new_w[i] = w[i] + new_v[i]


def nesterov_loop(w, g, v, rate, momentum, new_w, new_v):
    for i in range(w.size):
        new_v[i] = v[i] * momentum - g[i] * rate
        new_w[i] = w[i] + new_v[i] * momentum - g[i] * rate


@kernel
def sgd_step(run: Run, *arrays: Any, learning_rate: Any, momentum: Any, nesterov: Any) -> Any:
    if len(arrays) == 2:
        return stepped(run, sgd_loop, arrays, learning_rate)
    return stepped(run, nesterov_loop if nesterov else momentum_loop, arrays, learning_rate, momentum)


def rmsprop_loop(w, g, square, rate, rho, rest, epsilon, new_w, new_square):
    tiny = w.dtype.type(TINY)
    for i in range(w.size):
        new_square[i] = square[i] * rho + (g[i] * g[i] + tiny) * rest
        new_w[i] = w[i] - g[i] * rate / np.sqrt(new_square[i] + epsilon)


def rmsprop_momentum_loop(w, g, square, v, rate, rho, rest, epsilon, momentum, new_w, new_square, new_v):
    tiny, grain = w.dtype.type(TINY), w.dtype.type(GRAIN)
    for i in range(w.size):
        new_square[i] = square[i] * rho + (g[i] * g[i] + tiny) * rest
        new_v[i] = v[i] * momentum + g[i] * rate / np.sqrt(new_square[i] + epsilon) + grain - grain
        new_w[i] = w[i] - new_v[i]


def centered_loop(w, g, square, mean, rate, rho, rest, epsilon, new_w, new_square, new_mean):
    tiny, grain = w.dtype.type(TINY), w.dtype.type(GRAIN)
    for i in range(w.size):
        new_square[i] = square[i] * rho + (g[i] * g[i] + tiny) * rest
        new_mean[i] = mean[i] * rho + g[i] * rest + grain - grain
        variance = new_square[i] - new_mean[i] * new_mean[i]
        new_w[i] = w[i] - g[i] * rate / np.sqrt(variance + epsilon)


def centered_momentum_loop(
    w, g, square, mean, v, rate, rho, rest, epsilon, momentum, new_w, new_square, new_mean, new_v
):
    tiny, grain = w.dtype.type(TINY), w.dtype.type(GRAIN)
    for i in range(w.size):
        new_square[i] = square[i] * rho + (g[i] * g[i] + tiny) * rest
        new_mean[i] = mean[i] * rho + g[i] * rest + grain - grain
        variance = new_square[i] - new_mean[i] * new_mean[i]
        new_v[i] = v[i] * momentum + g[i] * rate / np.sqrt(variance + epsilon) + grain - grain
        new_w[i] = w[i] - new_v[i]


RMSPROP_LOOPS = {  # by whether it is centered, and has momentum
    (False, False): rmsprop_loop,
    (False, True): rmsprop_momentum_loop,
    (True, False): centered_loop,
    (True, True): centered_momentum_loop,
}


@kernel
def rmsprop_step(
    run: Run, *arrays: Any, learning_rate: Any, rho: Any, momentum: Any, epsilon: Any, centered: Any
) -> Any:
    loop, shares = RMSPROP_LOOPS[bool(centered), bool(momentum)], [momentum] if momentum else []
    return stepped(run, loop, arrays, learning_rate, rho, 1 - rho, epsilon, *shares)


def adagrad_loop(w, g, squares, rate, epsilon, new_w, new_squares):
    for i in range(w.size):
        new_squares[i] = squares[i] + g[i] * g[i]
        new_w[i] = w[i] - g[i] * rate / np.sqrt(new_squares[i] + epsilon)


@kernel
def adagrad_step(run: Run, w: Any, g: Any, accumulator: Any, learning_rate: Any, epsilon: Any) -> Any:
    return stepped(run, adagrad_loop, (w, g, accumulator), learning_rate, epsilon)


def adadelta_loop(w, g, square, moved, rate, rho, rest, epsilon, new_w, new_square, new_moved):
    for i in range(w.size):
        new_square[i] = square[i] * rho + g[i] * g[i] * rest
        delta = g[i] * np.sqrt(moved[i] + epsilon) / np.sqrt(new_square[i] + epsilon)
        new_moved[i] = moved[i] * rho + delta * delta * rest
        new_w[i] = w[i] - delta * rate


@kernel
def adadelta_step(run: Run, w: Any, g: Any, square: Any, moved: Any, learning_rate: Any, rho: Any, epsilon: Any) -> Any:
    return stepped(run, adadelta_loop, (w, g, square, moved), learning_rate, rho, 1 - rho, epsilon)


def lion_loop(w, g, m, rate, beta_1, rest_1, beta_2, rest_2, new_w, new_m):
    one = w.dtype.type(1)
    for i in range(w.size):
        mixed = m[i] * beta_1 + g[i] * rest_1
        sign = one if mixed > 0 else -one if mixed < 0 else mixed
        new_w[i] = w[i] - sign * rate
        new_m[i] = m[i] * beta_2 + g[i] * rest_2


@kernel
def lion_step(run: Run, w: Any, g: Any, m: Any, learning_rate: Any, beta_1: Any, beta_2: Any) -> Any:
    return stepped(run, lion_loop, (w, g, m), learning_rate, beta_1, 1 - beta_1, beta_2, 1 - beta_2)


def ftrl_loop(w, g, squares, linear, rate, l1, l2, shrinkage, new_w, new_squares, new_linear):
    for i in range(w.size):
        new_squares[i] = squares[i] + g[i] * g[i]
        root = np.sqrt(new_squares[i])
        shrunk = g[i] + w[i] * shrinkage
        new_linear[i] = linear[i] + shrunk - w[i] * (root - np.sqrt(squares[i])) / rate
        clipped = l1 if new_linear[i] > l1 else -l1 if new_linear[i] < -l1 else new_linear[i]
        new_w[i] = (clipped - new_linear[i]) / (root / rate + l2)


def ftrl_power_loop(w, g, squares, linear, rate, l1, l2, shrinkage, p, new_w, new_squares, new_linear):
    for i in range(w.size):
        new_squares[i] = squares[i] + g[i] * g[i]
        root = w.dtype.type(power(np.float64(new_squares[i]), np.float64(p)))
        shrunk = g[i] + w[i] * shrinkage
        moved = root - w.dtype.type(power(np.float64(squares[i]), np.float64(p)))
        new_linear[i] = linear[i] + shrunk - w[i] * moved / rate
        clipped = l1 if new_linear[i] > l1 else -l1 if new_linear[i] < -l1 else new_linear[i]
        new_w[i] = (clipped - new_linear[i]) / (root / rate + l2)


@kernel
def ftrl_step(
    run: Run, w: Any, g: Any, accumulator: Any, linear: Any,
    learning_rate: Any, learning_rate_power: Any, beta: Any, l1_regularization_strength: Any,
    l2_regularization_strength: Any, l2_shrinkage_regularization_strength: Any,
) -> Any:  # fmt: skip
    l2 = 2 * (l2_regularization_strength + beta / (2 * learning_rate))
    penalties = l1_regularization_strength, l2, 2 * l2_shrinkage_regularization_strength
    arrays = w, g, accumulator, linear
    if learning_rate_power == -0.5:
        return stepped(run, ftrl_loop, arrays, learning_rate, *penalties)
    return stepped(run, ftrl_power_loop, arrays, learning_rate, *penalties, -learning_rate_power)
