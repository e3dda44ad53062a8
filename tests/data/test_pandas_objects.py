"""Columns of pandas that are neither numbers nor text: they come back, and can be evaluated."""

import datetime as dt
import decimal
import ipaddress
import uuid

import numpy as np
import pandas as pd
import pytest

import interfuse

ROWS = 60
HOUR = dt.timedelta(hours=1)
START = dt.datetime(2024, 1, 1)


def zoned(i):
    """Hours in turn in two zones."""
    return (START + i * HOUR).replace(tzinfo=dt.timezone(HOUR * (i % 2)))


def cut(bins):
    return pd.cut(pd.Series(np.linspace(-2, 2, ROWS)), bins)


COLUMNS = {
    "numbers and text": [1 if i % 2 else "1" for i in range(ROWS)],
    "numbers and a word": [i % 7 if i % 9 else "n/a" for i in range(ROWS)],
    "beyond 64 bits": [2**70 + i % 5 for i in range(ROWS)],
    "uuids": [uuid.UUID(int=i) for i in range(ROWS)],
    "addresses": [ipaddress.ip_address(f"10.0.0.{i}") for i in range(ROWS)],
    "decimals and floats": [decimal.Decimal(i) if i % 2 else 0.5 for i in range(ROWS)],
    "truths and text": [True if i % 3 else "maybe" for i in range(ROWS)],
    "two zones": [zoned(i) for i in range(ROWS)],
    "sparse": pd.arrays.SparseArray([0.0, 0.0, 1.0] * (ROWS // 3)),
    "intervals": cut(4),
    "intervals without an end": cut([-np.inf, -1, 0, 1, np.inf]),
}


@pytest.fixture(scope="module", params=COLUMNS)
def frame(request):
    rng = np.random.default_rng(1)
    made = pd.DataFrame({"x": rng.normal(size=ROWS).round(2), "odd": COLUMNS[request.param]})
    made.index = pd.Index([f"r{i}" for i in rng.permutation(ROWS)])
    return made


@pytest.fixture(scope="module")
def model(frame, tmp_path_factory):
    made = interfuse.fit(frame, kind="table", examples=64)
    return interfuse.load(made.save(tmp_path_factory.mktemp("run")))


pytestmark = pytest.mark.filterwarnings("ignore::interfuse.errors.InterfuseWarning")


def test_observed_values_come_back_as_they_were(frame, model):
    holes = frame.copy()
    holes.loc[holes.index[::4], "x"] = np.nan
    for answer in (model.impute(holes, draws=2).median(), model.impute(holes, draws=2).frame(1)):
        assert answer.index.equals(holes.index)
        assert all(
            a == b and (type(a) is type(b) or isinstance(a, dt.datetime))
            for a, b in zip(answer["odd"].tolist(), holes["odd"].tolist(), strict=True)
        )
        assert answer["x"].notna().all()


@pytest.mark.parametrize("frame", ["intervals", "intervals without an end"], indirect=True)
def test_intervals_are_categories_of_intervals_again(frame, model):
    assert model.generate(20)["odd"].dtype == frame["odd"].dtype


@pytest.mark.parametrize("frame", ["two zones"], indirect=True)
def test_instants_of_two_zones_are_times(frame, model):
    assert model.schema["odd"].kind == "datetime"
    answer = model.impute(frame, draws=2).median()
    assert answer["odd"].tolist() == frame["odd"].tolist()


def test_drawn_rows_are_evaluated(frame, model):
    assert interfuse.evaluate(frame, model.generate(ROWS), schema=model.schema).verdict
    assert interfuse.evaluate(frame, model.generate(ROWS)).verdict
