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
