"""The C functions that CuPy's modules import from one another, and how to put others in their place.

The table states the signatures as CuPy 14.2.0 has them; another signature is refused, since a call through
it would corrupt memory. C functions made from the same table call Python handlers, and pass the exceptions
of these on, which callbacks of ctypes cannot do.
"""

import atexit
import ctypes
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from cupy_host.compiling import compiled

__all__ = ["SIGNATURES", "check", "replace"]

PTR, NONE = "intptr_t", "PyObject *"
SIGNATURES = {
    "runtime": {
        "_ensure_context": f"{NONE}(void)",
        "deviceCanAccessPeer": "int (int, int)",
        "deviceGetAttribute": "int (int, int)",
        "deviceSynchronize": f"{NONE}()",
        "driverGetVersion": "int ()",
        "eventCreate": "intptr_t ()",
        "eventCreateWithFlags": "intptr_t (unsigned int)",
        "eventDestroy": f"{NONE}({PTR})",
        "eventElapsedTime": f"float ({PTR}, {PTR})",
        "eventQuery": f"{NONE}({PTR})",
        "eventRecord": f"{NONE}({PTR}, {PTR})",
        "eventSynchronize": f"{NONE}({PTR})",
        "free": f"{NONE}({PTR})",
        "freeAsync": f"{NONE}({PTR}, {PTR})",
        "freeHost": f"{NONE}({PTR})",
        "getDevice": "int ()",
        "getDeviceCount": "int ()",
        "getDeviceProperties": f"{NONE}(int)",
        "hostAlloc": "intptr_t (size_t, unsigned int)",
        "malloc": "intptr_t (size_t)",
        "mallocAsync": f"intptr_t (size_t, {PTR})",
        "memGetInfo": f"{NONE}()",
        "memPoolTrimTo": f"{NONE}({PTR}, size_t)",
        "memcpy": f"{NONE}({PTR}, {PTR}, size_t, int)",
        "memcpyAsync": f"{NONE}({PTR}, {PTR}, size_t, int, {PTR})",
        "memset": f"{NONE}({PTR}, int, size_t)",
        "memsetAsync": f"{NONE}({PTR}, int, size_t, {PTR})",
        "pointerGetAttributes": f"struct __pyx_obj_13cupy_backends_4cuda_3api_7runtime_PointerAttributes *({PTR})",
        "pointerGetMemoryType": f"int ({PTR})",
        "runtimeGetVersion": "int ()",
        "setDevice": f"{NONE}(int)",
        "streamCreate": "intptr_t ()",
        "streamCreateWithFlags": "intptr_t (unsigned int)",
        "streamCreateWithPriority": "intptr_t (unsigned int, int)",
        "streamDestroy": f"{NONE}({PTR})",
        "streamGetFlags": f"unsigned int ({PTR})",
        "streamGetPriority": f"int ({PTR})",
        "streamIsCapturing": f"int ({PTR})",
        "streamQuery": f"{NONE}({PTR})",
        "streamSynchronize": f"{NONE}({PTR})",
    },
    "driver": {
        "funcGetAttribute": f"int (int, {PTR})",
        "launchKernel": f"{NONE}({PTR}{', unsigned int' * 7}, {PTR}, {PTR}, {PTR})",
        "moduleGetFunction": f"intptr_t ({PTR}, PyObject *)",
        "moduleLoadData": "intptr_t (PyObject *)",
        "moduleUnload": f"{NONE}({PTR})",
        "occupancyMaxActiveBlocksPerMultiprocessor": f"int ({PTR}, int, size_t)",
    },
}
FORMATS = {"int": "i", "unsigned int": "I", "intptr_t": "n", "size_t": "n", "PyObject *": "O"}
RESULTS = {  # how a result is read, and what CuPy takes for an exception
    "int": ("PyLong_AsLong", "-1"), "unsigned int": ("PyLong_AsUnsignedLong", "-1"),
    "intptr_t": ("PyLong_AsSsize_t", "0"), "float": ("PyFloat_AsDouble", "-1"),
}  # fmt: skip
PRELUDE = """#include <stddef.h>
#include <stdint.h>
typedef struct _object PyObject;
extern "C" {
PyObject *PyObject_CallFunction(PyObject *, const char *, ...);
PyObject *PyErr_Occurred(void);
long PyLong_AsLong(PyObject *);
unsigned long PyLong_AsUnsignedLong(PyObject *);
ptrdiff_t PyLong_AsSsize_t(PyObject *);
double PyFloat_AsDouble(PyObject *);
void Py_IncRef(PyObject *);
void Py_DecRef(PyObject *);
extern char _Py_NoneStruct;
PyObject *handlers[256];
static int closed = 0;  // when the interpreter ends, handlers vanish before arrays do
void host_close(void) { closed = 1; }
static PyObject *none(void) { PyObject *n = (PyObject *)&_Py_NoneStruct; Py_IncRef(n); return n; }
"""


def _capsule_name(capsule: Any) -> bytes:
    function = ctypes.pythonapi.PyCapsule_GetName
    function.restype, function.argtypes = ctypes.c_char_p, [ctypes.py_object]
    return function(capsule)


def _new_capsule(address: int, name: bytes) -> Any:
    function = ctypes.pythonapi.PyCapsule_New
    function.restype, function.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    return function(address, name, None)


def _plain(signature: str) -> str:
    """A signature without the flag that Cython adds to every function that Python can call too."""
    return re.sub(r"(, )?int __pyx_skip_dispatch", "", signature)


def check(modules: Mapping[str, ModuleType]) -> list[str]:
    """Return in words where the modules' capsules differ from the table."""
    problems = []
    for kind, table in SIGNATURES.items():
        found = modules[kind].__pyx_capi__
        for name, expected in table.items():
            real = _plain(_capsule_name(found[name]).decode()) if name in found else "missing"
            if real != expected:
                problems.append(f"{kind}.{name} is {real!r}, expected {expected!r}")
    return problems


def _function(name: str, signature: str, number: int) -> str:
    """C text of a function that calls a handler and returns what it returns, or what stands for an exception."""
    kind, given = re.fullmatch(r"(.*?) ?\((.*)\)", signature).groups()
    types = [] if given in ("", "void") else given.split(", ")
    parameters = [f"{t} a{i}" for i, t in enumerate(types)] + ([] if given == "void" else ["int skip"])
    formats = "".join(FORMATS[t] for t in types)
    arguments = "".join(f", a{i}" for i in range(len(types)))
    call = f'PyObject *result = PyObject_CallFunction(handlers[{number}], "({formats})"{arguments});'
    if kind in RESULTS:
        read, failed = RESULTS[kind]
        body = f"if (closed) return 0; {call} if (!result) return {failed}; {kind} value = {read}(result);"
        body += " Py_DecRef(result); return value;"
    else:
        kind, body = "PyObject *", f"if (closed) return none(); {call} return result;"
    return f"{kind} host_{name}({', '.join(parameters)}) {{ {body} }}\n"


_kept: list[Any] = []  # a capsule only points to its name and its function


def replace(modules: Mapping[str, ModuleType], handlers: Mapping[str, Callable[..., Any]], folder: Path) -> None:
    """Put handlers in the place of the functions of the table, for C and for Python.

    Parameters
    ----------
    modules : mapping of str to module
        "runtime" and "driver".
    handlers : mapping of str to callable
        One for every name of the table.
    folder : Path
        Where the C functions are compiled to.
    """
    names = [(kind, name) for kind, table in SIGNATURES.items() for name in table]
    text = PRELUDE + "".join(_function(n, SIGNATURES[k][n], i) for i, (k, n) in enumerate(names)) + "}\n"
    library = ctypes.PyDLL(str(compiled(text, folder)))
    atexit.register(library.host_close)
    slots = (ctypes.py_object * 256).in_dll(library, "handlers")
    for number, (kind, name) in enumerate(names):
        slots[number] = handlers[name]
        module = modules[kind]
        label = _capsule_name(module.__pyx_capi__[name])
        address = ctypes.cast(getattr(library, f"host_{name}"), ctypes.c_void_p).value
        module.__pyx_capi__[name] = _new_capsule(address, label)
        setattr(module, name, handlers[name])
        _kept.extend((label, library, handlers[name]))
