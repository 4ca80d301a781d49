"""Random numbers, the same bits from one seed on every backend, by the names of ``keras.random``."""

from arraynet.checks import explain_absent as _explain_absent
from arraynet.random.choices import *
from arraynet.random.distributions import *
from arraynet.random.streams import *

_explain_absent(__name__, "random function")
