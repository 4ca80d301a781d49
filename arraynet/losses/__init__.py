"""What training makes small: functions in ops, a thin class around each, and their look-up by name."""

from arraynet.losses.base import *
from arraynet.losses.classes import *
from arraynet.losses.functions import *
from arraynet.losses.lookup import *
