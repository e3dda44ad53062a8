"""Several processes that train together do what one does that learns from the same parts."""

import os
import socket
import subprocess
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import ranked
import torch

import narrow_tables
from processes import python, ran, watched


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


COMMAND = (
    f"import interfuse.kinds.table.learn.setup as setup; setup.WIDTH = {narrow_tables.NARROW}; "
    "from interfuse.cli import main; main()"
)


def started(code, arguments, size):
    """The processes that torchrun would start."""
    common = {"WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return [
        python(code, *arguments, env={**os.environ, **common, "RANK": str(rank)}, **pipes)
        for rank in range(size)
    ]


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """What each of two processes has learned."""
    folder = tmp_path_factory.mktemp("ranks")
    code = f"import runpy; runpy.run_path({ranked.__file__!r}, run_name='__main__')"
    for process in started(code, [folder], 2):
        done = watched(process).wait_for_end()
        assert done.code == 0, done.err
    return [torch.load(folder / f"{rank}.pt") for rank in (0, 1)]


@pytest.fixture(scope="module")
def alone():
    """One process that learns from two halves, and one from whole batches: weights and curve."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return [ranked.trained(parts) for parts in (2, 1)]
    finally:
        torch.set_num_threads(before)


def test_two_processes_are_one_that_adds_two_halves(two, alone):
    assert torch.equal(two[0]["weights"], two[1]["weights"])
    assert torch.equal(two[0]["weights"], alone[0].parameters.weight.detach())
    assert [p[3] for p in two[0]["curve"]] == [p[3] for p in alone[0].progress.curve]


def test_halves_learn_what_the_whole_batch_does(alone):
    """They differ in dropout, which is drawn anew for each part: the loss is near, not the same."""
    halves, whole = (t.progress.curve[-1][3] for t in alone)
    assert abs(halves - whole) < 0.1


def test_losses_of_parts_add_up_to_those_of_the_batch(alone):
    trainer = alone[0]
    generator = torch.Generator().manual_seed(0)
    noisy = trainer.objective.corrupt(trainer.rows.take(torch.arange(50)), generator)
    net = trainer.net.eval()
    whole = trainer.objective.loss(net, noisy).total()
    for count in (2, 3, 7):
        parts = [noisy.part(k, count) for k in range(count)]
        assert sum(len(part.codes) for part in parts) == 50
        totals = [trainer.objective.loss(net, part).total() for part in parts]
        total = torch.stack(totals).sum()
        assert torch.allclose(total, whole, rtol=1e-5)


def shop(path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=2_000)
    pl.DataFrame({"x": x, "y": x**2, "c": np.where(x > 0, "up", "down")}).write_parquet(path)


def test_the_first_process_alone_speaks_and_writes_and_survives_the_others(tmp_path):
    """A kill of one ends the other with one error; one process goes on with what two began."""
    shop(tmp_path / "rows.parquet")
    fit = ["fit", tmp_path / "rows.parquet", "-o", tmp_path / "run"]
    first, other = started(COMMAND, [*fit, "--examples", "80000"], 2)
    events = tmp_path / "run" / "events.jsonl"
    watched(first).wait_until(lambda: events.exists() and events.read_text().count("\n") > 1)
    other.kill()
    ended = watched(first).wait_for_end()
    said = ended.err
    assert ended.code == 2, said
    assert said.count("another one has ended") == 1
    assert "Traceback" not in said
    assert other.communicate() == ("", "")
    assert (tmp_path / "run" / "checkpoint.safetensors").exists()

    again = ran(COMMAND, *fit, "--resume")
    assert again.code == 0, again.err
