"""A model of a small table, and the command line in this process."""

from __future__ import annotations

import io
import sys

import pytest
from commands import EXAMPLES, child, flows

from interfuse.cli import main
from processes import Result


@pytest.fixture(scope="session")
def table(tmp_path_factory):
    """A CSV file of `flows`."""
    path = tmp_path_factory.mktemp("data") / "flows.csv"
    flows().write_csv(path)
    return path


@pytest.fixture(scope="session")
def run(tmp_path_factory, table):
    """A run folder of a short fit."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    ended = child("fit", table, "-o", folder, "--examples", EXAMPLES).wait_for_end()
    assert ended.code == 0, ended.err
    return folder


@pytest.fixture
def cli(capsys, monkeypatch):
    """Run a command in this process."""

    def call(*arguments: object, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "argv", ["interfuse", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit:
            main()
        said = capsys.readouterr()
        return Result(int(exit.value.code or 0), said.out, said.err)

    return call
