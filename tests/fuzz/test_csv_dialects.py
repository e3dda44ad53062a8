"""Random dialects of CSV: every file is read rightly or refused with the library's own error.

`INTERFUSE_FUZZ=2000 pytest tests/fuzz` tries as many; `make fuzz` does.
"""

import csv
import datetime as dt
import io
import os
import random
import warnings
from typing import Any

import polars as pl
import pytest

from interfuse.errors import InterfuseError, InterfuseWarning
from interfuse.io.origin import Origin
from interfuse.io.read import read_sheet
from interfuse.io.write import write
from interfuse.io.written import Writing

SEEDS = int(os.environ.get("INTERFUSE_FUZZ", "60"))
WORDS = ("n/a", "NA", "", "#N/A", "-", "null", "NaN", "?", "--", r"\N")
STRANGE = ("error", "degC", "see note", "n.v.t.", "pending")
TIMES = (
    "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y", "%d.%m.%Y %H:%M",
    "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S+0200", "%d/%b/%Y:%H:%M:%S -0700", "%d %b %Y",
    "%a, %d %b %Y %H:%M:%S +0000", "%Y%m%d%H%M%S", "%Y/%m/%d %H:%M", "%d %B %Y", "%H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p", "%d/%m/%Y %H:%M",
)  # fmt: skip


def grouped(value, decimals, decimal, group):
    text = f"{value:,.{decimals}f}"
    return text.replace(",", "\0").replace(".", decimal).replace("\0", group)


def number_column(rng, rows, decimal):
    """Texts, true values, and whether it is written as programs write."""
    decimals = rng.choice([0, 0, 1, 2, 3, 4])
    size = rng.choice([10, 1000, 1e6])
    values = [
        round(rng.uniform(-size if rng.random() < 0.3 else 0, size), decimals) for _ in range(rows)
    ]
    group = rng.choice(["", "", " ", "'", {".": ",", ",": "."}[decimal]])
    before, behind = rng.choice(
        [("", "")] * 6 + [("$", ""), ("", " €"), ("", "%"), ("", " ms"), ("EUR ", "")]
    )

    def text(value):
        size = grouped(abs(value), decimals, decimal, group)
        return ("-" if value < 0 else "") + before + size + behind

    return [text(v) for v in values], values, (decimal, group, decimals)


def time_column(rng, rows):
    form = rng.choice(TIMES)
    start = dt.datetime(rng.randint(1995, 2030), rng.randint(1, 12), 1)
    stamps = [start + dt.timedelta(seconds=rng.randint(0, 400 * 86_400)) for _ in range(rows)]
    texts = [s.strftime(form) for s in stamps]
    return texts, [dt.datetime.strptime(t, form) for t in texts], form


class Case:
    """One random file and what is true of it."""

    def __init__(self, seed):
        rng = self.rng = random.Random(seed)
        self.rows = rng.randint(12, 120)
        self.truth = {}
        decimal = rng.choice(".,")
        columns = {}
        for i in range(rng.randint(2, 5)):
            sort = rng.choice(["number", "number", "time", "word", "bool"])
            name = rng.choice(["x", "Größe", "a b", "col;x", "q"]) + str(i)
            if sort == "number":
                columns[name], values, form = number_column(rng, self.rows, decimal)
            elif sort == "time":
                columns[name], values, form = time_column(rng, self.rows)
            elif sort == "bool":
                pair = rng.choice([("true", "false"), ("True", "False"), ("TRUE", "FALSE")])
                values = [rng.random() < 0.5 for _ in range(self.rows)]
                columns[name], form = [pair[not v] for v in values], pair
            else:
                values = [
                    rng.choice(["tcp", "udp", "a,b", 'say "x"', "007", "ä;ö"])
                    for _ in range(self.rows)
                ]
                columns[name], form = list(values), None
            self.truth[name] = (sort, values, form)
        self.holes = {n: set() for n in columns}
        self.dirty(columns)
        self.text = self.written(columns)

    def dirty(self, columns):
        """Words for missing values, and now and then one that is nothing."""
        rng = self.rng
        word = rng.choice(WORDS)
        for name, (sort, _, _) in self.truth.items():
            if sort == "word" or rng.random() < 0.5:
                continue
            for row in rng.sample(range(self.rows), max(1, self.rows // 12)):
                columns[name][row] = word
                self.holes[name].add(row)
            if sort != "bool" and rng.random() < 0.4:
                row = rng.randrange(self.rows)
                columns[name][row] = rng.choice(STRANGE)
                self.holes[name].add(row)

    def written(self, columns):
        rng = self.rng
        self.delimiter = rng.choice([",", ";", "\t", "|"])
        quoting: Any = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
        out = io.StringIO()
        end = rng.choice(["\n", "\r\n"])
        writer = csv.writer(out, delimiter=self.delimiter, quoting=quoting, lineterminator=end)
        header = list(columns)
        self.again = rng.random() < 0.15
        if rng.random() < 0.1:
            out.write("# made by a program" + end)
        elif rng.random() < 0.05:
            out.write(f"sep={self.delimiter}" + end)
        writer.writerow(header)
        for i, row in enumerate(zip(*columns.values(), strict=True)):
            if self.again and i == self.rows // 2:
                writer.writerow(header)
            if rng.random() < 0.02:
                out.write(end)
            writer.writerow(row)
        return out.getvalue()

    def bytes(self):
        self.encoding = self.rng.choice(["utf-8"] * 6 + ["utf-8-sig", "utf-16", "cp1252"])
        return self.text.encode(self.encoding, errors="replace")


def wrong(case, frame):
    """What was read otherwise than it is."""
    out = []
    for name, (sort, values, form) in case.truth.items():
        column = frame[name]
        if sort == "number":
            out += _wrong_numbers(case, name, column, values, form)
        elif sort == "time":
            if not column.dtype.is_temporal():
                out.append(f"{name}: times {form} are {column.dtype}")
                continue
            for row, (a, b) in enumerate(zip(column.to_list(), values, strict=True)):
                if row not in case.holes[name] and not _same_time(a, b):
                    out.append(f"{name}: row {row} is {a}, not {b} ({form})")
        elif sort == "word" and column.to_list() != values:
            out.append(f"{name}: words changed")
    return out


def _wrong_numbers(case, name, column, values, form):
    if not column.dtype.is_numeric():
        return [f"{name}: numbers {form} are {column.dtype}"]
    for row, (a, b) in enumerate(zip(column.to_list(), values, strict=True)):
        if row in case.holes[name]:
            if a is not None:
                return [f"{name}: row {row} is {a}, but nothing is there"]
        elif a is None or abs(a - b) > 1e-9 * max(1, abs(b)):
            return [f"{name}: row {row} is {a}, not {b} ({form})"]
    return []


def _same_time(a, b):
    if isinstance(a, dt.datetime):
        return a is not None and a.replace(tzinfo=None) == b.replace(tzinfo=None)
    return a in (b.date(), b.time())


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_random_dialect_is_read_rightly_or_refused(seed, tmp_path):
    case = Case(seed)
    path = tmp_path / "t.csv"
    content = case.bytes()
    path.write_bytes(content)
    told = []
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            sheet = read_sheet(path)
            frame = sheet.frame.collect()
        except InterfuseError as error:
            if case.encoding not in ("utf-16", "cp1252"):
                pytest.fail(f"{error}\n{case.text[:400]}")
            return
        told = [str(w.message) for w in seen if issubclass(w.category, InterfuseWarning)]
    if case.encoding == "cp1252":
        return  # it happened to be plain
    shown = f"{case.text[:600]}\n{told}"
    assert frame.height == case.rows, shown
    bad = wrong(case, frame)
    ambiguous = [n for n in case.truth if any(f"{n!r}: can be read in two ways" in t for t in told)]
    bad = [b for b in bad if not any(b.startswith(f"{n}:") for n in ambiguous)]
    assert not bad, "\n".join(bad) + "\n" + shown
    _comes_back(sheet, frame, tmp_path)


def _comes_back(sheet, frame, folder):
    """Written in the file's forms and read again it is the same table."""
    origin = Origin("file", sheet.columns)
    write(frame, folder / "again.csv", Writing.of(origin))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InterfuseWarning)
        from interfuse.io.textforms import said_of

        again = read_sheet(
            folder / "again.csv", said_of(frame.schema, sheet.columns)
        ).frame.collect()
    for name in frame.columns:
        a, b = frame[name], again[name]
        if a.dtype.is_float():
            same = ((a - b.cast(pl.Float64)).abs() <= 1e-9 * (1 + a.abs())) | (
                a.is_null() & b.is_null()
            )
            assert same.fill_null(False).all(), name
        elif a.null_count() < len(a):
            assert b.cast(a.dtype).eq_missing(a).all(), name
