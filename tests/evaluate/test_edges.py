"""Few rows, times beyond the calendar, types that do not match: a report or the library's error."""

import datetime as dt
import json

import numpy as np
import polars as pl
import pytest

from interfuse.errors import DataError
from interfuse.evaluate import Limits, evaluate

LEAN = Limits(draws=1, support=100, most_targets=2, targets=100, attacked=50)
NUMBERS = np.random.default_rng(0).normal(size=250)


def judged(real, synthetic, **options):
    report = evaluate(real, synthetic, limits=LEAN, threads=1, **options)
    report.to_html()
    json.loads(report.to_json())
    return report


@pytest.mark.parametrize("rows", [2, 3, 5, 8, 12])
def test_few_real_rows_and_many_synthetic_ones(rows):
    real = pl.DataFrame({"x": NUMBERS[:rows], "c": list("ab" * rows)[:rows], "i": range(rows)})
    drawn = pl.DataFrame(
        {"x": NUMBERS[100:160], "c": list("ab" * 30), "i": [i % rows for i in range(60)]}
    )
    for schema in (None, {"x": "number", "c": "category", "i": "number"}):
        assert len(judged(real, drawn, schema=schema).verdict) == 3


@pytest.mark.parametrize(
    "dtype",
    [
        *(kind(unit) for kind in (pl.Duration, pl.Datetime) for unit in ("ms", "us", "ns")),
        pl.Date,
    ],
    ids=str,
)
def test_times_at_the_edge_of_their_type(dtype):
    edges = [-(2**31), 2**31 - 1, 0, 5] if dtype == pl.Date else [-(2**63), 2**63 - 1, 0, 5]
    stored = pl.Int32 if dtype == pl.Date else pl.Int64
    drawn = np.random.default_rng(1).choice(edges, 250)
    frame = pl.DataFrame({"d": pl.Series(drawn, dtype=stored).cast(dtype), "y": NUMBERS})
    report = judged(frame, frame.sample(250, with_replacement=True, seed=1))
    shape = report["fidelity.shape"]
    assert shape is not None
    assert shape < 15  # a bootstrap, whatever the times


REAL = pl.DataFrame(
    {
        "x": NUMBERS,
        "t": [dt.date(2020, 1, 1)] * 125 + [dt.date(2020, 2, 1)] * 125,
        "f": [True, False] * 125,
        "s": list("ab") * 125,
    }
)
OTHER = {
    "text for a boolean": {"f": pl.lit("yes")},
    "a time for a date": {"t": pl.lit(dt.time(1))},
    "a span for a date": {"t": pl.lit(dt.timedelta(1))},
    "text for a date": {"t": pl.lit("NaT")},
    "a list for a number": {"x": pl.concat_list("x")},
    "a struct for a number": {"x": pl.struct("x")},
}


@pytest.mark.parametrize("name", OTHER)
def test_types_that_do_not_match_are_one_error_with_both(name):
    column = next(iter(OTHER[name]))
    with pytest.raises(DataError, match=rf"column '{column}' is .* in the real table and"):
        judged(REAL, REAL.with_columns(**OTHER[name]))


@pytest.mark.parametrize("dtype", [pl.Null, pl.String, pl.Date])
def test_a_date_that_came_back_all_missing_is_a_finding(dtype):
    report = judged(REAL, REAL.with_columns(t=pl.lit(None, dtype)))
    assert any("'t': 100.0% missing" in line for line in report.findings)
