"""What drives a purchase, and what changed from May to November, in the table of shop sessions.

    python examples/what_changed.py [FOLDER] [--examples N]

Half of the sessions are fitted, and the other half is asked what drives `Revenue`. Then those of
May are compared with those of November: how much of the change is in the sessions, and how much in
what leads to a purchase. It leaves in FOLDER ("changed", if none is given) explain.html and
change.html, each with its JSON.
"""

import argparse
from importlib import resources
from pathlib import Path

import polars as pl

import interfuse


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("changed"))
    parser.add_argument("--examples", type=int, default=300_000, help="records of each fit")
    parser.add_argument("--sessions", type=int, default=20_000, help="of the table, at most")
    parser.add_argument("--rows", type=int, default=4096, help="rows that are asked at most")
    options = parser.parse_args(words)
    file = resources.files("interfuse") / "shipped" / "shoppers.parquet"
    sessions = pl.read_parquet(file.read_bytes())

    shuffled = sessions.sample(fraction=1.0, shuffle=True, seed=0)[: options.sessions]
    half = shuffled.height // 2
    model = interfuse.fit(shuffled[:half], examples=options.examples, seed=0)
    known = model.explain(shuffled[half:], target="Revenue", rows=options.rows)
    print("What drives a purchase?", *known.sentences, known.drivers.head(5), sep="\n")
    known.save(options.folder / "explain.html")

    may, november = (
        shuffled.filter(pl.col("Month") == month).drop("Month") for month in ("May", "Nov")
    )
    change = interfuse.compare(may, november, target="Revenue", examples=options.examples, seed=0)
    print("\nWhat changed from May to November?", *change.sentences, sep="\n")
    print(change.columns.head(5), change.conditional, change.rows.head(5), sep="\n")
    change.save(options.folder / "change.html")


if __name__ == "__main__":
    main()
