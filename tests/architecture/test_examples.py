"""The examples in docstrings run, and print what they say."""

import doctest
from importlib import import_module

import pytest

from arraynet.dispatch import Op

from .sources import FILES, PACKAGE, module_name

WITH_EXAMPLES = [file for file in FILES if ">>> " in file.read_text(encoding="utf-8")]


@pytest.mark.parametrize("file", WITH_EXAMPLES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_examples(file):
    runner = doctest.DocTestRunner()
    for example in examples(import_module(module_name(file))):
        runner.run(example)
    assert runner.tries > 0
    assert runner.failures == 0


def examples(module):
    """The examples of a module; those of its ops, which are objects, too."""
    finder = doctest.DocTestFinder()
    own = {name: thing for name, thing in vars(module).items() if isinstance(thing, Op)}
    own = {name: op for name, op in own.items() if op.__module__ == module.__name__}
    return finder.find(module) + [test for name, op in own.items() for test in finder.find(op, name, module)]
