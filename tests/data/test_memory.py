"""What would not fit into memory is refused before it is unpacked, in one line."""

import bz2
import gzip
import io
import zipfile
from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

import interfuse
from interfuse.errors import DataError
from interfuse.io import memory, packed, textsize
from interfuse.io.arrays import check_fits, heads
from interfuse.io.read import read
from interfuse.kinds.images.data import read_images
from interfuse.kinds.series.data import read_series
from interfuse.run import cost

FREE = 40 * 2**20


class Swap(NamedTuple):
    free: int


@pytest.fixture
def little(monkeypatch):
    """A machine with 40 MB to spare."""
    for module in (memory, packed, textsize):
        monkeypatch.setattr(module, "free_memory", lambda: FREE + memory.KEPT)


def packed_csv(path, megabytes):
    with gzip.GzipFile(path, "wb", compresslevel=1) as file:
        file.write(b"a,b\n")
        for _ in range(megabytes):
            file.write(b"1234567,7654321\n" * 65_536)
    return path


def one_line(error):
    text = str(error.value)
    assert "\n" not in text
    return text


def test_free_memory_is_known_and_within_the_machine():
    import psutil

    assert 0 < memory.free_memory() <= psutil.virtual_memory().total


@pytest.mark.parametrize(
    ("limit", "used", "cached", "left"),
    [
        ("max", "5", "0", None),
        ("1000", "400", "0", 600),
        ("1000", "900", "300", 400),
        ("1000", "1400", "0", 0),
        ("9223372036854771712", "5", "0", None),
        ("x", "5", "0", None),
    ],
)
def test_the_limit_of_a_container(monkeypatch, tmp_path, limit, used, cached, left):
    most, current, stat = (tmp_path / n for n in ("memory.max", "memory.current", "memory.stat"))
    most.write_text(f"{limit}\n")
    current.write_text(used)
    stat.write_text(f"anon 3\ninactive_file {cached}\n")
    monkeypatch.setattr(memory, "_CGROUPS", ((most, current),))
    monkeypatch.setattr(memory, "_CACHES", (stat,))
    assert memory._container() == left


def test_a_container_without_groups(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_CGROUPS", ((tmp_path / "a", tmp_path / "b"),))
    assert memory._container() is None
    assert memory.free_memory() > 0


def test_a_packed_table_is_unpacked_while_there_is_room(little, tmp_path):
    assert read(packed_csv(tmp_path / "a.csv.gz", 2)).collect().shape == (131_072, 2)
    with pytest.raises(DataError) as error:
        read(packed_csv(tmp_path / "b.csv.gz", 20))
    assert "b.csv.gz: unpacks to more than 14.0 MB" in one_line(error)


def test_what_is_much_is_counted_before_any_of_it_is_kept(little, monkeypatch, tmp_path):
    """A third of free memory was filled before the refusal."""
    monkeypatch.setattr(packed, "_KEPT", 1 << 20)
    kept = []
    whole = packed._bounded
    monkeypatch.setattr(packed, "_bounded", lambda *how: kept.append(how) or whole(*how))
    with pytest.raises(DataError, match="unpacks to more than"):
        read(packed_csv(tmp_path / "b.csv.gz", 20))
    assert not kept
    large = packed_csv(tmp_path / "a.csv.gz", 3)
    assert packed.read_all(large, "a") == gzip.decompress(large.read_bytes())
    assert kept
    for codec in ("zstd", "bz2"):
        content = b"1234567,7654321\n" * 2**17
        made = (
            pa.compress(content, codec=codec, asbytes=True)
            if codec == "zstd"
            else bz2.compress(content)
        )
        assert packed.read_all(made, "a") == content


@pytest.mark.parametrize("name", ["a.csv.zst", "a.jsonl.zst", "a.parquet.zst", "named-nothing"])
def test_so_are_other_packings(little, tmp_path, name):
    content = pa.compress(b"1234567,7654321\n" * 2**21, codec="zstd", asbytes=True)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match="unpacks to more than"):
        read(tmp_path / name)


def test_standard_input_is_read_while_there_is_room(little, monkeypatch):
    class Input:
        buffer = io.BytesIO(b"1234567,7654321\n" * 2**21)

    monkeypatch.setattr("sys.stdin", Input)
    with pytest.raises(DataError, match="standard input: is more than"):
        read("-")


def test_packed_standard_input_too(little, monkeypatch):
    class Input:
        buffer = io.BytesIO(gzip.compress(b"1234567,7654321\n" * 2**21))

    monkeypatch.setattr("sys.stdin", Input)
    with pytest.raises(DataError, match="standard input: unpacks to more than"):
        read("-")


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-40], lambda b: b[:200] + b"\0\1\2" + b[203:], lambda b: b[:20]]
)
def test_a_damaged_packing_is_still_named(tmp_path, damage):
    rows = b"".join(b"%d,%d\n" % (i, i * i) for i in range(5_000))
    (tmp_path / "a.csv.gz").write_bytes(damage(gzip.compress(b"a,b\n" + rows)))
    with pytest.raises(DataError, match="cut short or damaged"):
        read(tmp_path / "a.csv.gz")


def claimed(path, shape, dtype="<f8"):
    """A .npz whose array says that it has a shape, and has nothing."""
    with zipfile.ZipFile(path, "w") as archive, archive.open("x.npy", "w") as file:
        head = {"descr": dtype, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, head)
    return path


@pytest.mark.parametrize("shape", [(10**8,), (10**4, 10**4), (2**40, 3), (10**6, 8, 8)])
@pytest.mark.parametrize("use", [read_series, read_images, lambda p: check_fits(p, "Take less.")])
def test_arrays_that_claim_to_be_large(little, tmp_path, shape, use):
    path = claimed(tmp_path / "x.npz", shape, "|u1" if use is read_images else "<f8")
    with pytest.raises(DataError) as error:
        use(path)
    assert "of memory, and" in one_line(error)


def test_a_packed_array_of_nothing_but_zeros(little, tmp_path):
    np.savez_compressed(tmp_path / "x.npz", x=np.zeros((2**23, 1)))
    assert (tmp_path / "x.npz").stat().st_size < 2**20
    with pytest.raises(DataError, match=r"needs about 67\.1 MB of memory"):
        interfuse.fit(tmp_path / "x.npz", kind="series", examples=10)


def test_heads_are_those_of_the_arrays(tmp_path):
    arrays = {"a": np.zeros((3, 4), np.float32), "b": np.arange(5), "c": np.zeros((0, 2))}
    np.savez(tmp_path / "x.npz", **arrays)
    found = heads(tmp_path / "x.npz")
    assert {k: (a.shape, a.nbytes) for k, a in arrays.items()} == dict(found)
    np.save(tmp_path / "y.npy", arrays["a"])
    assert heads(tmp_path / "y.npy") == {"": ((3, 4), 48)}


def test_what_fits_is_read_as_before(little, tmp_path):
    values = np.random.default_rng(0).normal(size=(500, 2))
    np.savez_compressed(tmp_path / "x.npz", x=values)
    assert np.array_equal(read_series(tmp_path / "x.npz").values[0], values)
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    frame.write_csv(tmp_path / "a.csv")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress((tmp_path / "a.csv").read_bytes()))
    assert read(tmp_path / "a.csv.gz").collect().equals(frame)


def test_text_that_is_short_in_a_file_and_long_in_memory(little, tmp_path):
    text = pl.Series("t", ["x" * 50_000, "y" * 50_000] * 1_000)
    pl.DataFrame({"a": range(2_000), "t": text}).write_parquet(tmp_path / "x.parquet")
    assert (tmp_path / "x.parquet").stat().st_size < 2**20
    with pytest.raises(DataError) as error:
        interfuse.fit(tmp_path / "x.parquet", examples=10)
    assert "holds 100.0 MB of text, 100.0 MB of it in column 't'" in one_line(error)


class Reached(Exception):
    """The fit began to train."""


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("table", pl.DataFrame({"a": range(500), "b": [0.5, 1.5] * 250})),
        ("series", np.sin(np.arange(400.0))),
        ("images", np.zeros((20, 8, 8), np.uint8)),
    ],
)
def test_a_fit_that_needs_more_than_there_is_says_so_first(kind, data, monkeypatch):
    """Once its estimate is told; where there is swap space, it warns and goes on."""
    told = []

    def listen(said):
        told.append(said)
        if getattr(said, "stage", "") == "warning":
            raise Reached

    monkeypatch.setattr(cost, "free_memory", lambda: 10**7)
    monkeypatch.setattr(cost.psutil, "swap_memory", lambda: Swap(0))
    with pytest.raises(DataError) as error:
        interfuse.fit(data, kind=kind, examples=64, listener=listen)
    assert "memory: the fit needs about" in one_line(error)
    assert [said.value.memory > 10**8 for said in told if said.stage == "estimate"] == [True]
    monkeypatch.setattr(cost.psutil, "swap_memory", lambda: Swap(2**40))
    with pytest.raises(Reached):
        interfuse.fit(data, kind=kind, examples=64, listener=listen)
    assert "it will swap and be slow" in told[-1].message


def test_what_a_fit_needs_is_held_against_what_is_free(monkeypatch):
    used = cost.used_memory()
    assert cost.peak(1e9) >= used + 1e9
    monkeypatch.setattr(cost, "free_memory", lambda: 10**9)
    assert cost.check_memory(used + 0.5e9, "Take less.") is None


@pytest.mark.parametrize("name", ["x.parquet", "x.arrow"])
def test_text_that_a_file_holds_once_and_names_by_numbers(name, little, tmp_path):
    values = pa.DictionaryArray.from_arrays(
        pa.array([0, 1, None, 0] * 500, pa.int32()), pa.array(["x" * 50_000, "y" * 50_000])
    )
    made = pa.table({"a": range(2_000), "t": values})
    if name.endswith("arrow"):
        with pa.ipc.new_file(str(tmp_path / name), made.schema) as writer:
            writer.write_table(made)
    else:
        pq.write_table(made, tmp_path / name)
    with pytest.raises(DataError) as error:
        interfuse.fit(tmp_path / name, examples=10)
    assert "holds 75.0 MB of text, 75.0 MB of it in column 't'" in one_line(error)


def test_categories_that_fit_are_read(little, tmp_path):
    frame = pl.DataFrame({"c": pl.Series(["u", "v", None] * 50, dtype=pl.Categorical)})
    for name, write in (("x.parquet", frame.write_parquet), ("x.arrow", frame.write_ipc)):
        write(tmp_path / name)
        assert read(tmp_path / name).collect()["c"].to_list() == ["u", "v", None] * 50


@pytest.mark.parametrize("kind", ["npy", "npz"])
def test_an_array_that_is_cut_short_takes_no_memory(kind, tmp_path):
    """A head that says more than the file holds was found when all of it had been read."""
    whole = np.zeros((50, 8, 8), np.uint8)
    np.save(tmp_path / "a.npy", whole)
    cut = (tmp_path / "a.npy").read_bytes()[:-100]
    path = tmp_path / f"b.{kind}"
    if kind == "npy":
        path.write_bytes(cut)
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x.npy", cut)
    with pytest.raises(ValueError, match="its head says 3,200 bytes, of which"):
        check_fits(path, "")
    with pytest.raises(DataError, match="cut short, damaged"):
        read_images(path)
