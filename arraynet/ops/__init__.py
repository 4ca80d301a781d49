"""Differentiable functions of Tensors, by the names and argument names of ``keras.ops``."""

from arraynet.autodiff.custom import custom_gradient
from arraynet.autodiff.functional import jvp
from arraynet.operators import OPS as _table
from arraynet.ops import creation as _creation
from arraynet.ops import indexing as _indexing
from arraynet.ops.bitwise import *
from arraynet.ops.bounds import *
from arraynet.ops.comparison import *
from arraynet.ops.control import *
from arraynet.ops.correlation import *
from arraynet.ops.counting import *
from arraynet.ops.creation import *
from arraynet.ops.cumulative import *
from arraynet.ops.diagonal import *
from arraynet.ops.einsum import *
from arraynet.ops.elementwise import *
from arraynet.ops.exponential import *
from arraynet.ops.indexing import *
from arraynet.ops.joining import *
from arraynet.ops.linalg import *
from arraynet.ops.nanreduction import *
from arraynet.ops.nn import *
from arraynet.ops.ordering import *
from arraynet.ops.products import *
from arraynet.ops.quantiles import *
from arraynet.ops.rearrange import *
from arraynet.ops.reduction import *
from arraynet.ops.rounding import *
from arraynet.ops.scatter import *
from arraynet.ops.shape import *
from arraynet.ops.special import *
from arraynet.ops.taking import *
from arraynet.ops.trigonometry import *
from arraynet.ops.turning import *

_table.update(zeros=_creation.zeros, ones=_creation.ones, eye=_creation.eye, get_item=_indexing.get_item)
