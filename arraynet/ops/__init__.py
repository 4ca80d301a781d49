"""Differentiable functions of Tensors, by the names and argument names of ``keras.ops``."""

from arraynet.autodiff.custom import custom_gradient
from arraynet.operators import OPS as _table
from arraynet.ops import creation as _creation
from arraynet.ops.comparison import *
from arraynet.ops.creation import *
from arraynet.ops.elementwise import *
from arraynet.ops.indexing import *
from arraynet.ops.linalg import *
from arraynet.ops.nn import *
from arraynet.ops.reduction import *
from arraynet.ops.shape import *

_table.update(zeros=_creation.zeros, ones=_creation.ones, eye=_creation.eye)
