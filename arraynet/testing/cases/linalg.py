"""Cases of the ops in ops.linalg."""

from arraynet.testing.case import Case

CASES: list[Case] = []
