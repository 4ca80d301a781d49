"""What goes wrong on the host device: a fault of the code under test, or a limit of the host itself."""


class HostDeviceError(RuntimeError):
    """Code did what a GPU would not allow, or would answer with wrong numbers."""


class NotOnHostError(NotImplementedError):
    """Something precompiled for GPUs was asked for; it can only be tested on one."""
