"""The functions of linear algebra under one name, as in ``keras.ops.linalg``."""

from arraynet.autodiff.functional import jvp
from arraynet.ops.factorization import *
from arraynet.ops.inverse import *
from arraynet.ops.norms import *
