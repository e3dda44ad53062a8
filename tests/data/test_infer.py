"""Kinds of columns as people would name them."""

import datetime as dt
import hashlib

import numpy as np
import pandas as pd
import polars as pl
import pytest

from interfuse import infer_schema
from interfuse.errors import DataError

N = 400
R = np.random.default_rng(0)


def kind_of(values, name="column", dtype=None):
    return infer_schema(pl.DataFrame({name: pl.Series(values, dtype=dtype)}))[name].kind


def digests(n=N):
    return [hashlib.sha256(str(i).encode()).hexdigest()[:32] for i in range(n)]


WORDS = ["the", "page", "you", "asked", "for", "is", "not", "here", "please", "go", "home"]
SENTENCES = [" ".join(R.choice(WORDS, 12)) + f" {i}" for i in range(N)]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([None] * N, "empty"),
        (["x"] * N, "constant"),
        ([7] * N, "constant"),
        ([0.5] * N, "constant"),
        ([7, None] * N, "category"),
        ([True, False] * N, "category"),
        ([0, 1] * N, "category"),
        ([0.0, 1.0, None] * N, "category"),
        ([0.0, 1.0, float("nan")] * N, "number"),
        (["tcp", "udp", None] * N, "category"),
        ([f"10.0.{i % 30}.{i % 3}" for i in range(N)], "address"),
        ([f"https://example.org/item/{i % 150}" for i in range(N)], "url"),
        (digests(), "key"),
        ([f"sess-{i:06d}" for i in range(N)], "key"),
        ([f"${i * 97 + 1000:,}.50" for i in range(N)], "category"),
        ([f"{i * 0.25}%" for i in range(N)], "category"),
        ([f"{i} ms" for i in range(N)], "category"),
        ([f"AS{i * 7 + 1000}" for i in range(N)], "key"),
        ([f"{i:05d}" for i in range(N)], "key"),
        (SENTENCES, "text"),
        ([f"https://example.org/{'x' * (i % 80)}/{i}" for i in range(N)], "url"),
        (["a", "b", "c"], "category"),
        (list(range(N)), "key"),
        (R.permutation(N).tolist(), "key"),
        (np.cumsum(R.integers(1, 4, N)).tolist(), "key"),
        (np.cumsum(R.integers(1, 10_000, N)).tolist(), "number"),
        (list(range(1_600_000_000, 1_600_000_000 + 3 * N, 3)), "number"),
        (R.integers(0, 3, N).tolist(), "number"),
        (R.normal(size=N).tolist(), "number"),
        ([dt.date(2024, 1, 1 + i % 28) for i in range(N)], "datetime"),
        ([dt.timedelta(seconds=i) for i in range(N)], "datetime"),
        ([dt.time(i % 24) for i in range(N)], "datetime"),
    ],
)
def test_kind(values, kind):
    assert kind_of(values) == kind


def test_large_numbers_all_different_are_keys_only_if_named_so():
    values = R.permutation(7 * 10**12 + np.arange(N) * 977).tolist()
    assert kind_of(values, "bytes") == "number"
    assert [kind_of(values, n) for n in ("id", "user_id", "userId", "UUID")] == ["key"] * 4
    assert kind_of(values, "paid") == "number"


def test_a_hundred_thousand_addresses_are_a_category():
    values = np.repeat(np.arange(100_000), 2).astype(str)
    schema = infer_schema(pl.DataFrame({"ip": values}))
    assert (schema["ip"].kind, schema["ip"].note) == ("category", "100,000 values")


def test_numbers_with_marks_are_named():
    values = ["870", None, "1,024", "12,000"] * 30
    note = infer_schema(pl.DataFrame({"hits": values}))["hits"].note
    assert note.startswith("3 values like '1,024': without the marks it would be")
    assert note.endswith("25.0% missing")


def test_enum_categorical_and_pandas_categories_of_numbers_are_categories():
    frame = pl.DataFrame({"e": digests(), "c": digests()})
    frame = frame.cast({"e": pl.Enum(digests()), "c": pl.Categorical})
    assert [c.kind for c in infer_schema(frame).columns] == ["category"] * 2
    codes = pd.DataFrame({"port": pd.Categorical([80, 443, 53] * 50)})
    assert infer_schema(codes)["port"].kind == "category"


def test_derived_columns_are_found_and_the_rule_is_in_the_options():
    added, deleted = R.integers(0, 500, N), R.integers(0, 90, N)
    frame = pl.DataFrame({"delta": added - deleted, "added": added, "deleted": deleted})
    schema = infer_schema(frame)
    assert [c.kind for c in schema.columns] == ["derived", "number", "number"]
    assert schema["delta"].options == {"rule": "added - deleted"}
    assert schema["delta"].note == "is added - deleted in every row"


def test_of_a_code_and_its_name_the_latter_is_derived():
    code = R.integers(0, 20, N)
    frame = pl.DataFrame({"iso": code.astype(str), "country": np.char.add("c", code.astype(str))})
    schema = infer_schema(frame)
    assert [c.kind for c in schema.columns] == ["category", "derived"]
    assert schema["country"].options["rule"].startswith("match(iso, '0', 'c0', '1', 'c1', ")


def test_lazy_eager_and_file_agree(tmp_path):
    frame = pl.DataFrame(
        {"id": range(N), "x": R.normal(size=N), "y": ["a", None] * (N // 2), "z": [1] * N}
    )
    frame.write_parquet(tmp_path / "a.parquet")
    eager = infer_schema(frame)
    for other in (infer_schema(frame.lazy()), infer_schema(tmp_path / "a.parquet")):
        assert other.columns == eager.columns
        assert other.rows == N
    assert [c.kind for c in eager.columns] == ["key", "number", "category", "constant"]


def test_what_is_not_a_table_is_an_error():
    with pytest.raises(DataError, match=r"builtins\.list; expected a path, or a pandas"):
        infer_schema([1, 2])
