"""Files in, files out: what was observed keeps its text, what is drawn has the column's form."""

from __future__ import annotations

import datetime as dt
import random
import re
import warnings

import polars as pl
import pytest
from commands import child

import interfuse
from interfuse.errors import InterfuseWarning, OptionError
from interfuse.io.read import read_sheet

ROWS = 120
HEAD = "when;day;price;share;flag;code;n;time;zip"
FORMS = {
    "when": r"\d\d\.\d\d\.2021 \d\d:\d\d",
    "day": r"\d{1,2}/\d{1,2}/2021",
    "price": r"-?\d{1,3}(\.\d{3})*,\d\d €",
    "share": r"\d{1,2}%",
    "flag": "True|False",
    "code": r"\d{3}",
    "n": r"\d+",
    "time": r"\d{1,2}:\d\d (AM|PM)",
    "zip": r"\d{5}",
}


def rows(seed=0, holes=0.0):
    """Lines of a file in forms that programs do not write."""
    rng = random.Random(seed)
    out = []
    for i in range(ROWS):
        stamp = dt.datetime(2021, 1, 1) + dt.timedelta(minutes=rng.randrange(500_000))
        price = f"{rng.uniform(1, 9000):,.2f}".translate(str.maketrans(",.", ".,")) + " €"
        cells = [
            f"{stamp:%d.%m.%Y %H:%M}", f"{stamp.month}/{stamp.day}/2021", price,
            f"{rng.randrange(100)}%", str(rng.random() < 0.5), f"{i % 9:03d}",
            str(rng.randrange(400)), f"{stamp:%I:%M %p}".lstrip("0"),
            f"{rng.randrange(40) * 977:05d}",
        ]  # fmt: skip
        blanks = [rng.random() < holes for _ in cells]
        words = ["", "n/a", "-"]
        out.append([words[(i + j) % 3] if b else c for j, (c, b) in enumerate(zip(cells, blanks))])  # noqa: B905
    return out


def written(path, lines):
    path.write_text("\n".join([HEAD, *(";".join(line) for line in lines)]) + "\n", encoding="utf-8")
    return path


def raw(path):
    frame = pl.read_csv(path, separator=";", infer_schema=False)
    assert frame.columns == HEAD.split(";")
    return frame


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return written(tmp_path_factory.mktemp("forms") / "t.csv", rows())


@pytest.fixture(scope="module")
def fitted(file):
    folder = file.parent / "run"
    ended = child("fit", file, "-o", folder, "--examples", 1000).wait_for_end()
    assert ended.code == 0, ended.err
    return folder


def test_drawn_rows_have_the_forms_of_the_file(cli, fitted, tmp_path):
    assert cli("generate", fitted, "-n", 60, "-o", tmp_path / "o.csv").code == 0
    frame = raw(tmp_path / "o.csv")
    for name, form in FORMS.items():
        assert frame[name].is_not_null().all()
        assert all(re.fullmatch(form, cell) for cell in frame[name]), name


@pytest.mark.filterwarnings("ignore::interfuse.errors.InterfuseWarning")
def test_observed_cells_keep_their_text(cli, fitted, tmp_path):
    source = written(tmp_path / "holes.csv", rows(1, 0.2))
    assert cli("impute", fitted, source, "-o", tmp_path / "o.csv", "--draws", 3).code == 0
    before, after = raw(source), raw(tmp_path / "o.csv")
    filled = 0
    for name, form in FORMS.items():
        for old, new in zip(before[name], after[name], strict=True):
            if old not in (None, "n/a", "-"):
                assert new == old
            elif new != old:
                filled += 1
                assert re.fullmatch(form, new), (name, new)
    assert filled > 100


@pytest.mark.filterwarnings("ignore::interfuse.errors.InterfuseWarning")
def test_every_draw_keeps_the_observed_text(cli, fitted, tmp_path):
    source = written(tmp_path / "holes.csv", rows(2, 0.2))
    asked = ("--value", "draws", "--draws", 2)
    assert cli("impute", fitted, source, "-o", tmp_path / "o.csv", *asked).code == 0
    after = pl.read_csv(tmp_path / "o.csv", separator=";", infer_schema=False)
    before = raw(source)
    for name in FORMS:
        old = [cell for cell in before[name] for _ in range(2)]
        seen = [
            (a, b) for a, b in zip(old, after[name], strict=True) if a not in (None, "n/a", "-")
        ]
        assert all(a == b for a, b in seen)


@pytest.mark.filterwarnings("ignore::interfuse.errors.InterfuseWarning")
@pytest.mark.parametrize("below", [(), ("--below", 0.3)])
def test_rows_are_scored_beside_their_text(cli, fitted, below, tmp_path):
    source = written(tmp_path / "holes.csv", rows(3, 0.1))
    assert cli("detect", fitted, source, "-o", tmp_path / "o.csv", *below).code == 0
    scored = pl.read_csv(tmp_path / "o.csv", separator=";", infer_schema=False)
    names = HEAD.split(";")
    assert scored.columns == [*names, "score", "p_value", "cell", "found", "expected"]
    before = raw(source).with_row_index("i").join(scored, on=names, nulls_equal=True, how="semi")
    assert before.height == scored.height == (ROWS if not below else before.height)
    assert scored.height > 0
    told = set()
    for row in scored.iter_rows(named=True):
        cell, text = row["cell"], row[row["cell"]]
        word = text in (None, "n/a", "-") and cell not in ("zip", "code")  # which are text
        assert row["found"] == ("missing" if word or text is None else text)
        values = re.sub(r" \(\d+ %\)$", "", row["expected"]).split(" to ")
        if values[0] not in ("missing", "a rare value"):
            assert all(re.fullmatch(FORMS[cell], value) for value in values), row
            told.add(cell)
    assert below or len(told) > 3


def test_conditions_are_read_in_the_form_of_the_file(cli, fitted, tmp_path):
    for asked in (
        "when > 01.06.2021 00:00",
        'price in ["1.000,00 €"]',
        "share < 40%",
        "price > 1.000,50 €",
    ):
        done = cli("generate", fitted, "-n", 5, "-o", tmp_path / "o.csv", "--given", asked)
        assert done.code == 0 or "never seen" in done.err, (asked, done.err)
    done = cli(
        "generate", fitted, "-n", 20, "-o", tmp_path / "o.csv", "--given", "when > 01.06.2021 00:00"
    )
    assert done.code == 0
    months = [int(cell[3:5]) for cell in raw(tmp_path / "o.csv")["when"]]
    assert min(months) >= 6


def test_what_was_drawn_is_evaluated_like_the_file(cli, fitted, file, tmp_path):
    assert cli("generate", fitted, "-n", 100, "-o", tmp_path / "o.csv").code == 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InterfuseWarning)
        done = cli("evaluate", file, tmp_path / "o.csv", "-o", tmp_path / "r.html")
    assert done.code == 0, done.err


KINDS = [
    ("zip=number", "number", pl.Int64),
    ("zip=drop", "drop", pl.String),
    ("n=category", "category", pl.Int64),
    ("day=time:%d/%m/%Y", "datetime", pl.Date),
    ("when=category", "category", pl.String),
    ("n=time", "datetime", None),
    ("flag=category", "category", pl.Boolean),
    ("code=number", "number", pl.Int64),
    ("price=text", "text", pl.String),
    ("zip=key", "key", pl.String),
]


@pytest.mark.filterwarnings("ignore::interfuse.errors.InterfuseWarning")
@pytest.mark.parametrize(("said", "kind", "dtype"), KINDS)
def test_a_person_says_what_a_column_is(said, kind, dtype, cli, file, tmp_path):
    target = tmp_path / "s.json"
    done = cli("fit", file, "--dry-run", "--save-schema", target, "--as", said)
    if dtype is None:  # small whole numbers are no times
        assert done.code == 2
        assert "column 'n'" in done.err
        return
    assert done.code == 0, done.err
    spec = interfuse.Schema.load(target)[said.split("=")[0]]
    assert (spec.kind, spec.dtype) == (kind, dtype)
    assert cli("fit", file, "--dry-run", "--schema", target).code == 0


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("zip", "'zip' is not COLUMN=KIND"),
        ("zip=postcode", "asked to be 'postcode'; expected one of"),
        ("nothing=number", "'nothing'"),
        ("day=time:%X", "column 'day'"),
        ("flag=number", "column 'flag'"),
    ],
)
def test_what_cannot_be_said(said, told, cli, file):
    done = cli("fit", file, "--dry-run", "--as", said)
    assert done.code == 2
    assert told in done.err


def test_a_column_of_a_frame_is_a_number_if_a_person_says_so():
    frame = pl.DataFrame({"a": ["1.5", "n/a", "2,500.5", "oops"] * 10, "b": ["x", "y"] * 20})
    with pytest.warns(InterfuseWarning, match="column 'a': 10 of 30 values are no number"):
        model = interfuse.fit(frame, examples=64, kinds={"a": "number"})
    assert (model.schema["a"].kind, model.schema["a"].dtype) == ("number", pl.Float64)
    with pytest.raises(OptionError, match="asked to be 'price'"):
        interfuse.fit(frame, examples=64, kinds={"a": "price"})


def test_a_schema_that_is_edited_says_what_a_column_is(file, tmp_path):
    frame = read_sheet(file).frame.collect()
    assert frame["zip"].dtype == pl.String
    schema = interfuse.infer_schema(file).edited("zip", kind="number")
    schema.save(tmp_path / "s.json")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InterfuseWarning)
        model = interfuse.fit(str(file), kind="table", examples=64, schema=tmp_path / "s.json")
    assert model.schema["zip"].dtype.is_numeric()
