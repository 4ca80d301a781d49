"""Layers: functions with weights, one a file, to be stacked in a `Sequential` model or used on their own."""

from arraynet.layers.activation import *
from arraynet.layers.dense import *
from arraynet.layers.dropout import *
from arraynet.layers.flatten import *
from arraynet.layers.input_layer import *
from arraynet.layers.input_spec import InputSpec
from arraynet.layers.layer import *
