"""Looking inside a computation: what each op is given, gives back, costs, and runs on."""

from arraynet.inspection.explain import explain
from arraynet.inspection.explanation import Explanation, Row

__all__ = ["Explanation", "Row", "explain"]
