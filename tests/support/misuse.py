"""How a table of misuse programs is run: each is refused in words that help, and what was there before is kept."""

import warnings

import pytest

BARE = ("object has no attribute", "object is not", "operands could not be", "not supported between", "list index")


def table(*rows):
    """Parametrise a test over rows of name, program, error and the words that the error must hold."""
    return pytest.mark.parametrize(
        ("program", "error", "words"), [row[1:] for row in rows], ids=[row[0].replace(" ", "-") for row in rows]
    )


def refused(program, error, words, *args):
    """Run a program, which must raise this very error with all of these words, and none that Python or NumPy chose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(error) as caught:
            program(*args)
    said = " ".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
    assert caught.type is error
    for word in words.split("|"):
        assert word in said, f"{word!r} is not in: {said}"
    if "Use ops." not in said:
        assert not any(text in str(caught.value) for text in BARE), said
