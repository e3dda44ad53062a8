"""A fit out of core: the same codec and cells, the same quality, resumed as if never stopped."""

import subprocess
import sys
import warnings
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import interfuse
from interfuse.errors import DataError, OptionError, SchemaError
from interfuse.io.origin import Origin
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.infer import schema_of
from interfuse.kinds.table.large.choose import too_large
from interfuse.kinds.table.large.learn import learn_codec
from interfuse.kinds.table.large.pieces import Pieces
from interfuse.kinds.table.large.survey import Survey
from interfuse.kinds.table.large.told import told

ROWS = 3_000


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 900, ROWS), rng.integers(0, 90, ROWS)
    x = rng.normal(size=ROWS).round(2)
    return pl.DataFrame(
        {
            "id": np.arange(ROWS) + 7,
            "a": a,
            "b": b,
            "total": a + b,
            "x": np.where(rng.random(ROWS) < 0.1, np.nan, x + a / 100),
            "when": pl.from_epoch(pl.Series(rng.integers(1_700_000_000, 1_700_090_000, ROWS))),
            "protocol": np.array(["tcp", "udp", "icmp"])[np.digitize(a, [300, 800])],
            "host": np.array([f"h{i:03}" for i in range(700)])[rng.integers(0, 700, ROWS)],
            "same": np.repeat("one", ROWS),
        }
    ).with_columns(b=pl.when(pl.col("a") < 50).then(None).otherwise("b"))


@pytest.fixture(scope="module")
def shards(frame, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards")
    for i in range(4):
        frame[i * 750 : (i + 1) * 750].write_parquet(folder / f"part-{i}.parquet")
    return folder


def arrays_of(codec):
    return {k: v.tolist() for k, v in codec.arrays().items()}


@settings(max_examples=4, deadline=None)
@given(st.integers(1, 2 * ROWS))
def test_any_pieces_teach_the_codec_of_the_whole_table(frame, size):
    schema = schema_of(frame, Origin())
    whole = TableCodec.fit(frame, schema)
    learned = learn_codec(Pieces(frame.lazy(), "it", size=max(size, 40)), schema)
    assert learned.to_json() == whole.to_json()
    assert arrays_of(learned) == arrays_of(whole)


@settings(max_examples=4, deadline=None)
@given(st.integers(30, ROWS), st.integers(32, 300))
def test_pieces_do_not_show_where_values_are_ranges_either(frame, size, most):
    schema = schema_of(frame.select("a", "x", "when"), Origin())
    found = [learn_codec(Pieces(frame.lazy(), "it", size=n), schema, most) for n in (size, ROWS)]
    assert arrays_of(found[0]) == arrays_of(found[1])
    assert found[0].to_json() == found[1].to_json()


def test_what_columns_are_is_told_by_a_sample_and_held_against_all(monkeypatch):
    """A rule that two rows of 3,000 break, and a value that one row has."""
    a = np.arange(ROWS) % 97
    double = 2 * a
    double[[1_500, 2_500]] = -1
    rare = np.zeros(ROWS, np.int64)
    rare[2_000] = 5
    data = pl.DataFrame({"n": np.arange(ROWS) * 3, "a": a, "double": double, "rare": rare})
    data = data.with_columns(four=pl.col("a") * 4)
    monkeypatch.setattr("interfuse.kinds.table.large.survey.Survey.of", _of_sample(200))
    schema, words = told(Pieces(data.lazy(), "it", size=512), Origin(), 0, lambda s: s)
    kinds = {c.name: c.kind for c in schema.columns}
    assert kinds["n"] == "key"
    assert kinds["rare"] != "constant"
    assert kinds["double"] == "number"
    assert kinds["four"] == "derived"
    assert schema.rows == ROWS
    assert "of 3,000 rows" in words[0]


def _of_sample(size):
    original = Survey.of.__func__
    return classmethod(lambda cls, pieces, seed: original(cls, pieces, seed, size))


def test_the_sample_does_not_depend_on_pieces(frame):
    one, other = (Survey.of(Pieces(frame.lazy(), "it", size=n), 3, 100) for n in (ROWS, 77))
    assert one.sample.equals(other.sample)
    assert (one.rows, one.rising) == (other.rows, other.rising) == (ROWS, ("id",))


def test_no_name_of_a_column_is_taken(frame):
    theirs = frame.rename({"a": "interfuse row", "b": "interfuse key"})
    whole = Survey.of(Pieces(theirs.lazy(), "it", size=500), 3, ROWS)
    assert whole.sample.equals(theirs)


@pytest.fixture(scope="module")
def models(frame, shards):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", interfuse.InterfuseWarning)
        inside = interfuse.fit(shards, out_of_core=False, examples=24_000, seed=1)
        outside = interfuse.fit(shards, out_of_core=True, examples=24_000, seed=1)
    return inside, outside


def test_a_model_is_as_good_out_of_core(models):
    """Losses on other held-out rows of the same table: 150 rows, whose mean loss varies by .1."""
    inside, outside = (m.record["training"]["held_out_loss"] for m in models)
    assert abs(inside - outside) < 0.2
    assert models[1].record["data"]["out_of_core"] is True
    assert "out_of_core" not in models[0].record["data"]


def test_drawn_rows_keep_the_rules_and_the_types(models, frame):
    drawn = models[1].generate(500)
    assert drawn.schema == frame.schema
    both = drawn.drop_nulls(["a", "b"])
    assert (both["total"] == both["a"] + both["b"]).all()
    share = (drawn["protocol"] == "udp").mean() - (frame["protocol"] == "udp").mean()
    assert abs(share) < 0.08  # three standard errors of 500 draws, and of what 94 steps teach


def test_a_fit_goes_on_as_if_it_had_never_stopped(shards, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    options = {"examples": 3_000, "seed": 2, "out_of_core": True}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", interfuse.InterfuseWarning)
        whole = interfuse.fit(shards, folder=tmp_path / "whole", **options)

        def stop(said):
            trainer = getattr(said, "progress", None)
            if trainer is not None and trainer.examples >= 1_000:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interfuse.fit(shards, folder=tmp_path / "run", listener=stop, **options)
        assert not list(tmp_path.glob("interfuse-rows-*"))
        resumed = interfuse.fit(shards, folder=tmp_path / "run", resume=True)
    assert resumed.record["data"]["out_of_core"] is True
    assert resumed.generate(50).equals(whole.generate(50))
    for name, value in whole.net.state_dict().items():
        assert (resumed.net.state_dict()[name] == value).all(), name


def test_a_shard_that_is_corrupt_is_named(shards, frame, tmp_path):
    for path in shards.iterdir():
        content = bytearray(path.read_bytes())
        if path.name == "part-2.parquet":
            content[200:4_000] = b"\x00" * 3_800
        (tmp_path / path.name).write_bytes(content)
    with pytest.raises(DataError, match=r"part-2\.parquet: cannot be read to its end"):
        interfuse.fit(tmp_path, examples=100, out_of_core=True)


def test_a_file_that_changes_is_named(frame, tmp_path):
    path = tmp_path / "rows.parquet"
    frame.write_parquet(path)
    rows = Pieces.of(str(path), pl.scan_parquet(path))
    assert sum(p.height for p in rows) == ROWS
    frame[:100].write_parquet(path)
    with pytest.raises(DataError, match=r"rows\.parquet: was written to while it was fitted"):
        list(rows)
    path.unlink()
    with pytest.raises(DataError, match=r"rows\.parquet: is gone"):
        list(rows)


def test_no_room_is_said_before_anything_is_encoded(shards, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda place: SimpleNamespace(free=1_000))
    with pytest.raises(DataError, match=r"has no room for the encoded rows, which need .*TMPDIR"):
        interfuse.fit(shards, examples=100, out_of_core=True)


def test_what_cannot_be_out_of_core_is_refused(shards, frame):
    with pytest.raises(OptionError, match="balance: is not there out of core"):
        interfuse.fit(shards, examples=100, out_of_core=True, balance="protocol")
    schema = schema_of(frame.select("host"), Origin())
    with pytest.raises(SchemaError, match=r"'host'.* more than 320 different values"):
        learn_codec(Pieces(frame.lazy(), "it"), schema, 20)


def test_a_table_goes_out_of_core_where_memory_is_short(shards, frame, monkeypatch):
    lazy = pl.scan_parquet(shards)
    assert not too_large(shards, lazy)
    monkeypatch.setattr("interfuse.kinds.table.large.choose.free_memory", lambda: 100_000)
    assert too_large(shards, lazy)
    assert not too_large(frame, frame)


_CHILD = """
import resource, sys
from pathlib import Path
import polars as pl
from interfuse.io.origin import Origin
from interfuse.kinds.table.infer import schema_of
from interfuse.kinds.table.large.pieces import Pieces
from interfuse.kinds.table.large.prepare import out_of_core
source, folder = sys.argv[1:]
lazy = pl.scan_parquet(source)
schema = schema_of(lazy.head(5_000).collect(), Origin())
rows = lazy.select(pl.len()).collect().item()
made = out_of_core(Pieces(lazy, source, size=1 << 14), schema, rows, 0, Path(folder))
assert len(made.rows) + len(made.held_out) == rows
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def test_memory_does_not_grow_with_rows(tmp_path):
    """Ten times the rows: 12 MB of numbers become 115, whose cells in memory would be 190 more.

    The bound is a quarter of what they would take, for what allocators keep.
    """
    peaks = []
    for rows in (60_000, 600_000):
        rng = np.random.default_rng(0)
        path, folder = tmp_path / f"{rows}.parquet", tmp_path / f"{rows}"
        folder.mkdir()
        pl.DataFrame({f"x{i}": rng.normal(size=rows) for i in range(6)}).write_parquet(
            path, row_group_size=30_000
        )
        child = [sys.executable, "-c", _CHILD, str(path), str(folder)]
        peaks.append(float(subprocess.run(child, check=True, capture_output=True).stdout))
    assert peaks[1] - peaks[0] < 75
