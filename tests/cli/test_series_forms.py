"""Series are written in the form of their file, and what was observed keeps its text."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import interfuse

sys.path.insert(0, str(Path(__file__).parents[1] / "series"))
from tiny_series import small_network

ROWS = 160
START = datetime(2023, 1, 28)
WAVE = 50 + 20 * np.sin(np.arange(ROWS) / 4)


def german(value):
    return f"{value:.2f}".replace(".", ",")


FILES = {
    "german": ("Zeit;kW", ";", "%d.%m.%Y %H:%M", german, ""),
    "german, a word for missing": ("Zeit;kW", ";", "%d.%m.%Y %H:%M", german, "n/a"),
    "blank between": ("time,load", ",", "%Y-%m-%d %H:%M:%S", lambda v: f"{v:.3f}", "NA"),
    "bar": ("time|load", "|", "%Y/%m/%d %H:%M", lambda v: f"{v:.1f}", "-"),
    "American": ("time,load", ",", "%m/%d/%Y %I:%M %p", lambda v: f"{v:.2f}", ""),
    "a unit": ("time,load", ",", "%Y-%m-%dT%H:%M:%S", lambda v: f"{v:.1f} MW", ""),
    "a month's name": ("time,load", ",", "%d %b %Y %H:%M", lambda v: f"{v:.0f}", "?"),
}


@pytest.fixture(scope="module", params=FILES)
def case(request, tmp_path_factory):
    """A file with gaps and a run that was fitted to it."""
    head, mark, stamp, number, gap = FILES[request.param]
    lines = [head]
    for i, value in enumerate(WAVE):
        when = (START + timedelta(hours=i)).strftime(stamp)
        lines.append(when + mark + (gap if i in (5, 80) else number(value)))
    folder = tmp_path_factory.mktemp("forms")
    path = folder / "load.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with small_network():
        interfuse.fit(path, kind="series", examples=128, folder=folder / "run")
    return path, folder / "run", lines, FILES[request.param]


def test_observed_points_keep_their_text(case, cli, tmp_path):
    path, run, lines, (_, mark, _, number, _) = case
    target = tmp_path / "out.csv"
    done = cli("impute", run, path, "-o", target)
    assert done.code == 0, done.err
    out = target.read_text(encoding="utf-8").splitlines()
    changed = [i for i, (a, b) in enumerate(zip(lines, out, strict=True)) if a != b]
    assert changed == [6, 81]
    decimals = number(1.25).replace("1", "", 1)[:2]
    for i in changed:
        new = out[i].split(mark)
        assert new[0] == lines[i].split(mark)[0]
        assert new[1].endswith(" MW") == number(1).endswith(" MW")
        assert ("," in new[1]) == ("," in decimals)


def test_every_draw_keeps_the_text(case, cli, tmp_path):
    path, run, lines, (_, mark, *_) = case
    target = tmp_path / "out.csv"
    done = cli("impute", run, path, "-o", target, "--value", "draws", "--draws", 2)
    assert done.code == 0, done.err
    out = target.read_text(encoding="utf-8").splitlines()
    assert out[0] == f"draw{mark}{lines[0]}"
    for draw in (0, 1):
        part = out[1 + draw * ROWS : 1 + (draw + 1) * ROWS]
        kept = [b == f"{draw}{mark}{a}" for a, b in zip(lines[1:], part, strict=True)]
        assert [i for i, k in enumerate(kept) if not k] == [5, 80]


def test_a_forecast_is_written_like_the_file(case, cli, tmp_path):
    path, run, lines, (_, mark, stamp, number, _) = case
    target = tmp_path / "out.csv"
    done = cli("forecast", run, path, "--horizon", 3, "-o", target)
    assert done.code == 0, done.err
    names, *rows = [r.split(mark) for r in target.read_text(encoding="utf-8").splitlines()]
    time, value = lines[0].split(mark)
    assert names == [time, value, f"{value}_low", f"{value}_high"]
    later = [START + timedelta(hours=ROWS + i) for i in range(3)]
    assert [r[0] for r in rows] == [when.strftime(stamp) for when in later]
    if number(1.0) != "1":  # of whole numbers a median may have a half
        point = "," if "," in number(1.5) else "."
        behind = {len(c.partition(point)[2]) for row in rows for c in row[1:]}
        assert behind == {len(number(1.5).partition(point)[2])}


def test_points_are_scored_beside_their_text(case, cli, tmp_path):
    path, run, lines, (_, mark, *_) = case
    target = tmp_path / "out.csv"
    assert cli("detect", run, path, "-o", target).code == 0
    out = target.read_text(encoding="utf-8").splitlines()
    assert out[0].startswith(lines[0] + mark + "score")
    assert all(new.startswith(old + mark) for old, new in zip(lines, out, strict=True))


def test_new_series_are_written_like_the_file(case, cli, tmp_path):
    _, run, lines, (_, mark, stamp, number, _) = case
    target = tmp_path / "out.csv"
    assert cli("generate", run, "--length", 4, "-o", target).code == 0
    names, *rows = [r.split(mark) for r in target.read_text(encoding="utf-8").splitlines()]
    assert names == lines[0].split(mark)
    for when, value in rows:
        assert datetime.strptime(when, stamp).strftime(stamp) == when
        bare = value.removesuffix(" MW")
        assert (bare != value) == number(1).endswith(" MW")
        assert number(float(bare.replace(",", "."))) == value
