"""The command: what it prints, writes and exits with."""

import json
import sys

import numpy as np
import polars as pl
import pytest
from shop_sessions import sessions

from interfuse.cli.evaluate import Check
from interfuse.cli.main import main
from interfuse.errors import OptionError
from interfuse.kinds.table.infer import infer_schema
from interfuse.kinds.table.judge import rule_shares


def run(monkeypatch, capsys, *arguments):
    """Exit code, standard output and standard error, lines unbroken."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "argv", ["interfuse", "evaluate", *map(str, arguments)])
    try:
        main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def flows(rows, seed):
    """A key, text nearly all different, and an exact rule, beside a few columns of flows."""
    rng = np.random.default_rng(seed)
    sent, got = rng.poisson(30, rows), rng.poisson(12, rows)
    return pl.DataFrame(
        {
            "flow_id": [f"{seed}f{i:05}" for i in range(rows)],
            "sent": sent,
            "got": got,
            "net": sent - got,
            "proto": rng.choice(["tcp", "udp", "icmp"], rows, p=[0.6, 0.3, 0.1]),
        }
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    flows(400, 0).write_csv(folder / "real.csv")
    flows(400, 1).write_parquet(folder / "fresh.parquet")
    flows(400, 2).write_csv(folder / "unseen.csv")
    broken = flows(400, 1).with_columns(pl.col("net").shuffle(seed=0), proto=pl.lit("tcp"))
    broken.write_csv(folder / "broken.csv")
    return folder


def test_fresh_rows_pass_and_the_report_is_written(files, tmp_path, monkeypatch, capsys):
    page = tmp_path / "out" / "report.html"
    code, out, _ = run(
        monkeypatch,
        capsys,
        files / "real.csv",
        files / "fresh.parquet",
        *("--holdout", files / "unseen.csv", "-o", page, "--target", "proto"),
        *("--check", "findings<1", "--check", "privacy.copies<60"),
    )
    assert code == 0
    for said in (
        "Column shape error",
        "Floor",
        "Independent columns",
        "Nothing was found",
        "holds",
    ):
        assert said in out
    assert str(page) in out
    data = json.loads(page.with_suffix(".json").read_text("utf-8"))
    assert data["tables"]["ignored"] == ["flow_id"]
    assert data["utility"]["target"] == "proto"
    assert data["tables"]["holdout"] == 400
    assert data["rules"][0]["synthetic"] == 1.0
    shape = next(row for row in data["figures"] if row["key"] == "fidelity.shape")
    assert f"{shape['value']:.2f}%" in out
    assert sorted(p.name for p in page.parent.iterdir()) == ["report.html", "report.json"]


def test_a_broken_table_fails_its_checks_with_exit_code_1(files, tmp_path, monkeypatch, capsys):
    code, out, _ = run(
        monkeypatch,
        capsys,
        files / "real.csv",
        files / "broken.csv",
        *("-o", tmp_path / "r.html", "--check", "fidelity.shape<1.5"),
        *("--check", "detection.boosted < .6", "--check", "privacy.dcr_share<0.55"),
    )
    assert code == 1
    assert "lacks the category 'udp'" in out
    assert "The rule net = sent - got holds in" in out
    assert out.count("FAILS") == 3
    assert "not measured" in out
    assert (tmp_path / "r.html").exists()


def test_a_schema_says_what_is_compared(files, tmp_path, monkeypatch, capsys):
    schema = infer_schema(pl.read_csv(files / "real.csv")).edited("proto", kind="drop")
    (tmp_path / "run").mkdir()
    schema.save(tmp_path / "run" / "schema.json")
    for given in (tmp_path / "run", tmp_path / "run" / "schema.json"):
        code, _, _ = run(
            monkeypatch,
            capsys,
            *(files / "real.csv", files / "fresh.parquet"),
            *("--schema", given, "-o", tmp_path / "s.html"),
        )
        assert code == 0
        data = json.loads((tmp_path / "s.json").read_text("utf-8"))
        assert data["tables"]["ignored"] == ["flow_id", "proto"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["real.csv", "nowhere.csv"], "nowhere.csv: no such file"),
        (["real.csv", "other.csv"], "does not have the columns of the real one"),
        (["real.csv", "broken.csv", "--target", "price"], "the target 'price' is not among"),
        (
            ["real.csv", "broken.csv", "--check", "shape<1"],
            "no figure 'shape'; did you mean fidelity.shape?",
        ),
        (["real.csv", "broken.csv", "--check", "fidelity.shape"], "is not a check; expected"),
        (["real.csv", "broken.csv", "--schema", "real.csv"], "Expected a schema, as --save-schema"),
        (["real.csv", "broken.csv", "--run", "nowhere"], "no such run folder"),
        (["real.csv", "broken.csv", "--secret", "proto"], "--secret: needs real rows"),
        (
            ["real.csv", "broken.csv", "--holdout", "unseen.csv", "--secret", "price"],
            "the secret 'price' is not among",
        ),
        (["-", "-"], "can be only one of the tables"),
    ],
)
def test_bad_input_ends_with_one_line_and_exit_code_2(
    files, tmp_path, monkeypatch, capsys, arguments, message
):
    monkeypatch.chdir(files)
    flows(50, 0).drop("proto").write_csv("other.csv")
    code, _, err = run(monkeypatch, capsys, *arguments, "-o", tmp_path / "x.html")
    assert code == 2
    assert err.startswith("error: ")
    assert message in err
    assert not (tmp_path / "x.html").exists()


def test_help_has_examples(monkeypatch, capsys):
    code, out, _ = run(monkeypatch, capsys, "--help")
    assert code == 0
    assert "interfuse evaluate train.csv synthetic.csv" in out
    for option in (
        "--holdout",
        "--output",
        "--target",
        "--schema",
        "--run",
        "--check",
        "--seed",
        "--secret",
        "--thorough",
    ):
        assert option in out


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [
        ("fidelity.shape<1.5", 1.4, True),
        ("fidelity.shape<1.5", 1.5, False),
        ("fidelity.shape <= 1.5%", 1.5, True),
        ("detection.logistic>.9", 0.95, True),
        ("detection.logistic>=9e-1", 0.9, True),
        ("detection.logistic>.9", 0.5, False),
        ("utility.gap<0", -0.01, True),
        ("utility.gap>-1", None, False),
    ],
)
def test_checks(text, value, holds):
    assert Check.parse(text).holds(value) is holds


@pytest.mark.parametrize("text", ["", "fidelity.shape", "fidelity.shape=1", "<1", "findings<x"])
def test_what_is_no_check_is_refused(text):
    with pytest.raises(OptionError, match="--check"):
        Check.parse(text)


def test_rules_are_found_in_the_real_table_and_counted_in_both():
    real, synthetic = flows(300, 0), flows(300, 1)
    kept = pl.int_range(pl.len()) >= 75
    broken = synthetic.with_columns(pl.when(kept).then(pl.col("net")))
    assert rule_shares(real, broken) == [("net = sent - got", 1.0, 0.75)]
    lossy = real.with_columns(pl.col("sent", "got", "net") / 10)
    assert rule_shares(real, lossy) == [("net = sent - got", 1.0, 1.0)]
    assert rule_shares(real, synthetic.drop("got")) == []
    assert rule_shares(real, synthetic.with_columns(got=pl.lit("x"))) == []
    assert rule_shares(real, synthetic.with_columns(net=pl.lit("x"))) == []
    assert rule_shares(sessions(200, 0), sessions(200, 1)) == [("day = date(start)", 1.0, 1.0)]
