"""The version, in the one place from which packaging takes it too: a copy that was not installed has no other."""

__version__ = "0.1.0"
