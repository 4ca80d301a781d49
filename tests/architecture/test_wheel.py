"""What is shipped: the package and its licence, and none of the data."""

import subprocess
import sys
import zipfile

import pytest

from .sources import FILES, ROOT

MEGABYTE = 2**20


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (file,) = folder.glob("*.whl")
    return file


def test_the_wheel_is_small_and_holds_no_data(wheel):
    assert wheel.stat().st_size < MEGABYTE
    assert not [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".npz")]


def test_the_wheel_holds_every_module_and_the_licence(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {file.relative_to(ROOT).as_posix() for file in FILES} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"arraynet"}
