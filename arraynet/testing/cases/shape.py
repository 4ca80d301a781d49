"""Cases of the ops in ops.shape."""

from arraynet.testing.case import Case

CASES: list[Case] = []
