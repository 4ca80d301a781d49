"""Models: layers put together, trained and saved."""

from arraynet.models.model import *
from arraynet.models.sequential import *
from arraynet.saving import load_model as load_model
