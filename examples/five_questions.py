"""One fitted model, five questions: new rows, a rare class, half a row, holes, odd rows.

    python examples/five_questions.py                       the table that comes with interfuse
    python examples/five_questions.py nsl-kdd.parquet       network connections with a `class`
    python examples/five_questions.py FILE --seconds 60

The model is fitted once and asked five times. NSL-KDD is asked about attacks, the shipped table of
shop sessions about purchases; another table needs questions of its own (`QUESTIONS`).
"""

import argparse
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import polars as pl

import interfuse

HELD = 2_000


@dataclass
class Questions:
    """What a table is asked.

    Attributes:
        drop: columns left out of the fit.
        label: the column of classes.
        given: conditions on it and a range.
        same: the same, as polars filters real rows.
        partly: rows known in part; a list for each column, None where unknown.
        number: a column to take values out of.
        shown: the columns to print.
        normal: the class that is not odd.
        wrong: entries to put into rows of that class.
    """

    drop: list[str]
    label: str
    given: list[str]
    same: pl.Expr
    partly: dict[str, list]
    number: str
    shown: list[str]
    normal: str | bool
    wrong: list[tuple[str, str | float]]


QUESTIONS = {
    "class": Questions(
        drop=["classnum"],
        label="class",
        given=["class in [back, warezclient]", "src_bytes > 10000"],
        same=pl.col("class").is_in(["back", "warezclient"]) & (pl.col("src_bytes") > 10_000),
        partly={"service": ["http", None], "flag": ["S0", None], "class": [None, "smurf"]},
        number="src_bytes",
        shown=["duration", "protocol_type", "service", "flag", "src_bytes", "class"],
        normal="normal",
        wrong=[("flag", "S0"), ("src_bytes", 100_000_000), ("protocol_type", "icmp")],
    ),
    "Revenue": Questions(
        drop=[],
        label="Revenue",
        given=["Revenue = true", "PageValues > 100"],
        same=pl.col("Revenue") & (pl.col("PageValues") > 100),
        partly={"Month": ["Nov", None], "Weekend": [True, None], "Revenue": [None, True]},
        number="ExitRates",
        shown=["ProductRelated", "ExitRates", "PageValues", "Month", "VisitorType", "Revenue"],
        normal=False,
        wrong=[("ExitRates", 0.2), ("PageValues", 300.0), ("ProductRelated", 700)],
    ),
}


def table(path: Path | None) -> pl.DataFrame:
    """The rows, in an order without meaning."""
    if path is not None:
        frame = pl.read_csv(path) if path.suffix == ".csv" else pl.read_parquet(path)
    else:
        shipped = resources.files("interfuse") / "shipped" / "shoppers.parquet"
        with resources.as_file(shipped) as file:
            frame = pl.read_parquet(file)
    return frame.sample(fraction=1, shuffle=True, seed=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", help="a Parquet or CSV file")
    parser.add_argument("--seconds", type=float, default=60, help="of fitting")
    parser.add_argument("--examples", type=int, help="rows to learn from, instead of seconds")
    options = parser.parse_args()
    pl.Config.set_tbl_hide_column_data_types(True)
    pl.Config.set_tbl_hide_dataframe_shape(True)
    pl.Config.set_tbl_cols(-1)
    pl.Config.set_tbl_width_chars(120)
    pl.Config.set_fmt_str_lengths(40)
    pl.Config.set_tbl_formatting("ASCII_MARKDOWN")

    rows = table(options.data)
    label = next((name for name in QUESTIONS if name in rows.columns), None)
    if label is None:
        parser.error(f"the table has none of the columns {', '.join(QUESTIONS)}; add questions")
    ask = QUESTIONS[label]
    rows = rows.drop(ask.drop)
    train, held = rows[HELD:], rows[:HELD]
    seconds = None if options.examples else options.seconds
    model = interfuse.fit(train, seconds=seconds, examples=options.examples, seed=0)
    print(f"fitted {train.height:,} rows x {train.width}; {model.record['training']['reason']}")

    print("\n1. New rows, as many as you like")
    drawn = model.generate(train.height, seed=1)
    common = train[label].value_counts(sort=True)[label][:4]
    for value in common:
        real, ours = ((frame[label] == value).mean() for frame in (train, drawn))
        print(f"   {label} = {value}: {real:.2%} of the real rows, {ours:.2%} of the drawn")

    print(f"\n2. Rows under a condition: {' and '.join(ask.given)}")
    rare = model.generate(1_000, given=ask.given, seed=1)
    fits = model.generation(given=ask.given)
    print("\n".join(f"   {warning}" for warning in fits.warnings) or "   (not unusual)")
    real = train.filter(ask.same)
    print(
        f"   {real.height} of the real rows are such; median {ask.number}: real "
        f"{real[ask.number].median():g}, drawn {rare[ask.number].median():g}"
    )
    print(rare.select(ask.shown).head(5))

    print("\n3. Rows known in part, each completed three times")
    partly = pl.DataFrame(ask.partly)
    print(partly)
    print(model.generate(3, given=partly, seed=1).select(ask.shown))

    print(f"\n4. Holes filled: {ask.number} and {label} of {held.height:,} rows never seen")
    gone = pl.int_range(held.height) % 2 == 0
    holes = held.with_columns(
        pl.when(gone).then(None).otherwise(pl.col(n)).alias(n) for n in (ask.number, label)
    )
    filled = model.impute(holes, draws=20, seed=1)
    low, high = filled.interval(0.9)
    at = pl.int_range(0, held.height, 2, eager=True)
    truth = held[ask.number].gather(at)
    inside = ((low[ask.number].gather(at) <= truth) & (truth <= high[ask.number].gather(at))).mean()
    right = (filled.mode()[label].gather(at) == held[label].gather(at)).mean()
    print(f"   {label}: {right:.1%} are right; {ask.number}: 90 % intervals hold {inside:.1%}")
    print(
        pl.DataFrame(
            {
                "was": truth,
                "median": filled.median()[ask.number].gather(at),
                "from": low[ask.number].gather(at),
                "to": high[ask.number].gather(at),
                f"{label} was": held[label].gather(at),
                f"{label} filled": filled.mode()[label].gather(at),
                "chance wrong": filled.uncertainty()[label].gather(at).round(3),
            }
        ).head(5)
    )

    print("\n5. Odd rows, and what was expected instead")
    # Into three of 200 normal rows goes one wrong entry each.
    normal = held.filter(pl.col(label) == ask.normal).head(200)
    wrong = [
        normal[i : i + 1].with_columns(pl.lit(value).cast(held.schema[name]).alias(name))
        for i, (name, value) in enumerate(ask.wrong)
    ]
    scores = model.detect(pl.concat([*wrong, normal[len(wrong) :]]), clean=False)
    for i, (name, value) in enumerate(ask.wrong):
        place = int((scores.score > scores.score[i]).sum()) + 1
        print(f"   {name} = {value} put into a normal row: number {place} of 200 by oddity")
    print(scores.top(6).select("score", "p_value", "cell", "found", "expected"))


if __name__ == "__main__":
    main()
