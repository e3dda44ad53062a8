"""A fit trains the number of examples it was given, and keeps what it learned when it fails."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

import interfuse
from interfuse.run import store
from interfuse.train.state import Checkpoint

FRAME = pl.DataFrame({"x": np.random.default_rng(0).normal(size=600), "c": ["a", "b", "c"] * 200})


@pytest.mark.parametrize("examples", [1, 2, 31, 128, 129, 1_000, 3_000, 4_097])
def test_no_more_examples_than_were_allowed(examples):
    assert interfuse.fit(FRAME, examples=examples).record["training"]["examples"] == examples


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, MemoryError, SystemExit])
def test_any_error_leaves_a_checkpoint_to_go_on_from(error, tmp_path):
    whole = interfuse.fit(FRAME, examples=3_000, folder=tmp_path / "whole")
    seen = []

    def listener(said) -> None:
        if getattr(said, "kind", "") == "evaluated":
            seen.append(said)
        if len(seen) == 4:
            raise error

    with pytest.raises(error):
        interfuse.fit(FRAME, examples=3_000, folder=tmp_path / "run", listener=listener)
    kept = Checkpoint.load(tmp_path / "run" / store.CHECKPOINT)
    assert kept.progress.examples == seen[-1].progress.examples
    again = interfuse.fit(FRAME, folder=tmp_path / "run", resume=True)
    assert again.record["training"]["examples"] == 3_000
    for name in ("weights.safetensors", "codec.safetensors"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert whole.record["training"]["held_out_loss"] == again.record["training"]["held_out_loss"]


def test_where_a_fit_began_is_gone_when_it_is_complete(tmp_path):
    interfuse.fit(FRAME, examples=100, folder=tmp_path / "run")
    assert "begun_in" not in json.loads((tmp_path / "run" / "run.json").read_text())
