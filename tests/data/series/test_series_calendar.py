"""Calendar features against the standard library's dates."""

import datetime as dt
import math
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from interfuse.data.series import calendar_features, calendar_names, read_series


def schema_of(freq, periods, zone=None):
    index = pd.date_range("2023-01-01", periods=periods, freq=freq, tz=zone)
    return read_series(pd.DataFrame({"time": index, "v": np.arange(len(index)) % 7.0})).schema


def expected(name, local):
    if name == "weekend":
        return float(local.weekday() >= 5)
    wave, which, harmonic = name.split(" ")
    hours = local.hour + local.minute / 60
    year = dt.datetime(local.year, 1, 1)
    length = dt.datetime(local.year + 1, 1, 1) - year
    phase = {
        "hour": local.minute / 60,
        "day": hours / 24,
        "week": (local.weekday() + hours / 24) / 7,
        "year": (local.replace(tzinfo=None) - year) / length,
    }[which]
    return getattr(math, wave)(2 * math.pi * int(harmonic) * phase)


@pytest.mark.parametrize("zone", [None, "Europe/Vienna", "America/New_York"])
@pytest.mark.parametrize(("freq", "periods"), [("15min", 3000), ("h", 9000), ("D", 500)])
def test_features_are_those_of_local_time(freq, periods, zone):
    schema = schema_of(freq, periods, zone)
    start = int(pd.Timestamp("2024-03-29 00:00", tz=zone or "UTC").value)
    found = calendar_features(schema, start, 150)
    names = calendar_names(schema)
    assert found.shape == (150, len(names))
    assert found.dtype == np.float32
    index = pd.date_range("2024-03-29 00:00", periods=150, freq=freq, tz=zone or "UTC")
    for i, stamp in enumerate(index.to_pydatetime()):
        local = stamp.astimezone(ZoneInfo(zone or "UTC"))
        # float32 of numbers up to 1.
        np.testing.assert_allclose(found[i], [expected(n, local) for n in names], atol=1e-6)


@pytest.mark.parametrize(
    ("freq", "periods", "kinds"),
    [
        ("s", 300, {"hour"}),
        ("5min", 300, {"hour", "day"}),
        ("5min", 3000, {"hour", "day", "week", "weekend"}),
        ("h", 200, {"day", "week", "weekend"}),
        ("h", 9000, {"day", "week", "weekend", "year"}),
        ("D", 100, {"week", "weekend"}),
        ("B", 500, {"week", "year"}),
        ("7D", 100, {"year"}),
        ("MS", 30, {"year"}),
    ],
)
def test_only_what_the_step_and_the_span_can_show(freq, periods, kinds):
    names = calendar_names(schema_of(freq, periods))
    assert {n.split(" ")[1] if " " in n else n for n in names} == kinds


def test_no_calendar_no_features():
    schema = read_series(np.arange(50.0)).schema
    assert calendar_features(schema, 0, 5).shape == (5, 0)
