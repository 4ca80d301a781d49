"""Models: layers put together, trained and saved."""

from arraynet.checks import explain_absent as _explain_absent
from arraynet.models.model import *
from arraynet.models.sequential import *
from arraynet.saving import load_model as load_model
from arraynet.saving import save_model as save_model

_explain_absent(__name__, "model")
