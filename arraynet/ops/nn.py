"""The functions of networks under one name, as in ``keras.ops.nn``."""

from arraynet.ops.activations import *
from arraynet.ops.attention import *
from arraynet.ops.crossentropy import *
from arraynet.ops.gated import *
from arraynet.ops.normalization import *
from arraynet.ops.piecewise import *
from arraynet.ops.scatter import multi_hot, one_hot
from arraynet.ops.softmax import *
