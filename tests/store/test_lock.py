"""One writer a folder, and nothing of the lock stays behind, however a fit ends."""

import os
import subprocess
import textwrap
import threading

import polars as pl
import pytest

import interfuse
from interfuse.errors import DataError, RunError
from interfuse.run import store
from processes import python

ROWS = pl.DataFrame({"port": [80, 443, 53] * 50, "x": range(150)})


class Stop(Exception):
    """Raised by a listener: as a crash in the middle of a fit."""


def hold(folder):
    """A process that holds a folder until its input ends."""
    code = f"""
        import sys
        from pathlib import Path
        from interfuse.run import store
        with store.locked(Path({str(folder)!r})):
            print("held", flush=True)
            sys.stdin.read()
    """
    held = python(textwrap.dedent(code), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert held.stdout is not None
    assert held.stdout.readline().strip() == "held"
    return held


def crash(_):
    raise Stop


@pytest.mark.parametrize("ending", ["well", "crash", "bad data", "bad option"])
def test_no_lock_is_left_however_a_fit_ends(tmp_path, ending):
    folder = tmp_path / "run"
    if ending == "well":
        interfuse.fit(ROWS, examples=500, folder=folder)
    elif ending == "crash":
        with pytest.raises(Stop):
            interfuse.fit(ROWS, examples=500, folder=folder, listener=crash)
    elif ending == "bad data":
        with pytest.raises(DataError):
            interfuse.fit(str(tmp_path / "none.csv"), examples=500, folder=folder)
    else:
        with pytest.raises(interfuse.errors.OptionError):
            interfuse.fit(ROWS, examples=-1, folder=folder)
    assert not (folder / store.LOCK).exists()


def test_a_second_process_is_one_clear_error_that_names_the_first(tmp_path):
    held = hold(tmp_path)
    with pytest.raises(RunError) as error:
        interfuse.fit(ROWS, examples=500, folder=tmp_path)
    assert f"another fit (process {held.pid}) is writing here" in str(error.value)
    assert "\n" not in str(error.value)
    held.communicate("")
    assert interfuse.fit(ROWS, examples=500, folder=tmp_path).record["seed"] == 0


def test_a_killed_writer_blocks_nobody(tmp_path):
    held = hold(tmp_path)
    held.kill()
    held.communicate()
    with store.locked(tmp_path):
        pass
    assert not list(tmp_path.iterdir())


def test_a_second_thread_is_refused_too(tmp_path):
    said = []

    def other():
        try:
            with store.locked(tmp_path):
                said.append("held")
        except RunError as error:
            said.append(str(error))

    with store.locked(tmp_path):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert "is writing here" in said[0]


def test_many_writers_are_never_two_at_once(tmp_path):
    """Unlinking the file while others wait for it must not let two of them in."""
    inside, most, lock = 0, [], threading.Lock()

    def work():
        nonlocal inside
        for _ in range(40):
            try:
                with store.locked(tmp_path):
                    with lock:
                        inside += 1
                        most.append(inside)
                    with lock:
                        inside -= 1
            except RunError:
                continue

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most
    assert max(most) == 1
    assert not list(tmp_path.iterdir())


def test_a_lock_that_an_older_version_left_behind_is_no_obstacle(tmp_path):
    (tmp_path / store.LOCK).write_text("4242")
    interfuse.fit(ROWS, examples=500, folder=tmp_path)
    assert interfuse.load(tmp_path).record["seed"] == 0


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(RunError, match="cannot be locked"), store.locked(tmp_path):
            pass
    finally:
        tmp_path.chmod(0o700)


def test_something_else_in_the_place_of_the_lock(tmp_path):
    (tmp_path / store.LOCK).mkdir()
    with pytest.raises(RunError, match="cannot be locked"), store.locked(tmp_path):
        pass


def test_a_run_that_is_being_replaced_says_so_whatever_is_gone_already(tmp_path):
    """Between two reads of an opened run a fit may begin to replace it: no file is damaged."""
    folder = tmp_path / "run"
    interfuse.fit(ROWS, examples=500, folder=folder)
    (folder / "weights.safetensors").unlink()
    with pytest.raises(RunError, match=r"weights\.safetensors"):
        interfuse.load(folder)
    held = hold(folder)
    with pytest.raises(RunError) as error:
        interfuse.load(folder)
    assert f"a fit (process {held.pid}) is writing here" in str(error.value)
    held.communicate("")
