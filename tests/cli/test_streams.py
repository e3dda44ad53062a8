"""A reader that leaves, streams that are closed, a terminal that goes: the work is not lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess

import pytest
from commands import child, left_in

from processes import closing, fresh, ignoring, python

LONG = 600_000


def leave_after(command, lines: int) -> None:
    """Read some lines of a command's output and leave."""
    for _ in range(lines):
        command.process.stdout.readline()
    command.process.stdout.close()
    command.process.stdout = None


def status(folder) -> str:
    return json.loads((folder / "run.json").read_text())["status"]


@pytest.mark.parametrize("lines", [1, 12])
def test_a_fit_goes_on_when_its_reader_leaves(table, tmp_path, lines):
    folder = tmp_path / "run"
    command = child("fit", table, "-o", folder, "--examples", 3_000, stderr=subprocess.STDOUT)
    leave_after(command, lines)
    assert command.wait_for_end().code == 0
    assert status(folder) == "complete"
    assert json.loads((folder / "run.json").read_text())["training"]["examples"] == 3_000


@pytest.mark.parametrize(
    "arguments", [("--help",), ("fit", "--help"), ("--version",), ("show", "RUN"), ()]
)
def test_leaving_what_only_prints_is_no_error(run, arguments):
    """One of them by a new interpreter, which writes what is held back when it ends."""
    arguments = [run if word == "RUN" else word for word in arguments]
    read, write = os.pipe()
    os.close(read)
    command = child(*arguments, stdout=write, start=fresh if run in arguments else python)
    os.close(write)
    done = command.wait_for_end()
    assert done.code == 0
    assert done.err == ""


@pytest.mark.parametrize(
    ("closed", "start"), [((0,), python), ((1,), python), ((2,), python), ((0, 1, 2), fresh)]
)
def test_closed_streams_are_no_tracebacks(run, table, tmp_path, closed, start):
    how = {"preexec_fn": closing(*closed), "start": start}
    folder = tmp_path / "run"
    done = child("fit", table, "-o", folder, "--examples", 500, **how).wait_for_end()
    assert done.code == 0
    assert "Traceback" not in done.out + done.err
    assert status(folder) == "complete"
    target = tmp_path / "a.csv"
    done = child("generate", run, "-n", 3, "-o", target, **how).wait_for_end()
    assert done.code == 0
    assert target.read_text().count("\n") == 4, "no message may have got into the file"


def test_closed_standard_input_is_empty(tmp_path):
    command = child("fit", "-", "-o", tmp_path / "run", preexec_fn=closing(0))
    done = command.wait_for_end()
    assert done.code == 2
    assert "standard input: is empty" in done.err
    assert left_in(tmp_path) == [], "a fit that failed at once leaves nothing"


def test_a_closed_terminal_saves_a_fit(cli, table, tmp_path):
    folder = tmp_path / "run"
    command = child("fit", table, "-o", folder, "--examples", LONG)
    command.wait_until(lambda: (folder / "events.jsonl").exists())
    command.process.send_signal(signal.SIGHUP)
    assert command.wait_for_end().code == 130
    assert (folder / "checkpoint.safetensors").exists()
    assert "--resume" in cli("show", folder).out


def test_nohup_is_respected(table, tmp_path):
    folder, busy = tmp_path / "run", tmp_path / "busy"
    busy.touch()
    command = child(
        *("fit", table, "-o", folder, "--examples", 3_000),
        preexec_fn=ignoring(signal.SIGHUP),
        pause=0.25,
        while_there=busy,
    )
    command.wait_until(lambda: (folder / "events.jsonl").exists())
    command.process.send_signal(signal.SIGHUP)
    busy.unlink()
    assert command.wait_for_end().code == 0
    assert status(folder) == "complete"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGKILL])
def test_rows_on_their_way_are_for_nobody(cli, run, table, tmp_path, number, monkeypatch):
    temporary, target = tmp_path / "tmp", tmp_path / "scores.csv"
    temporary.mkdir()
    many = tmp_path / "many.csv"
    rows = table.read_text().splitlines()
    many.write_text("\n".join([rows[0], *rows[1:] * 300]) + "\n")
    place = {**os.environ, "TMPDIR": str(temporary)}
    command = child("detect", run, many, "-o", target, env=place)
    command.wait_until(lambda: any(temporary.glob("interfuse-rows-????????")))
    command.process.send_signal(number)
    ended = command.wait_for_end()
    assert not target.exists(), "too late to prove anything"
    if number == signal.SIGKILL:
        assert child("--version", env=place).wait_for_end().code == 0
        if not any(temporary.iterdir()):
            return
        done = child("show", run, env=place).wait_for_end()
        assert done.code == 0
    else:
        assert ended.code == 130
    assert left_in(temporary) == []
    assert not [name for name in left_in(tmp_path) if name.endswith(".tmp")] or (
        number == signal.SIGKILL
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_shows_any_name(tmp_path, encoding):
    data = tmp_path / "Zürich 日本\n\x1b[31m.csv"
    data.write_text("größe,日本\n" + "1.5,a\n2.5,b\n" * 20, encoding="utf-8")
    place = {**os.environ, "PYTHONIOENCODING": encoding, "LANG": "C"}
    command = child("fit", data, "-o", tmp_path / "my run", "--examples", 300, env=place)
    for stream in (command.process.stdout, command.process.stderr):
        assert stream is not None
        stream.close()
    command.process.stdout = command.process.stderr = None
    assert command.wait_for_end().code == 0
    done = child("show", tmp_path / "my run", env={**place, "PYTHONIOENCODING": "utf-8"})
    shown = done.wait_for_end()
    assert shown.code == 0, shown.err
    assert "\x1b" not in shown.out
    assert r"\x1b[31m" in shown.out


def test_what_can_be_typed_can_be_typed(cli, table, tmp_path):
    """The command to go on with, of a folder and a file with blanks."""
    folder, data = tmp_path / "my run", tmp_path / "my flows.csv"
    data.write_bytes(table.read_bytes())
    command = child("fit", "my flows.csv", "-o", "my run", "--examples", LONG, cwd=tmp_path)
    command.wait_until(lambda: (folder / "events.jsonl").exists())
    command.process.send_signal(signal.SIGINT)
    stopped = command.wait_for_end()
    assert "interfuse fit 'my flows.csv' -o 'my run' --resume" in stopped.err
    shown = cli("show", folder).out
    assert f"interfuse fit '{data}' -o '{folder}' --resume" in shown, "seen from elsewhere"


def test_a_name_with_a_line_end_is_one_line(cli, run, tmp_path):
    folder = tmp_path / "a b\nc"
    folder.mkdir()
    done = cli("generate", run, "-n", 3, "-o", folder / "ö.csv")
    assert done.code == 0
    assert r"a b\nc" in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert (folder / "ö.csv").exists()
