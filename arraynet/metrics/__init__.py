"""What training reports: running states in Variables, updated in ops, fetched when somebody looks."""

from arraynet.metrics.accuracies import *
from arraynet.metrics.base import *
from arraynet.metrics.confusion import *
from arraynet.metrics.errors import *
from arraynet.metrics.lookup import *
