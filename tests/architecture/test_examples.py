"""The examples in docstrings run, and print what they say."""

import doctest
from importlib import import_module

import pytest

from .sources import FILES, PACKAGE, module_name

WITH_EXAMPLES = [file for file in FILES if ">>> " in file.read_text(encoding="utf-8")]


@pytest.mark.parametrize("file", WITH_EXAMPLES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_examples(file):
    result = doctest.testmod(import_module(module_name(file)))
    assert result.attempted > 0
    assert result.failed == 0
