"""Cases of the ops in ops.comparison."""

from arraynet.testing.case import Case

CASES: list[Case] = []
