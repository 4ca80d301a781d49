"""Weights and whole models in files, none of which can run code when it is read."""

from arraynet.checks import explain_absent as _explain_absent
from arraynet.custom_objects import custom_object_scope, register_serializable
from arraynet.saving.model_file import load_model, save_model
from arraynet.saving.weights import load_weights, save_weights

__all__ = ["custom_object_scope", "load_model", "load_weights", "register_serializable", "save_model", "save_weights"]

_explain_absent(__name__, "function")
