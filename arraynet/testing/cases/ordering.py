"""Cases of the ops in ops.ordering."""

from arraynet.testing.case import Case

CASES: list[Case] = []
