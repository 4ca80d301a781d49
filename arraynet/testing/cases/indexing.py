"""Cases of the ops in ops.indexing."""

from arraynet.testing.case import Case

CASES: list[Case] = []
