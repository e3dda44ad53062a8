"""Kill, Ctrl-C, a full disk, two at once: nothing is lost and nothing is half there."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from commands import child, left_in

from processes import limiting_files

# Forty events or so, behind each of which it sleeps: long enough to be interrupted.
EXAMPLES, PAUSE = 8_000, 0.25


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, table):
    folder = tmp_path_factory.mktemp("whole") / "run"
    done = child("fit", table, "-o", folder, "--examples", EXAMPLES, "--seed", 5).wait_for_end()
    assert done.code == 0, done.err
    return (folder / "weights.safetensors").read_bytes()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_resuming_gives_the_weights_of_an_uninterrupted_fit(
    cli, table, tmp_path, uninterrupted, number
):
    folder = tmp_path / "run"
    asked = ("fit", table, "-o", folder, "--examples", EXAMPLES, "--seed", 5)
    command = child(*asked, checkpoint=0.2, pause=PAUSE)
    ready = folder / ("checkpoint.safetensors" if number == signal.SIGKILL else "events.jsonl")
    command.wait_until(lambda: ready.exists() and ready.stat().st_size)
    command.process.send_signal(number)
    stopped = command.wait_for_end()
    assert not (folder / "weights.safetensors").exists(), "interrupted too late to prove anything"
    if number != signal.SIGKILL:
        assert stopped.code == 130
        assert f"interfuse fit {table} -o {folder} --resume" in stopped.err
        assert "Traceback" not in stopped.err
    shown = cli("show", folder)
    assert shown.code == 0
    assert "not finished" in shown.out
    assert "--resume" in shown.out
    assert cli("generate", folder, "-o", tmp_path / "a.csv").code == 2

    done = child("fit", table, "-o", folder, "--resume").wait_for_end()
    assert done.code == 0, done.err
    assert (folder / "weights.safetensors").read_bytes() == uninterrupted
    assert not (folder / "checkpoint.safetensors").exists()


def test_resuming_with_other_data_is_refused(cli, table, tmp_path):
    folder = tmp_path / "run"
    command = child("fit", table, "-o", folder, "--examples", EXAMPLES, pause=PAUSE)
    command.wait_until(lambda: (folder / "events.jsonl").exists())
    command.process.send_signal(signal.SIGTERM)  # saves as Ctrl-C does
    assert command.wait_for_end().code == 130
    other = tmp_path / "other.csv"
    other.write_text(table.read_text() + "web,tcp,443,5\n")
    done = cli("fit", other, "-o", folder, "--resume")
    assert done.code == 2
    assert "other data" in done.err


def test_two_fits_into_one_folder(cli, table, tmp_path):
    folder, busy = tmp_path / "run", tmp_path / "busy"
    busy.touch()
    asked = ("fit", table, "-o", folder, "--examples", EXAMPLES)
    first = child(*asked, pause=PAUSE, while_there=busy)
    first.wait_until(lambda: (folder / "events.jsonl").exists())
    second = cli("fit", table, "-o", folder, "--overwrite", "--examples", 2_000)
    shown = cli("show", folder)
    busy.unlink()
    done = first.wait_for_end()
    assert second.code == 2
    assert "another fit" in second.err
    assert str(first.process.pid) in second.err
    assert "The fit is running." in shown.out
    assert done.code == 0, "the second must not hurt the first"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_killed_generate_leaves_no_half_file(run, tmp_path, number):
    target = tmp_path / "rows.csv"
    command = child("generate", run, "-n", 2_000_000, "-o", target)

    def writing() -> bool:
        return any(path.stat().st_size for path in tmp_path.iterdir())

    command.wait_until(writing)
    command.process.send_signal(number)
    done = command.wait_for_end()
    assert not target.exists()
    if number == signal.SIGKILL:
        # Nobody can clean up after this one, but what is left says what it is.
        assert all(name.startswith(".rows.csv.") for name in left_in(tmp_path))
    else:
        assert done.code == 130
        assert left_in(tmp_path) == []


def test_a_full_disk_while_generating(run, tmp_path):
    target = tmp_path / "rows.csv"
    arguments = ("generate", run, "-n", 20_000, "-o", target)
    done = child(*arguments, preexec_fn=limiting_files(100_000)).wait_for_end()
    assert done.code == 2
    assert "the disk is full" in done.err
    assert done.err.count("\n") == 1
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("limit", [500, 1_000_000])
def test_a_full_disk_while_fitting(cli, table, tmp_path, limit):
    folder = tmp_path / "run"
    arguments = ("fit", table, "-o", folder, "--examples", 2_000)
    done = child(*arguments, preexec_fn=limiting_files(limit)).wait_for_end()
    assert done.code == 2
    assert "the disk is full" in done.err.splitlines()[-1]
    assert "Traceback" not in done.err
    assert not (folder / "weights.safetensors").exists()
    left = left_in(folder) if folder.exists() else []  # removed where it had nothing to keep
    assert [name for name in left if name.endswith(".tmp")] == []
    assert cli(*arguments, "--overwrite").code == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_behind_standard_output(run):
    with open("/dev/full", "w") as full:
        done = child("generate", run, "-n", 5, "-o", "-", stdout=full).wait_for_end()
    assert done.code == 2
    assert "the disk is full" in done.err
    assert "Traceback" not in done.err
