"""Cases of the ops in ops.reduction."""

from arraynet.testing.case import Case

CASES: list[Case] = []
