"""Cases of the ops in ops.nn."""

from arraynet.testing.case import Case

CASES: list[Case] = []
