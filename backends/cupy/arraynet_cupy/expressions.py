"""From primitives to expressions of CUDA C: a row for each, so that a new op is fused without further text."""

from typing import Any

import numpy as np

from arraynet.fusion import wraps

__all__ = ["CTYPES", "ELEMENTWISE", "statement", "supported"]

CTYPES = {
    "bool": "bool", "int8": "signed char", "int16": "short", "int32": "int", "int64": "long long",
    "uint8": "unsigned char", "uint16": "unsigned short", "uint32": "unsigned int", "uint64": "unsigned long long",
    "float16": "float16", "float32": "float", "float64": "double",
}  # fmt: skip
ANY = {  # {C} is the type that the operands are cast to; it has the result's dtype
    "add": "{0} + {1}", "subtract": "{0} - {1}", "multiply": "{0} * {1}", "negative": "-{0}", "positive": "{0}",
    "square": "{0} * {0}", "astype": "{0}", "where": "{0} ? {1} : {2}",
    "maximum": "({0} > {1} || {0} != {0}) ? {0} : {1}", "minimum": "({0} < {1} || {0} != {0}) ? {0} : {1}",
    "clip": "({0} < {1} ? {1} : {0}) > {2} ? {2} : {0} < {1} ? {1} : {0}",
    "sign": "{0} > 0 ? ({C})1 : {0} < 0 ? ({C})-1 : {0} + ({C})0",
    "bitwise_and": "{0} & {1}", "bitwise_or": "{0} | {1}", "bitwise_xor": "{0} ^ {1}",
}  # fmt: skip
FLOATING = {
    "divide": "{0} / {1}", "abs": "fabs({0})", "sqrt": "sqrt({0})", "exp": "exp({0})", "expm1": "expm1({0})",
    "log": "log({0})", "log1p": "log1p({0})", "log2": "log2({0})", "log10": "log10({0})", "sin": "sin({0})",
    "cos": "cos({0})", "tan": "tan({0})", "asin": "asin({0})", "acos": "acos({0})", "atan": "atan({0})",
    "sinh": "sinh({0})", "cosh": "cosh({0})", "tanh": "tanh({0})", "asinh": "asinh({0})", "acosh": "acosh({0})",
    "atanh": "atanh({0})", "erf": "erf({0})", "floor": "floor({0})", "ceil": "ceil({0})", "trunc": "trunc({0})",
    "round": "rint({0})", "reciprocal": "1 / {0}", "pow": "pow({0}, {1})", "atan2": "atan2({0}, {1})",
    "hypot": "hypot({0}, {1})", "copysign": "copysign({0}, {1})",
}  # fmt: skip
TESTS = {  # bool results; the operands are cast to their common dtype
    "less": "{0} < {1}", "less_equal": "{0} <= {1}", "greater": "{0} > {1}", "greater_equal": "{0} >= {1}",
    "equal": "{0} == {1}", "not_equal": "{0} != {1}", "logical_and": "{0} && {1}", "logical_or": "{0} || {1}",
    "logical_xor": "{0} != {1}", "logical_not": "!{0}", "isnan": "{0} != {0}", "isinf": "isinf((double){0})",
    "isfinite": "isfinite((double){0})", "signbit": "signbit((double){0})",
}  # fmt: skip
TEXTS = ANY | FLOATING | TESTS
ELEMENTWISE = frozenset(TEXTS)
INFINITE = {True: "__longlong_as_double(0x7ff8000000000000LL)", False: "__longlong_as_double(0x7ff0000000000000LL)"}


def supported(instruction: Any) -> bool:
    """Tell whether an expression says what a primitive computes of these dtypes."""
    if instruction.name == "clip" and (None in map(_bound, instruction.args[1:]) or len(instruction.args) < 3):
        return False
    dtypes = [str(v.dtype) for v in (*instruction.inputs(), *instruction.outs) if v.dtype is not None]
    floating = instruction.name not in FLOATING or instruction.outs[0].dtype.kind == "f"
    return floating and not instruction.kwargs and all(d in CTYPES for d in dtypes) and not wraps(instruction)


def _bound(x: Any) -> Any:
    """A bound that is one number; None for an array, which may hold NaN, and where there is none."""
    return None if getattr(x, "shape", None) is not None else x


def statement(instruction: Any, names: dict[int, str], target: str) -> str:
    """Return the C statement that declares the result of a primitive, given the names of its operands."""
    dtype = _computed_in(instruction)
    operands = [a for a in instruction.args if not isinstance(a, type | np.dtype)]
    dtypes = [dtype] * len(operands)
    if instruction.name == "where":
        dtypes[0] = np.dtype(bool)
    if instruction.name == "astype":
        dtypes[0] = operands[0].dtype
    texts = [_operand(a, names, d) for a, d in zip(operands, dtypes, strict=True)]
    result, text = CTYPES[str(instruction.outs[0].dtype)], TEXTS[instruction.name].format(*texts, C=_wide(dtype))
    return f"const {result} {target} = {f'({text}) != 0' if result == 'bool' else f'({result})({text})'};"


def _wide(dtype: Any) -> str:
    """The C type that a dtype is computed in."""
    return "float" if dtype == np.float16 else CTYPES[str(dtype)]


def _computed_in(instruction: Any) -> Any:
    """The dtype that the operands are cast to."""
    if instruction.name not in TESTS:
        return instruction.outs[0].dtype
    if instruction.name.startswith("logical"):
        return np.dtype(bool)
    arrays = [v.dtype for v in instruction.inputs() if v.dtype is not None]
    floats = any(isinstance(a, float) for a in instruction.args)
    common = np.result_type(*arrays)
    return np.dtype("float64") if floats and common.kind != "f" else common


def _operand(x: Any, names: dict[int, str], dtype: Any) -> str:
    cast, half = _wide(dtype), dtype == np.float16  # numbers are rounded first, though computed with as floats
    if hasattr(x, "index") and hasattr(x, "example"):
        return f"(({cast}){'(float16)' * (half and x.dtype is None)}{names[x.index]})"
    if half:
        with np.errstate(over="ignore"):
            x = float(np.float16(float(x)))
    if isinstance(x, bool | np.bool_):
        return f"(({cast}){int(x)})"
    if isinstance(x, int | np.integer):
        return f"(({cast}){int(x)}LL)"
    number = float(x)
    if np.isfinite(number):
        return f"(({cast}){number!r})"
    return f"(({cast}){'-' if number < 0 else ''}{INFINITE[bool(np.isnan(number))]})"
