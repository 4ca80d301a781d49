"""Looking inside a computation: what each op is given, gives back, costs, and runs on."""

from arraynet.inspection.explanation import Explanation, Row
from arraynet.inspection.watching import explain

__all__ = ["Explanation", "Row", "explain"]
