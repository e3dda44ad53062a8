"""A noise schedule can be chosen and is kept; one from outside is as good as ours."""

import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

import interfuse
from interfuse.core.schedule import SCHEDULES, Schedule, as_time
from interfuse.errors import OptionError, RunError
from interfuse.reproduce import reproduce

sys.path.insert(0, str(Path(__file__).parents[1]))
import tiny_images


@dataclass(frozen=True)
class Arch(Schedule):
    """alpha^2 = 1 - t^power, which no schedule of ours is."""

    power: float = 1.5

    def __call__(self, t):
        left = as_time(t).clamp(0, 1) ** self.power
        return (1 - left).sqrt(), left.sqrt()

    def inverse(self, logsnr):
        return torch.sigmoid(-as_time(logsnr)) ** (1 / self.power)


@pytest.fixture
def arch(monkeypatch):
    monkeypatch.setitem(SCHEDULES, "arch", Arch)


def pairs(n=2_000):
    rng = np.random.default_rng(0)
    x = rng.normal(size=n)
    return pl.DataFrame({"x": x, "y": 0.9 * x + math.sqrt(1 - 0.81) * rng.normal(size=n)})


def test_a_schedule_from_outside_is_fitted_kept_and_repeated(arch, tmp_path):
    options = {"examples": 60_000, "precision": "fp32", "schedule": Arch(2.0)}
    model = interfuse.fit(pairs(), folder=tmp_path / "run", **options)
    kept = json.loads((tmp_path / "run" / "config.json").read_text())["kernel"]
    assert kept == {"schedule": {"name": "arch", "power": 2.0}, "window": [0.0, 0.5]}
    drawn = model.generate(2_000, seed=1)
    # The correlation of 2,000 draws has a standard error of .004; the rest is for a short fit.
    assert abs(pl.concat([drawn]).select(pl.corr("x", "y")).item() - 0.9) < 0.05
    again = interfuse.load(tmp_path / "run", kind="table")
    assert again.net.kernel is not None
    assert again.net.kernel.schedule == Arch(2.0)
    assert again.generate(50, seed=2).equals(model.generate(50, seed=2))
    assert reproduce(tmp_path / "run", pairs()).same_weights


def test_images_take_it_too(tmp_path):
    images, _ = tiny_images.shades(240)
    with tiny_images.small_network():
        options = {"examples": 640, "precision": "fp32", "schedule": "linear_beta"}
        model = interfuse.fit(images, folder=tmp_path / "run", **options)
    again = interfuse.load(tmp_path / "run", kind="images")
    assert again.net.kernel is not None
    assert again.net.kernel.schedule == SCHEDULES["linear_beta"]()
    np.testing.assert_array_equal(again.generate(2, steps=4), model.generate(2, steps=4))


def test_a_model_knows_its_schedule_where_it_is_the_default(tmp_path):
    interfuse.fit(pairs(300), examples=2_000, folder=tmp_path / "run")
    kept = json.loads((tmp_path / "run" / "config.json").read_text())["kernel"]
    assert kept["schedule"] == {"name": "cosine", "offset": 0.0}
    assert "schedule" not in json.loads((tmp_path / "run" / "run.json").read_text())


def test_a_schedule_that_is_not_there(tmp_path, arch):
    with pytest.raises(OptionError, match="schedule: 'bow' is unknown; expected one of linear_"):
        interfuse.fit(pairs(300), schedule="bow")
    interfuse.fit(pairs(300), examples=2_000, folder=tmp_path / "run", schedule="arch")
    del SCHEDULES["arch"]
    with pytest.raises(RunError, match="schedule: 'arch' is unknown"):
        interfuse.load(tmp_path / "run")
    SCHEDULES["arch"] = Arch
