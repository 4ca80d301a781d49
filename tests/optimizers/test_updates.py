"""Update rules against golden numbers, and against a float64 reference of one's own."""

import numpy as np
import pytest

import arraynet
from arraynet.optimizers import SGD, Adadelta, Adagrad, Adam, Adamax, AdamW, Ftrl, Lamb, Lion, Nadam, RMSprop

GRADIENTS = [[0.1, -0.4], [0.3, 0.2], [-0.05, 0.6]]
GOLDEN = [  # float32, Keras 3.15.1: optimizer, its arguments, weights after steps 1 and 3 from [1, -2]
    (SGD, {}, [0.999000012, -1.99600005], [0.996500015, -2.00399994]),
    (SGD, {"momentum": 0.9}, [0.999000012, -1.99600005], [0.992090046, -1.99896001]),
    (SGD, {"momentum": 0.9, "nesterov": True}, [0.998099982, -1.99240005], [0.989380955, -2.00306415]),
    (RMSprop, {}, [0.996837854, -1.99683773], [0.994345188, -2.00092911]),
    (RMSprop, {"momentum": 0.9}, [0.996837854, -1.99683773], [0.986224412, -1.99684882]),
    (RMSprop, {"centered": True}, [0.996666848, -1.99666666], [0.993939816, -2.00082182]),
    (Adam, {}, [0.999000012, -1.99900007], [0.997481286, -1.99912309]),
    (Adam, {"amsgrad": True}, [0.999000012, -1.99900007], [0.997481286, -1.99912309]),
    (AdamW, {}, [0.998996019, -1.99899208], [0.997469305, -1.99909913]),
    (Nadam, {}, [0.998937189, -1.99893724], [0.998007595, -2.00016856]),
    (Adamax, {}, [0.999000012, -1.99899995], [0.997945189, -1.99906969]),
    (Adagrad, {}, [0.999698460, -1.99921548], [0.999138772, -2.00031924]),
    (Adadelta, {}, [0.999998569, -1.99999856], [0.999997079, -2.00000119]),
    (Lion, {}, [0.999000012, -1.99899995], [0.999000012, -2.00099992]),
    (Ftrl, {}, [0.046235896, -0.75886833], [0.045676182, -0.75997203]),
    (Lamb, {}, [0.998418867, -1.99841880], [0.994399964, -1.99901020]),
]


def ulps(x, expected):
    expected = np.asarray(expected, "float32")
    return np.max(np.abs(x - expected) / np.spacing(np.abs(expected)))


@pytest.mark.parametrize(("cls", "arguments", "first", "third"), GOLDEN)
def test_golden_values(cls, arguments, first, third, backend):
    w, optimizer = arraynet.Variable([1.0, -2.0]), cls(**arguments)
    for step, gradient in enumerate(GRADIENTS):
        optimizer.apply([np.asarray(gradient, "float32")], [w])
        if step == 0:
            assert ulps(w.numpy(), first) <= 4
    assert ulps(w.numpy(), third) <= 4
    assert optimizer.iterations == 3


def reference_sgd(p, momentum=0.0, nesterov=False):
    v = 0.0
    while True:
        g, _ = yield p
        v = momentum * v - 0.01 * g
        p = p + (momentum * v - 0.01 * g if nesterov else v)


def reference_rmsprop(p, momentum=0.0, centered=False):
    s = a = b = 0.0
    while True:
        g, _ = yield p
        s, a = 0.9 * s + 0.1 * g**2, 0.9 * a + 0.1 * g
        b = momentum * b + 0.001 * g / np.sqrt(s - centered * a**2 + 1e-7)
        p = p - b


def reference_adam(p, amsgrad=False, decay=0.0):
    m = v = top = 0.0
    while True:
        g, t = yield p
        p = p - p * decay * 0.001
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        top = np.maximum(top, v) if amsgrad else v
        p = p - 0.001 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(top) + 1e-7)


def reference_nadam(p):
    m = v = 0.0
    product = 1.0
    while True:
        g, t = yield p
        u, following = 0.9 * (1 - 0.5 * 0.96**t), 0.9 * (1 - 0.5 * 0.96 ** (t + 1))
        product *= u
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        ahead = following * m / (1 - product * following) + (1 - u) * g / (1 - product)
        p = p - 0.001 * ahead / (np.sqrt(v / (1 - 0.999**t)) + 1e-7)


def reference_adamax(p):
    m = u = 0.0
    while True:
        g, t = yield p
        m, u = 0.9 * m + 0.1 * g, np.maximum(0.999 * u, np.abs(g))
        p = p - 0.001 / (1 - 0.9**t) * m / (u + 1e-7)


def reference_adagrad(p):
    a = 0.1
    while True:
        g, _ = yield p
        a = a + g**2
        p = p - 0.001 * g / np.sqrt(a + 1e-7)


def reference_adadelta(p):
    a = x = 0.0
    while True:
        g, _ = yield p
        a = 0.95 * a + 0.05 * g**2
        d = -g * np.sqrt(x + 1e-7) / np.sqrt(a + 1e-7)
        x = 0.95 * x + 0.05 * d**2
        p = p + 0.001 * d


def reference_lion(p):
    m = 0.0
    while True:
        g, _ = yield p
        p = p - 0.001 * np.sign(0.9 * m + 0.1 * g)
        m = 0.99 * m + 0.01 * g


def reference_lamb(p):
    m = v = 0.0
    while True:
        g, t = yield p
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        r = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-7)
        p = p - 0.001 * r * np.linalg.norm(p) / np.linalg.norm(r)


def reference_ftrl(p, l1=0.0, l2=0.0, shrinkage=0.0, beta=0.0):
    n, z = 0.1, 0.0
    while True:
        g, _ = yield p
        new = n + g**2
        z = z + g + 2 * shrinkage * p - (np.sqrt(new) - np.sqrt(n)) / 0.001 * p
        n = new
        p = (np.clip(z, -l1, l1) - z) / (np.sqrt(n) / 0.001 + 2 * (l2 + beta / 0.002))


PENALTIES = {
    "l1_regularization_strength": 0.3,
    "l2_regularization_strength": 0.1,
    "l2_shrinkage_regularization_strength": 0.2,
    "beta": 0.05,
}
TRAJECTORIES = [
    (SGD, {}, reference_sgd, {}),
    (SGD, {"momentum": 0.9}, reference_sgd, {"momentum": 0.9}),
    (SGD, {"momentum": 0.9, "nesterov": True}, reference_sgd, {"momentum": 0.9, "nesterov": True}),
    (RMSprop, {}, reference_rmsprop, {}),
    (RMSprop, {"momentum": 0.5}, reference_rmsprop, {"momentum": 0.5}),
    (RMSprop, {"momentum": 0.5, "centered": True}, reference_rmsprop, {"momentum": 0.5, "centered": True}),
    (Adam, {}, reference_adam, {}),
    (Adam, {"amsgrad": True}, reference_adam, {"amsgrad": True}),
    (AdamW, {"weight_decay": 0.1}, reference_adam, {"decay": 0.1}),
    (Nadam, {}, reference_nadam, {}),
    (Adamax, {}, reference_adamax, {}),
    (Adagrad, {}, reference_adagrad, {}),
    (Adadelta, {}, reference_adadelta, {}),
    (Lion, {}, reference_lion, {}),
    (Lamb, {}, reference_lamb, {}),
    (Ftrl, {}, reference_ftrl, {}),
    (Ftrl, PENALTIES, reference_ftrl, {"l1": 0.3, "l2": 0.1, "shrinkage": 0.2, "beta": 0.05}),
]


@pytest.mark.parametrize(("cls", "arguments", "reference", "known"), TRAJECTORIES)
def test_a_hundred_steps(cls, arguments, reference, known, backend):
    rng = np.random.default_rng(3)
    start = np.sign(rng.normal(size=(3, 2))) * rng.uniform(0.5, 2, size=(3, 2))  # away from zero
    expected = reference(start, **known)
    expected.send(None)
    w, optimizer = arraynet.Variable(start.astype("float32")), cls(**arguments)
    for t in range(1, 101):
        gradient = rng.normal(size=start.shape).astype("float32")
        optimizer.apply([gradient], [w])
        p = expected.send((gradient.astype("float64"), t))
    np.testing.assert_allclose(w.numpy(), p, rtol=1e-5, atol=1e-6 if cls is Ftrl else 0)
    assert np.abs(p - start).max() > 1e-5


def test_a_zero_weight_moves_by_the_plain_rate_under_lamb(backend):
    w = arraynet.Variable([0.0, 0.0])
    Lamb(0.5).apply([np.asarray([1.0, -1.0], "float32")], [w])
    np.testing.assert_allclose(w.numpy(), [-0.5, 0.5], rtol=1e-5)
