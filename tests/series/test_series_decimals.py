"""Numbers of few decimals come back with as many."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from tiny_series import frame, waves

import interfuse
from interfuse.errors import SchemaError
from interfuse.kinds.series.data import SeriesSchema, read_series
from interfuse.kinds.series.data.columns import channel_of


@pytest.mark.parametrize("decimals", [1, 2, 4, 6])
@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_decimals_are_counted(decimals, scale):
    values = np.round(waves(500) * scale, decimals)
    assert channel_of("x", values, "Float64").decimals == decimals
    assert channel_of("x", values, "Float64").unit == pytest.approx(10.0**-decimals)


def test_single_precision_is_read_as_what_was_written():
    written = np.round(waves(500), 2).astype(np.float32).astype(float)
    assert channel_of("x", written, "Float32").decimals == 2
    # A third has no end of decimals, in either precision.
    thirds = (np.arange(1.0, 50.0) / 3).astype(np.float32).astype(float)
    assert channel_of("x", thirds, "Float32").decimals is None
    assert channel_of("x", np.arange(1.0, 50.0) / 3, "Float64").decimals is None


def test_whole_numbers_and_any_reals_have_none():
    assert channel_of("x", np.arange(9.0), "Float64").decimals is None
    assert channel_of("x", np.arange(9.0), "Float64").unit == 1.0
    assert channel_of("x", waves(50), "Float64").unit == 0.0


def test_the_schema_keeps_them_and_says_them():
    schema = read_series(frame(np.round(waves(200), 2))).schema
    again = SeriesSchema.from_json(json.loads(json.dumps(schema.to_json())))
    assert again == schema
    assert again.channels[0].decimals == 2
    assert "2 decimals" in schema.describe()
    wrong = schema.to_json()
    wrong["channels"][0]["decimals"] = "two"
    with pytest.raises(SchemaError, match="decimals is 'two'; expected a whole number"):
        SeriesSchema.from_json(wrong)


def test_draws_have_as_many(tiny):
    data = frame(np.round(waves(300), 1))
    model = interfuse.fit(data, kind="series", examples=1_000)
    holes = data.with_columns(
        pl.when(pl.int_range(pl.len()) % 9 == 4).then(None).otherwise("load").alias("load")
    )
    for answer in (
        model.forecast(data, 6, draws=20),
        model.impute(holes, draws=5),
        model.generate(2),
    ):
        drawn = np.concatenate([v.ravel() for v in answer.values])
        # The nearest float64 to a tenth: written with one decimal.
        np.testing.assert_array_equal(drawn, np.round(drawn, 1))
        assert len(np.unique(drawn)) > 5
