"""Cases of the ops in ops.nn: activations, crossentropies, normalisation."""

import math
from typing import Any

import numpy as np

from arraynet.testing.case import Case, case, normal, positive

X = 3 * normal(4, 5)
LABELS = np.asarray([1, 0, 4, 2])
ONE_HOT = np.eye(5)[LABELS]
P = positive(4, 5) / positive(4, 5).sum(-1, keepdims=True)
CHANNELS = (normal(5, seed=1), positive(5, seed=2), normal(5, seed=3), positive(5, seed=4))
IMAGE_CHANNELS = tuple(c[:3] for c in CHANNELS)
IMAGES = normal(2, 3, 4)


erf = np.vectorize(math.erf, otypes=[float])


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def log_softmax(x: Any, axis: Any = -1) -> Any:
    return x - np.log(np.exp(x).sum(axis, keepdims=True))


def softmax(x: Any, axis: Any = -1) -> Any:
    return np.exp(log_softmax(x, axis))


def sparsemax(x: Any) -> Any:
    """The threshold by bisection: what lies above it sums to 1."""
    low, high = x.min(-1, keepdims=True) - 1, x.max(-1, keepdims=True)
    for _ in range(60):
        middle = (low + high) / 2
        small = np.maximum(x - middle, 0).sum(-1, keepdims=True) < 1
        low, high = np.where(small, low, middle), np.where(small, middle, high)
    return np.maximum(x - low, 0)


def softplus(x: Any) -> Any:
    return np.logaddexp(x, 0)


def elu(x: Any, alpha: float = 1.0) -> Any:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def gelu(x: Any) -> Any:
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def sparse_plus(x: Any) -> Any:
    return np.where(x <= -1, 0, np.where(x < 1, (x + 1) ** 2 / 4, x))


def crossentropy(target: Any, logits: Any) -> Any:
    return -(target * log_softmax(logits)).sum(-1)


def clipped(p: Any) -> Any:
    return np.clip(p, 1e-7, 1 - 1e-7)


def binary_crossentropy(target: Any, p: Any) -> Any:
    p = clipped(p)
    return -target * np.log(p) - (1 - target) * np.log(1 - p)


def batch_normalization(x: Any, mean: Any, variance: Any, axis: int = -1, offset: Any = 0, scale: Any = 1) -> Any:
    return (x - mean) / np.sqrt(variance + 1e-3) * scale + offset


def layer_normalization(x: Any, gamma: Any = 1, beta: Any = 0, axis: Any = -1, epsilon: float = 1e-7) -> Any:
    centred = x - x.mean(axis, keepdims=True)
    return centred / np.sqrt(x.var(axis, keepdims=True) + epsilon) * gamma + beta


def rms_normalization(x: Any, scale: Any = 1) -> Any:
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-7) * scale


def on_images(x: Any, mean: Any, variance: Any, axis: int, offset: Any, scale: Any) -> Any:
    mean, variance, offset, scale = (c[:, None] for c in (mean, variance, offset, scale))
    return batch_normalization(x, mean, variance, axis, offset, scale)


def attention(query: Any, key: Any, value: Any, visible: Any = True) -> Any:
    scores = np.einsum("bthd,bshd->bhts", query, key) / np.sqrt(query.shape[-1])
    return np.einsum("bhts,bshd->bthd", softmax(np.where(visible, scores, -300)), value)


def grouped(query: Any, key: Any, value: Any) -> Any:
    return attention(query, np.repeat(key, 2, axis=2), np.repeat(value, 2, axis=2))


ACTIVATIONS: list[Case] = [
    case("relu", lambda x: np.maximum(x, 0), X),
    case("relu6", lambda x: np.clip(x, 0, 6), 3 * X),
    case("leaky_relu", lambda x: np.where(x > 0, x, 0.2 * x), X),
    case("leaky_relu", lambda x: np.where(x > 0, x, 0.5 * x), X, negative_slope=0.5, variant="slope"),
    case("elu", elu, X),
    case("elu", lambda x: elu(x, 0.3), X, alpha=0.3, variant="alpha"),
    case("selu", lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772), X),
    case("celu", lambda x: 2 * elu(x / 2), X, alpha=2.0),
    case("gelu", gelu, X),
    case("gelu", lambda x: 0.5 * x * (1 + erf(x / np.sqrt(2))), X, approximate=False, variant="exact"),
    case("silu", lambda x: x * sigmoid(x), X),
    case("swish", lambda x: x * sigmoid(x), X),
    case("mish", lambda x: x * np.tanh(softplus(x)), X),
    case("softplus", softplus, X),
    case("softplus", softplus, 300 * X, variant="large"),
    case("softsign", lambda x: x / (1 + abs(x)), X),
    case("sigmoid", sigmoid, X),
    case("log_sigmoid", lambda x: -softplus(-x), X),
    case("hard_sigmoid", lambda x: np.clip(x / 6 + 0.5, 0, 1), 2 * X),
    case("hard_silu", lambda x: x * np.clip(x / 6 + 0.5, 0, 1), 2 * X),
    case("hard_swish", lambda x: x * np.clip(x / 6 + 0.5, 0, 1), 2 * X),
    case("hard_tanh", lambda x: np.clip(x, -1, 1), X),
    case("tanh_shrink", lambda x: x - np.tanh(x), X),
    case("soft_shrink", lambda x: np.sign(x) * np.maximum(abs(x) - 1.3, 0), X, threshold=1.3),
    case("hard_shrink", lambda x: np.where(abs(x) > 1.3, x, 0), X, threshold=1.3),
    case("threshold", lambda x: np.where(x > 0.3, x, -2), X, threshold=0.3, default_value=-2),
    case("squareplus", lambda x: (x + np.sqrt(x * x + 4)) / 2, X),
    case("sparse_plus", sparse_plus, X),
    case("sparse_sigmoid", lambda x: np.clip((x + 1) / 2, 0, 1), X),
    case("glu", lambda x: x[:, :2] * sigmoid(x[:, 2:]), X[:, :4]),
    case("glu", lambda x: x[:2] * sigmoid(x[2:]), X, axis=0, variant="axis"),
    case("softmax", softmax, X),
    case("softmax", lambda x: softmax(x, (0, 2)), IMAGES, axis=(0, 2), variant="axes"),
    case("log_softmax", log_softmax, X),
    case("log_softmax", lambda x: log_softmax(x, 0), X, axis=0, variant="axis"),
    case("sparsemax", sparsemax, normal(4, 5)),
    case("sparsemax", lambda x: sparsemax(x.T).T, normal(4, 5), axis=0, variant="axis"),
]

CROSSENTROPIES: list[Case] = [
    case("categorical_crossentropy", crossentropy, P, X, from_logits=True, variant="logits"),
    case("categorical_crossentropy", lambda t, x: crossentropy(t.T, x.T), P, X, from_logits=True, axis=0,
         variant="logits-axis"),
    case("categorical_crossentropy", lambda t, p: -(t * np.log(clipped(p / p.sum(-1, keepdims=True)))).sum(-1),
         ONE_HOT, positive(4, 5)),
    case("sparse_categorical_crossentropy", lambda t, x: crossentropy(np.eye(5)[t], x), LABELS, X,
         from_logits=True, variant="logits"),
    case("sparse_categorical_crossentropy", lambda t, x: crossentropy(np.eye(4)[t % 4], x.T), LABELS[[0, 1, 3, 1, 1]],
         X, from_logits=True, axis=0, variant="logits-axis"),
    case("sparse_categorical_crossentropy", lambda t, p: -np.log(clipped(p))[np.arange(4), t[:, 0]],
         LABELS[:, None], P),
    case("binary_crossentropy", binary_crossentropy, P, P[::-1]),
    case("binary_crossentropy", lambda t, x: softplus(x) - t * x, P, X, from_logits=True, variant="logits"),
]  # fmt: skip

NORMALIZATIONS: list[Case] = [
    case("batch_normalization", batch_normalization, X, *CHANNELS[:2], axis=-1),
    case("batch_normalization", batch_normalization, X, *CHANNELS[:2], 1, *CHANNELS[2:], variant="affine"),
    case("batch_normalization", on_images, IMAGES, *IMAGE_CHANNELS[:2], 1, *IMAGE_CHANNELS[2:], variant="axis"),
    case("moments", lambda x: (x.mean(1), x.var(1)), X, axes=1),
    case("moments", lambda x: (x.mean((0, 2), keepdims=True), x.var((0, 2), keepdims=True)), IMAGES, axes=(0, -1),
         keepdims=True, variant="keepdims"),
    case("layer_normalization", layer_normalization, X),
    case("layer_normalization", layer_normalization, X, *CHANNELS[2:], variant="affine"),
    case("layer_normalization", lambda x, a, b: layer_normalization(x, a[:, None], b[:, None], 1), IMAGES,
         *IMAGE_CHANNELS[:2], axis=1, variant="axis"),
    case("layer_normalization", lambda x, a: layer_normalization(x, a, axis=(1, 2), epsilon=0.1), IMAGES,
         normal(3, 4, seed=2), axis=(1, 2), epsilon=0.1, variant="axes"),
    case("rms_normalization", rms_normalization, X),
    case("rms_normalization", rms_normalization, X, CHANNELS[3], variant="scale"),
    case("normalize", lambda x: x / np.sqrt((x * x).sum(-1, keepdims=True)), X),
    case("normalize", lambda x: x / (abs(x) ** 3).sum(0, keepdims=True) ** (1 / 3), X, axis=0, order=3,
         variant="cubes"),
]  # fmt: skip

QKV = normal(2, 3, 4, 5), normal(2, 6, 4, 5, seed=1), normal(2, 6, 4, 5, seed=2)
VISIBLE = np.asarray([[True, False, True, False, True, True]])

ATTENTION: list[Case] = [
    case("dot_product_attention", attention, *QKV),
    case("dot_product_attention", lambda q, k, v: attention(q, k, v, VISIBLE), *QKV, mask=VISIBLE, variant="mask"),
    case("dot_product_attention", lambda q, k, v: attention(q, k, v, np.tri(3, 6) > 0), *QKV, is_causal=True,
         variant="causal"),
    case("dot_product_attention", lambda q, k, v: attention(q, k, v, (np.tri(3, 6) > 0) & VISIBLE), *QKV,
         is_causal=True, mask=VISIBLE, variant="causal-mask"),
    case("dot_product_attention", grouped, QKV[0], QKV[1][:, :, :2], QKV[2][:, :, :2], variant="groups"),
]  # fmt: skip

CASES = ACTIVATIONS + CROSSENTROPIES + NORMALIZATIONS + ATTENTION
