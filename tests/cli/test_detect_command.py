"""`interfuse detect`: what it writes, and what it says of bad input."""

import polars as pl
import pytest
from commands import flows


@pytest.fixture
def target(tmp_path):
    return tmp_path / "scores.csv"


def test_writes_five_columns_beside_each_row(cli, run, tmp_path, target):
    rows = flows(50).with_columns(bytes=pl.lit(10**9))
    source = tmp_path / "in.csv"
    rows.write_csv(source)
    ended = cli("detect", run, source, "-o", target)
    assert ended.code == 0, ended.err
    out = pl.read_csv(target)
    assert out.columns == [*rows.columns, "score", "p_value", "cell", "found", "expected"]
    assert out.select(rows.columns).equals(rows)
    assert (out["cell"] == "bytes").all()
    assert (out["found"] == 10**9).all()
    assert out["expected"].str.contains(" to ").all()
    assert (out["p_value"] < 0.1).all()


def test_rows_below_a_p_value(cli, run, tmp_path, target):
    odd = flows(5).with_columns(port=pl.lit(6_000_000, dtype=pl.Int64))
    source = tmp_path / "in.parquet"
    pl.concat([flows(100), odd]).write_parquet(source)
    assert cli("detect", run, source, "-o", target).code == 0
    whole = pl.read_csv(target, infer_schema=False)
    assert cli("detect", run, source, "-o", target, "--below", 0.1).code == 0
    below = whole.filter(pl.col("p_value").cast(pl.Float64) <= 0.1)
    assert 5 <= below.height < 105
    assert pl.read_csv(target, infer_schema=False).equals(below)


def test_contaminated_scores_the_rows_that_were_fitted(cli, run, table, target):
    assert cli("detect", run, table, "-o", target, "--contaminated").code == 0
    out = pl.read_csv(target)
    assert out.height == 300
    # Rows against themselves: p is close to uniform.
    assert 0.3 < out["p_value"].to_numpy().mean() < 0.7


def test_a_run_without_rows_still_answers(cli, table, tmp_path, target):
    bare = tmp_path / "bare"
    ended = cli("fit", table, "-o", bare, "--examples", 300, "--no-reference")
    assert ended.code == 0, ended.err
    assert not (bare / "reference.safetensors").exists()
    assert cli("detect", bare, table, "-o", target).code == 0
    assert pl.read_csv(target).height == 300


def test_standard_output(cli, run, table):
    ended = cli("detect", run, table, "-o", "-")
    assert ended.code == 0
    assert "300 rows" in ended.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("label,proto,port,bytes\n", "no rows"),
        ("label,proto,port\nweb,tcp,443\n", "'bytes'"),
        ("label,proto,port,bytes,more\nweb,tcp,443,1,1\n", "'more'"),
        ("label,proto,port,bytes\nweb,tcp,443,many\n", "'bytes' holds String"),
    ],
)
def test_bad_files(cli, run, tmp_path, target, content, said):
    source = tmp_path / "bad.csv"
    source.write_text(content)
    ended = cli("detect", run, source, "-o", target)
    assert ended.code == 2
    assert said in ended.err
    assert not target.exists()


@pytest.mark.parametrize(
    ("row", "p"),
    [(",,,", 1.0), ("zzz,zzz,443,500", 0.2), ("web,tcp,443,500", 1.0)],
)
def test_one_row_of_any_sort(cli, run, tmp_path, target, row, p):
    source = tmp_path / "one.csv"
    source.write_text(f"label,proto,port,bytes\n{row}\n")
    ended = cli("detect", run, source, "-o", target)
    assert ended.code == 0, ended.err
    out = pl.read_csv(target)
    assert out.height == 1
    assert 0 < out["p_value"][0] <= p


def test_options_are_checked_first(cli, run, table, tmp_path):
    ended = cli("detect", run, table, "-o", tmp_path / "out.csv", "--below", 2)
    assert ended.code == 2
    assert "--below" in ended.err
    ended = cli("detect", run, table, "-o", tmp_path / "out.xyz")
    assert ended.code == 2
    ended = cli("detect", tmp_path / "none", table, "-o", tmp_path / "out.csv")
    assert ended.code == 2
    assert "no such run folder" in ended.err
