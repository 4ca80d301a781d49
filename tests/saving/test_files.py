"""A file is replaced as a whole or not at all."""

import os
import stat
import subprocess
import sys

import pytest

from arraynet.saving.files import replacing


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path):
    file = tmp_path / "f"
    file.write_bytes(b"old")
    with replacing(file) as stream:
        stream.write(b"new")
        stream.flush()
        assert file.read_bytes() == b"old"
    assert file.read_bytes() == b"new"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    file = tmp_path / "f"
    file.write_bytes(b"old")

    def fail():
        with replacing(file) as stream:
            stream.write(b"half")
            raise RuntimeError("in between")

    with pytest.raises(RuntimeError, match="in between"):
        fail()
    assert file.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_a_kill_leaves_the_old_file(tmp_path):
    file = tmp_path / "f"
    file.write_bytes(b"old")
    script = (
        "import os, sys; from arraynet.saving.files import replacing\n"
        "with replacing(sys.argv[1]) as s: s.write(b'half'); s.flush(); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(file)]).returncode == -9
    assert file.read_bytes() == b"old"


def test_contents_are_on_the_disk_before_the_name_is(tmp_path, monkeypatch):
    done = []
    monkeypatch.setattr(os, "fsync", lambda fd: done.append("folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "file"))
    replace = type(tmp_path).replace
    monkeypatch.setattr(type(tmp_path), "replace", lambda self, to: (done.append("rename"), replace(self, to)))
    with replacing(tmp_path / "f") as stream:
        stream.write(b"x")
    assert done == ["file", "rename", "folder"]


def test_permissions_are_those_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    with replacing(tmp_path / "f") as stream:
        stream.write(b"")
    assert (tmp_path / "f").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_link_is_written_through(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    with replacing(tmp_path / "link") as stream:
        stream.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
