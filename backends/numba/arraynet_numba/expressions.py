"""What the primitives are in a loop: one expression each. A new op is fused with no further text.

`T` is the one floating type of a loop; every result is given its own type by what stands around it.
"""

from arraynet.fusion import ROW_REDUCTIONS
from arraynet_numba.functions import FUNCTIONS

__all__ = ["EXPRESSIONS", "FLOATING", "PRIMITIVES"]

EXPRESSIONS = {
    "add": "{0} + {1}", "subtract": "{0} - {1}", "multiply": "{0} * {1}", "divide": "{0} / {1}",
    "negative": "-{0}", "positive": "{0}", "abs": "abs({0})", "square": "{0} * {0}", "sqrt": "np.sqrt({0})",
    "maximum": "({0} if {0} > {1} or {0} != {0} else {1})", "minimum": "({0} if {0} < {1} or {0} != {0} else {1})",
    "sign": "(T(1) if {0} > 0 else T(-1) if {0} < 0 else {0} - {0})", "astype": "{0}",  # 0.0 of -0.0, and NaN of NaN
    "where": "({1} if {0} else {2})",
    "less": "{0} < {1}", "less_equal": "{0} <= {1}", "greater": "{0} > {1}", "greater_equal": "{0} >= {1}",
    "equal": "{0} == {1}", "not_equal": "{0} != {1}", "logical_and": "({0} and {1})", "logical_or": "({0} or {1})",
    "logical_not": "not {0}", "logical_xor": "(not {0}) != (not {1})", "bitwise_and": "{0} & {1}",
    "bitwise_or": "{0} | {1}", "bitwise_xor": "{0} ^ {1}", "isnan": "{0} != {0}", "isinf": "abs({0}) == T(np.inf)",
    "isfinite": "abs({0}) < T(np.inf)", "signbit": "np.copysign(T(1), {0}) < 0",
}  # fmt: skip
FLOATING = {  # of floats alone; integers have another meaning, or none
    **{name: f"{name}({{0}})" for name in FUNCTIONS}, "floor": "np.floor({0})", "ceil": "np.ceil({0})",
    "trunc": "np.trunc({0})", "round": "np.rint({0})", "copysign": "np.copysign({0}, {1})",
    "logaddexp": "(({0} if {0} > {1} else {1}) + log1p(exp(-abs({0} - {1} if {0} != {1} else T(0)))))",
}  # fmt: skip
EXPRESSIONS |= FLOATING
EXPRESSIONS["clip"] = EXPRESSIONS["minimum"].format(EXPRESSIONS["maximum"], "{2}")
PRIMITIVES = ROW_REDUCTIONS | set(EXPRESSIONS)
