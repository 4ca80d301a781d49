"""Layers: functions with weights, one a file, to be stacked in a `Sequential` model or used on their own."""

from arraynet.checks import explain_absent as _explain_absent
from arraynet.layers.activation import *
from arraynet.layers.batch_normalization import *
from arraynet.layers.concatenation import *
from arraynet.layers.dense import *
from arraynet.layers.dropout import *
from arraynet.layers.elu import *
from arraynet.layers.embedding import *
from arraynet.layers.flatten import *
from arraynet.layers.gaussian_noise import *
from arraynet.layers.identity import *
from arraynet.layers.input_layer import *
from arraynet.layers.input_spec import InputSpec
from arraynet.layers.layer import *
from arraynet.layers.layer_normalization import *
from arraynet.layers.leaky_relu import *
from arraynet.layers.merge import *
from arraynet.layers.normalization import *
from arraynet.layers.permute import *
from arraynet.layers.prelu import *
from arraynet.layers.relu import *
from arraynet.layers.repeat_vector import *
from arraynet.layers.rescaling import *
from arraynet.layers.reshape import *
from arraynet.layers.serialization import *
from arraynet.layers.softmax import *

_explain_absent(
    __name__,
    "layer",
    "It is not for images and text at scale: it has no convolutions, recurrent layers or masks (README.md, 'What it is "
    "not for'). A layer of your own is a class: docs/extend/layer.md.",
)
