"""A word to the compiler on how wide vectors may be."""

from typing import Any

from numba import types
from numba.extending import intrinsic

__all__ = ["allow_wide_vectors", "wide_vectors"]


def allow_wide_vectors(function: Any) -> None:
    """Let a function of LLVM's compute on whole AVX-512 vectors."""
    set.add(function.attributes, '"prefer-vector-width"="512"')  # which llvmlite does not know by name


@intrinsic
def kept_apart(context: Any) -> Any:
    """Let the function that calls this not be copied into its callers: it is long, and they are many to compile."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def wide_vectors(context: Any) -> Any:
    """Let the function that calls this compute on whole AVX-512 vectors where there are such.

    A compiler takes half of one, since whole ones slowed the first processors that had them down; BLAS does not
    care either, and a step alternates between the two.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        allow_wide_vectors(builder.function)
        return context.get_dummy_value()

    return types.void(), generate
