"""Temporary files: gone at the end, and gone after a process that was killed."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl
import pytest

import interfuse
from interfuse.errors import DataError
from interfuse.io.files import replacing, replacing_folder
from interfuse.io.scratch import ROWS, on_disk, remove_abandoned, temporary
from processes import Process, python, ran

HOLDER = """
import sys, time
from pathlib import Path
from interfuse.io.scratch import temporary
with temporary(Path(sys.argv[1]), sys.argv[2], ".tmp", folder=sys.argv[3] == "folder") as made:
    (made / "rows" if made.is_dir() else made).write_text("mine")
    print(made, flush=True)
    time.sleep(1000)
"""


def holder(place: Path, sort: str) -> tuple[Process, Path]:
    """A process that holds something temporary, and what."""
    process = python(HOLDER, place, "x.", sort, stdout=subprocess.PIPE)
    assert process.stdout is not None
    made = Path(process.stdout.readline().strip())
    process.stdout.close()
    return process, made


@pytest.mark.parametrize("sort", ["file", "folder"])
def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path, sort):
    process, made = holder(tmp_path, sort)
    remove_abandoned(tmp_path, "x.", ".tmp")
    assert made.exists(), "its holder lives"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert made.exists()
    with temporary(tmp_path, "x.", ".tmp"):
        assert not made.exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["x.abc.tmp", "x.abcdefghi.tmp", "x.abcdefgh", "y.abcdefgh.tmp"])
def test_files_of_other_names_stay(tmp_path, name):
    (tmp_path / name).write_text("mine")
    remove_abandoned(tmp_path, "x.", ".tmp")
    assert (tmp_path / name).read_text() == "mine"


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "thesis.txt").write_text("mine")
    (tmp_path / "x.abcdefgh.tmp").symlink_to(tmp_path / "kept")
    (tmp_path / "x.abcdefgh.tmp.lock").touch()
    remove_abandoned(tmp_path, "x.", ".tmp")
    assert (tmp_path / "kept" / "thesis.txt").exists()


def test_a_lock_that_was_left_alone_is_removed(tmp_path):
    (tmp_path / "x.abcdefgh.tmp.lock").touch()
    remove_abandoned(tmp_path, "x.", ".tmp")
    assert list(tmp_path.iterdir()) == []


def test_nothing_here_needs_one_system():
    """No module of ours is imported that Windows lacks; locks are `filelock`'s."""
    sources = Path(interfuse.__file__).parent.rglob("*.py")
    assert [
        p.name for p in sources if re.search(r"^\s*(import|from) fcntl", p.read_text(), re.M)
    ] == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_nothing_stays_of_what_was_not_finished(tmp_path, error):
    def fail(made):
        (made / "1.png" if made.is_dir() else made).write_text("half")
        raise error

    for making in (replacing(tmp_path / "a.csv"), replacing_folder(tmp_path / "f")):
        with pytest.raises(error), making as made:
            fail(made)
    assert list(tmp_path.iterdir()) == []


def test_what_was_finished_has_its_name_and_mode(tmp_path):
    with replacing(tmp_path / "a.csv") as made:
        made.write_text("whole")
    with replacing_folder(tmp_path / "f") as made:
        (made / "1.png").write_text("whole")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "f"]
    plain = tmp_path / "plain"
    plain.touch()
    assert (tmp_path / "a.csv").stat().st_mode == plain.stat().st_mode


def test_rows_on_their_way(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with on_disk(pl.LazyFrame({"a": [1, 2, 3]})) as lazy:
        assert lazy.slice(1, 1).collect()["a"].to_list() == [2]
        (folder,) = (p for p in tmp_path.iterdir() if p.suffix != ".lock")
        assert folder.name.startswith(ROWS)
        assert folder.stat().st_mode & 0o077 == 0, "for nobody else"
    assert list(tmp_path.iterdir()) == []


def test_a_temporary_folder_that_is_full(tmp_path):
    code = (
        "import resource, polars as pl; from interfuse.errors import DataError\n"
        "from interfuse.io.scratch import on_disk\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n with on_disk(pl.LazyFrame({'a': range(100_000)})): pass\n"
        "except DataError as error: print(error)"
    )
    done = ran(code, env={"TMPDIR": str(tmp_path), "PYTHONPATH": ":".join(sys.path)})
    assert f"{tmp_path}: has no room" in done.out, done.err
    assert "TMPDIR" in done.out
    assert list(tmp_path.iterdir()) == []


def test_a_temporary_folder_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="TMPDIR"), on_disk(pl.LazyFrame({"a": [1]})):
        pass
