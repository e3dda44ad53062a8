"""What is apart: values of two cells that no row has together are seldom drawn together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

import interfuse
from interfuse.kinds.table.apart import Apart, apart
from interfuse.kinds.table.laws import Laws


def flows(n=3_000, seed=0):
    """Ends of two families, which never mix, and a protocol that has no port."""
    r = np.random.default_rng(seed)
    six, icmp = r.random(n) < 0.1, r.random(n) < 0.08
    a, b = (r.integers(1, 60, n) for _ in range(2))
    here, there = zip(six, a, strict=True), zip(six, b, strict=True)
    return pl.DataFrame({
        "src_ip": [f"2001:db8:1::{x:x}" if s else f"10.0.0.{x}" for s, x in here],
        "dst_ip": [f"2600:aa:1::{x:x}" if s else f"93.184.216.{x}" for s, x in there],
        "proto": np.where(icmp, "icmp", np.where(r.random(n) < 0.5, "tcp", "udp")),
        "size": np.where(icmp, 64, 1 + r.integers(64, 1500, n)),
    })  # fmt: skip


def broken(frame):
    """Rows whose ends are of two families, or that are ICMP of another size."""
    six = [frame[n].str.contains(":", literal=True) for n in ("src_ip", "dst_ip")]
    return (six[0] != six[1]).mean(), ((frame["proto"] == "icmp") & (frame["size"] != 64)).mean()


@pytest.fixture(scope="module")
def model():
    return interfuse.fit(flows(), examples=12_000, seed=0)


def test_what_no_row_has_together_is_seldom_drawn_together(model):
    assert model.layout.apart
    free = replace(model, layout=replace(model.layout, laws=model.codec.laws))
    ours, theirs = broken(model.generate(4_096)), broken(free.generate(4_096))
    # A network after 12,000 examples mixes the families in some rows of a hundred.
    assert theirs[0] > 0.005
    assert ours[0] < theirs[0] / 3
    assert ours[1] <= theirs[1]


def test_a_stored_run_draws_the_same(model, tmp_path):
    model.save(tmp_path / "run")
    again: Any = interfuse.load(tmp_path / "run")
    assert again.layout.apart == model.layout.apart
    assert again.generate(500, seed=3).equals(model.generate(500, seed=3))


def test_known_values_stay_whatever_is_apart(model):
    given = {"src_ip": "10.0.0.7", "proto": "icmp"}
    assert model.generate(50, given=given)["proto"].unique().to_list() == ["icmp"]


def test_sets_that_meet_once_or_would_seldom_meet_are_not_apart():
    assert not apart(np.array([[500, 1], [50, 50]])).any()
    assert not apart(np.array([[500, 0], [6, 8]])).any()
    assert apart(np.array([[500, 0], [50, 50]])).tolist() == [[False, True], [False, False]]
    alone = np.array([[40, 0, 0, 0, 0], [60, 90, 90, 90, 90]])
    assert apart(alone)[0].tolist() == [False, True, True, True, True]


def test_of_values_that_are_all_apart_the_one_that_is_least_so_is_drawn():
    import torch

    one = Apart(0, 1, (0,), ((0, 1),))
    two = Apart(0, 2, (0,), ((1,),))
    laws = Laws.together(None, (2, 2, 2), (one, two))
    assert laws is not None
    share = torch.tensor([[0.5, 0.5]])
    beside_one = laws.kept(share, 0, torch.tensor([[-1, 0, -1]]))
    assert beside_one[0, 0] < 0.01
    only_this = laws.kept(torch.tensor([[1.0, 0.0]]), 0, torch.tensor([[-1, 0, 1]]))
    assert only_this[0].tolist() == [1.0, 0.0]
