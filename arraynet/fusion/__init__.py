"""Fusion: groups of elementwise primitives, and the reductions at their ends, that become one loop."""

from arraynet.fusion.fusing import fuse
from arraynet.fusion.group import ROW_REDUCTIONS, Group, reduced, wraps
from arraynet.fusion.spreading import new_value, spread

__all__ = ["ROW_REDUCTIONS", "Group", "fuse", "new_value", "reduced", "spread", "wraps"]
