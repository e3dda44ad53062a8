"""`interfuse show`, and the parts of `interfuse demo` that take no minutes."""

from __future__ import annotations

import numpy as np
import pytest
from commands import EXAMPLES, ROWS

from interfuse.cli import demo
from interfuse.cli.show import sparkline


def test_show_tells_data_budget_curve_columns_and_versions(cli, run):
    done = cli("show", run)
    assert done.code == 0
    for word in ("complete", "flows.csv", f"{ROWS} rows", f"{EXAMPLES:,} examples", "torch"):
        assert word in done.out
    for word in ("Held-out loss", "label", "category", "bytes", "number"):
        assert word in done.out
    assert "category" not in cli("show", run, "--no-schema").out.replace("category cells", "")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([8.0, 1.0], "█▁"),
        ([1.0, 2.0, 3.0], "▁▅█"),
        ([2.0, None, 2.0], "▁▁"),
        ([1.0], ""),
        ([None, None], ""),
    ],
)
def test_sparkline(values, expected):
    assert sparkline(values) == expected


def test_sparkline_keeps_both_ends_of_a_long_curve():
    line = sparkline([float(i) for i in range(500)], width=20)
    assert len(line) == 20
    assert (line[0], line[-1]) == ("▁", "█")


def test_the_demo_splits_as_tabsyn_does():
    frame = demo.shoppers().with_row_index("row")
    train, holdout = demo.split(frame)
    order = np.arange(12_330)
    state = np.random.get_state()
    np.random.seed(1234)
    np.random.shuffle(order)
    np.random.set_state(state)
    assert train["row"].to_list() == order[:11_097].tolist()
    assert holdout["row"].to_list() == order[11_097:].tolist()


def test_the_demo_runs_twice_and_writes_all_it_says(cli, tmp_path, monkeypatch):
    small = demo.shoppers().head(600)
    monkeypatch.setattr(demo, "shoppers", lambda: small)
    folder = tmp_path / "demo"
    first = cli("demo", "--output", folder, "--seconds", 1)
    assert first.code == 0, first.err
    done = cli("demo", "--output", folder, "--seconds", 1)
    assert done.code == 0, done.err
    assert {path.name for path in folder.iterdir()} == {*demo.FILES, demo.RUN}
    assert "CC BY 4.0" in done.out
    assert "Column shapes" in done.out or "hape" in done.out
    page = (folder / "report.html").read_text()
    assert "http://" not in page.replace("http://www.w3.org", "")
    (folder / "thesis.txt").write_text("mine")
    assert cli("demo", "--output", folder).code == 2
