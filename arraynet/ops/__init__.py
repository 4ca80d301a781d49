"""Differentiable functions of Tensors, by the names and argument names of ``keras.ops``.

Wherever an op takes an array it takes a Tensor, a Variable, a NumPy array, a nested list or a number. It runs on the
backend of the first Tensor or Variable among them, else on the current one, and returns Tensors. Nothing is changed
in place.

Shapes: element-wise ops broadcast, aligned on the last axis, where lengths are equal or 1. An `axis` counts from the
end if it is negative, and None means all axes; `keepdims` leaves axes that are reduced with length 1.

Dtypes: int32 and float32 give float32, and so do int64 and float32; float32 and float64 give float64; a Python number
takes the dtype of what it meets. Functions that need floats (`exp`, `divide`, `mean`) make floatx of integers and
booleans. No op widens float32.

Errors: arguments that do not fit are a ValueError that names the op, and the dtypes and shapes of all that it was
given, or the axes that there are; things that hold no numbers are a TypeError. Tensors of two backends are a
ValueError: move one of them with ``.to(name)``.
"""

from arraynet.autodiff.custom import custom_gradient
from arraynet.autodiff.functional import jvp
from arraynet.checks import explain_absent as _explain_absent
from arraynet.operators import OPS as _table
from arraynet.ops import creation as _creation
from arraynet.ops import indexing as _indexing
from arraynet.ops import products as _products
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
_table["@"] = _products.matmul  # the op of that name knows matrices alone

_explain_absent(__name__, "op", "To write one: docs/extend/op.md.")
