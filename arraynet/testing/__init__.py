"""What proves an op, a backend or a model right: the op cases, gradient checks and the conformance kit."""

from arraynet.checks import explain_absent as _explain_absent
from arraynet.testing.comparison import Comparison
from arraynet.testing.conformance import check_backend
from arraynet.testing.gradients import check_gradients
from arraynet.testing.lockstep import compare
from arraynet.testing.report import Report

__all__ = ["Comparison", "Report", "check_backend", "check_gradients", "compare"]

_explain_absent(__name__, "function")
