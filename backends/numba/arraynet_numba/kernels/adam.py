"""The steps of Adam and its variants, with the running means of gradients and of their squares."""

from typing import Any

import numpy as np

from arraynet_numba.kernels.steps import GRAIN, TINY, stepped
from arraynet_numba.kernels.table import Run, kernel
from arraynet_numba.vectors import total


def adam_loop(w, g, m, v, alpha, rest_1, rest_2, epsilon, new_w, new_m, new_v):
    tiny, grain = w.dtype.type(TINY), w.dtype.type(GRAIN)
    for i in range(w.size):
        new_m[i] = m[i] + (g[i] - m[i]) * rest_1 + grain - grain
        new_v[i] = v[i] + (g[i] * g[i] + tiny - v[i]) * rest_2
        new_w[i] = w[i] - new_m[i] * alpha / (np.sqrt(new_v[i]) + epsilon)


def amsgrad_loop(w, g, m, v, top, alpha, rest_1, rest_2, epsilon, new_w, new_m, new_v, new_top):
    tiny, grain = w.dtype.type(TINY), w.dtype.type(GRAIN)
    for i in range(w.size):
        new_m[i] = m[i] + (g[i] - m[i]) * rest_1 + grain - grain
        new_v[i] = v[i] + (g[i] * g[i] + tiny - v[i]) * rest_2
        new_top[i] = top[i] if top[i] > new_v[i] or top[i] != top[i] else new_v[i]
        new_w[i] = w[i] - new_m[i] * alpha / (np.sqrt(new_top[i]) + epsilon)


@kernel
def adam_step(run: Run, *arrays: Any, alpha: Any, beta_1: Any, beta_2: Any, epsilon: Any) -> Any:
    loop = amsgrad_loop if len(arrays) == 5 else adam_loop
    return stepped(run, loop, arrays, alpha, 1 - beta_1, 1 - beta_2, epsilon)


def nadam_loop(w, g, m, v, rate, m_scale, g_scale, v_scale, rest_1, rest_2, epsilon, new_w, new_m, new_v):
    tiny, grain = w.dtype.type(TINY), w.dtype.type(GRAIN)
    for i in range(w.size):
        new_m[i] = m[i] + (g[i] - m[i]) * rest_1 + grain - grain
        new_v[i] = v[i] + (g[i] * g[i] + tiny - v[i]) * rest_2
        ahead = new_m[i] * m_scale + g[i] * g_scale
        new_w[i] = w[i] - ahead * rate / (np.sqrt(new_v[i] * v_scale) + epsilon)


@kernel
def nadam_step(
    run: Run, w: Any, g: Any, m: Any, v: Any,
    learning_rate: Any, m_scale: Any, g_scale: Any, v_scale: Any, beta_1: Any, beta_2: Any, epsilon: Any,
) -> Any:  # fmt: skip
    scales = learning_rate, m_scale, g_scale, v_scale
    return stepped(run, nadam_loop, (w, g, m, v), *scales, 1 - beta_1, 1 - beta_2, epsilon)


def adamax_loop(w, g, m, u, alpha, rest_1, beta_2, epsilon, new_w, new_m, new_u):
    grain = w.dtype.type(GRAIN)
    for i in range(w.size):
        new_m[i] = m[i] + (g[i] - m[i]) * rest_1 + grain - grain
        old, now = u[i] * beta_2 + grain - grain, abs(g[i])
        new_u[i] = old if old > now or old != old else now
        new_w[i] = w[i] - new_m[i] * alpha / (new_u[i] + epsilon)


@kernel
def adamax_step(run: Run, w: Any, g: Any, m: Any, u: Any, alpha: Any, beta_1: Any, beta_2: Any, epsilon: Any) -> Any:
    return stepped(run, adamax_loop, (w, g, m, u), alpha, 1 - beta_1, beta_2, epsilon)


def lamb_loop(w, g, m, v, rate, m_scale, v_scale, rest_1, rest_2, epsilon, new_w, new_m, new_v):
    tiny, grain = w.dtype.type(TINY), w.dtype.type(GRAIN)
    squares = np.empty(w.size, np.float64)
    for i in range(w.size):
        new_m[i] = m[i] + (g[i] - m[i]) * rest_1 + grain - grain
        new_v[i] = v[i] + (g[i] * g[i] + tiny - v[i]) * rest_2
        new_w[i] = new_m[i] * m_scale / (np.sqrt(new_v[i] * v_scale) + epsilon)  # the direction, for now
        squares[i] = new_w[i] * new_w[i]
    length = np.sqrt(total(squares))
    for i in range(w.size):
        squares[i] = w[i] * w[i]
    norm = np.sqrt(total(squares))
    ratio = w.dtype.type(norm / length) if norm > 0 and length > 0 else w.dtype.type(1)
    for i in range(w.size):
        new_w[i] = w[i] - new_w[i] * ratio * rate


@kernel
def lamb_step(
    run: Run, w: Any, g: Any, m: Any, v: Any,
    learning_rate: Any, m_scale: Any, v_scale: Any, beta_1: Any, beta_2: Any, epsilon: Any,
) -> Any:  # fmt: skip
    scales = learning_rate, m_scale, v_scale
    return stepped(run, lamb_loop, (w, g, m, v), *scales, 1 - beta_1, 1 - beta_2, epsilon)
