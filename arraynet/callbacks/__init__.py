"""What happens around training: one file per callback."""

from arraynet.callbacks.backup_and_restore import *
from arraynet.callbacks.callback import *
from arraynet.callbacks.callback_list import *
from arraynet.callbacks.csv_logger import *
from arraynet.callbacks.early_stopping import *
from arraynet.callbacks.history import *
from arraynet.callbacks.lambda_callback import *
from arraynet.callbacks.learning_rate_scheduler import *
from arraynet.callbacks.model_checkpoint import *
from arraynet.callbacks.progress import *
from arraynet.callbacks.reduce_lr_on_plateau import *
from arraynet.callbacks.swap_ema_weights import *
from arraynet.callbacks.terminate_on_nan import *
from arraynet.checks import explain_absent as _explain_absent

_explain_absent(__name__, "callback", "Subclass Callback and override the hooks you need.")
