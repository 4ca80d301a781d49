"""Attention, the weighted look-up at the heart of transformers."""

import math
from typing import Any

import numpy as np

from arraynet.operands import operands
from arraynet.ops.elementwise import absolute
from arraynet.ops.joining import repeat
from arraynet.ops.products import matmul
from arraynet.ops.shape import transpose
from arraynet.ops.softmax import softmax
from arraynet.ops.taking import where
from arraynet.tensor import Tensor

__all__ = ["dot_product_attention"]


def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Any:
    """Return values averaged with weights ``softmax(scale * query . key + bias)`` (Vaswani et al. 2017).

    Parameters
    ----------
    query : Tensor, (batch, targets, heads, depth)
        What is looked for.
    key, value : Tensor, (batch, sources, groups, depth)
        What is compared, and what is averaged. Each of the groups serves heads / groups heads.
    bias : Tensor, broadcastable to (batch, heads, targets, sources), optional
        Added to the scores.
    mask : bool Tensor, broadcastable as `bias`, optional
        False where a target must not see a source.
    scale : float, optional
        ``1 / sqrt(depth)`` without it.
    is_causal : bool
        Whether target t sees sources 0 to t only.
    flash_attention : bool, optional
        True is refused: there is one implementation.
    attn_logits_soft_cap : float, optional
        Scores s become ``s / (1 + |s| / cap)``.

    Raises
    ------
    ValueError
        The ranks are not 4, or heads are no multiple of groups.
    """
    query, key, value = operands(query, key, value)
    shapes = f"query {query.shape}, key {key.shape}, value {value.shape}"
    if {query.ndim, key.ndim, value.ndim} != {4}:
        raise ValueError(f"dot_product_attention: query, key and value need four axes, received {shapes}.")
    heads = query.shape[2]
    if any(heads % x.shape[2] for x in (key, value)):
        raise ValueError(f"dot_product_attention: axis 2 of key and value divides that of query, received {shapes}.")
    if flash_attention:
        raise ValueError("dot_product_attention: flash_attention=True is not available; leave it out.")
    key, value = (x if x.shape[2] == heads else repeat(x, heads // x.shape[2], axis=2) for x in (key, value))
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = matmul(transpose(query, (0, 2, 1, 3)), transpose(key, (0, 2, 3, 1))) * scale
    if attn_logits_soft_cap is not None:
        scores = scores / (1 + absolute(scores) / attn_logits_soft_cap)
    scores = scores if bias is None else scores + bias
    visible = _visible(mask, is_causal, scores)
    if visible is not None:  # not -inf, so that a target that sees nothing is no NaN
        scores = where(visible, scores, -0.7 * float(np.finfo(scores.dtype).max))
    y = matmul(softmax(scores), transpose(value, (0, 2, 1, 3)))
    return transpose(y, (0, 2, 1, 3))


def _visible(mask: Any, is_causal: bool, scores: Tensor) -> Any:
    if not is_causal:
        return mask
    targets, sources = scores.shape[-2:]
    causal = np.tri(targets, sources) > 0
    return causal if mask is None else operands(scores, mask)[1] & causal
