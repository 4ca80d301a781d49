"""Control flow with Keras' names, and `stop_gradient`.

The functions are Python loops of ops: a tape sees every turn, so all of them are differentiable as often as
the ops in them.
"""

from typing import Any

from arraynet.dispatch import op

__all__ = ["stop_gradient"]


@op(promote=None, name="stop_gradient")
def _stop_gradient(xp: Any, variable: Any, /) -> Any:
    return variable


def stop_gradient(variable: Any) -> Any:
    """Return a value that derivatives treat as a constant; it remembers its logits, stopped as well."""
    y = _stop_gradient(variable)
    logits = getattr(variable, "logits", None)
    if logits is not None:
        y.logits = _stop_gradient(logits[0]), logits[1]
    return y
