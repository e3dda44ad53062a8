"""Tables, as the rest of interfuse sees them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interfuse.kinds.kind import Kind, Words
from interfuse.kinds.option import (
    BELOW,
    DEVICE,
    DRAWS,
    GIVEN,
    INTERVAL,
    ROWS,
    SEED,
    STEPS,
    UNREAD,
    VALUE,
    Option,
)
from interfuse.kinds.table.verbs import COMPARE, EXPLAIN
from interfuse.kinds.verb import Verb, late
from interfuse.run import store

if TYPE_CHECKING:
    from interfuse.kinds.table.job import Job
    from interfuse.kinds.table.model import Model

DRAWN = 1_000
"""Rows that `reproduce` draws of both models."""
_CLI = "interfuse.kinds.table.cli"

KEEP_ROWS = Option(
    "keep_rows",
    "Keep no row of the table in RUN; see detect.",
    bool,
    True,
    flag="--no-reference",
)

REAL_NETWORKS = Option(
    "real_networks",
    "Keep the prefixes of networks in columns of addresses; otherwise they get new numbers.",
    bool,
    False,
)

KINDS = Option(
    "kinds",
    "Say of a column that it is number, time, category, text, key, drop, address, port, url ... "
    "(docs/addresses.md); may be repeated. time:%d/%m/%Y says how times are written.",
    flag="--as",
    metavar="COLUMN=KIND",
    many=True,
    read=late("interfuse.kinds.table.asked", "kinds_of"),
)

EVENT_TYPE = Option(
    "event_type",
    "Of Suricata's eve.json: which events are rows, such as flow; needed where there are several.",
)
IDLE_TIMEOUT = Option(
    "idle_timeout",
    "Of a capture: seconds without a packet after which a flow has ended; default: 120.",
    float,
    metavar="SECONDS",
)
ACTIVE_TIMEOUT = Option(
    "active_timeout",
    "Of a capture: the longest flow; what lasts longer is cut into several; default: 1800.",
    float,
    metavar="SECONDS",
)
PAYLOAD = Option(
    "payload",
    "Of packets that are written: template, which has small valid messages for common protocols, "
    "random, or none, which keeps headers alone; default: template.",
    read=late("interfuse.io.capture.payload", "payload_named"),
)
BALANCE = Option(
    "balance",
    "Visit rows with rare values of this column, such as a label, more often in training; as many "
    "are drawn as ever.",
    metavar="COLUMN",
)

OUT_OF_CORE = Option(
    "out_of_core",
    "Keep encoded rows on the disk, in TMPDIR, so that any number can be fitted; default: where "
    "they would take more than half of the free memory.",
    bool,
    False,
)

GENERATE = Verb(
    "generate",
    "Draw new rows, images or series from a fitted model.",
    "Row i depends on the seed and on i alone. A given column is a known cell: nothing is drawn "
    "and thrown away, so a rare value costs what a common one costs. COLUMN= gives a missing "
    "value, COLUMN='\"\"' an empty text. Columns can also be held in a set or a range, and rows "
    "that are known in part can be completed from a file. As many rows as were fitted are drawn "
    "unless -n says otherwise.",
    (
        "interfuse generate run -n 10000 -o synthetic.parquet",
        "interfuse generate run -n 500 -o attacks.csv --given label=ddos --given proto=udp",
        "interfuse generate run -o large.csv --given 'bytes > 1e6' --given 'label in [ddos, scan]'",
        "interfuse generate run -n 10 -o completed.csv --given-file partly-known.csv",
        "interfuse generate run -n 5000 -o synthetic.pcap --payload none",
        "interfuse generate run -n 5 -o - --seed 3",
        "interfuse generate run -n 1e9 --shard 3/64 -o part-{shard}.parquet",
    ),
    late(_CLI, "generate"),
    (
        ROWS,
        GIVEN,
        Option(
            "given_file",
            "Partly known rows to complete, -n draws of each (1 unless given).",
            metavar="FILE",
        ),
        Option(
            "shard",
            "Draw part I of N alone, from 1/N to N/N: exactly these rows of all. {shard} in FILE "
            "is the part's number.",
            metavar="I/N",
        ),
        PAYLOAD,
        SEED,
        STEPS,
        DEVICE,
    ),
    target="Its name says the format: .csv, .jsonl, .parquet, .arrow ...; - is standard output, in "
    "CSV. Of images: a new folder, .npz, or .png for a grid.",
)

IMPUTE = Verb(
    "impute",
    "Fill the missing cells of a file.",
    "A filled number is the median of its distribution given the observed cells of the row, a "
    "filled category the most likely one. Observed cells stay as they are. Rows are written while "
    "they are filled, so that any number fits in memory.",
    (
        "interfuse impute run flows.csv -o filled.csv",
        "interfuse impute run flows.csv -o filled.csv --interval .9 --columns bytes,packets",
        "interfuse impute run flows.csv -o draws.parquet --value draws --draws 50",
    ),
    late(_CLI, "impute"),
    (
        DRAWS,
        VALUE,
        INTERVAL,
        Option("columns", "Fill these alone; default: all.", metavar="A,B"),
        Option(
            "tolerance",
            "Draw less often, once intervals move by less than this share of their widths.",
            float,
        ),
        UNREAD,
        SEED,
        STEPS,
        DEVICE,
    ),
    ("DATA", "The rows, with missing cells; - is CSV typed in."),
)

DETECT = Verb(
    "detect",
    "Say how odd each row is, and why.",
    "Beside each row stand its score in nats (higher is odder), the share of normal rows that "
    "score as high, the cell that stands out most, what was found there and what was expected. "
    "Rows are written while they are scored, so that any number fits in memory.",
    (
        "interfuse detect run today.csv -o scores.csv",
        "interfuse detect run flows.parquet -o odd.csv --below .01",
        "interfuse detect run mixed.csv -o scores.csv --contaminated",
    ),
    late(_CLI, "detect"),
    (
        Option(
            "contaminated", "The rows that were fitted may have odd ones among them.", bool, False
        ),
        BELOW,
        DEVICE,
    ),
    ("DATA", "The rows to score; - is CSV typed in."),
)


class Table(Kind):
    """Rows of columns: files and frames."""

    name = "table"
    words = Words("a table", "tables", "of a table", "rows", "rows", "rows", "a kind")
    parts = store.PARTS
    options = (
        KEEP_ROWS, REAL_NETWORKS, KINDS, BALANCE, EVENT_TYPE, IDLE_TIMEOUT, ACTIVE_TIMEOUT,
        OUT_OF_CORE,
    )  # fmt: skip
    verbs = (GENERATE, IMPUTE, DETECT, EXPLAIN)
    judged = True
    compares = COMPARE

    def looks(self, data: Any) -> float:
        """All that is not surely something else is a table."""
        return 0.5

    def job(self, **options: Any) -> Job:
        """One fit."""
        from interfuse.kinds.table.job import Job

        return Job(**options)

    def open(
        self, folder: Path, record: dict[str, Any], parts: Mapping[str, dict[str, Any]]
    ) -> Model:
        """A model from its parts."""
        from interfuse.kinds.table.model import open_table

        return open_table(folder, record, parts)

    def again(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Whether rows were kept, how they were visited, sizes, and the rounds of calibration."""
        from interfuse.kinds.table.learn.rounds import Plan

        made = record["training"].get("calibration")
        return {
            "keep_rows": bool(record.get("keep_rows", True)),
            "balance": record.get("balance"),
            "batch": record["training"]["settings"]["batch"],
            "width": record["training"].get("width"),
            "out_of_core": bool(record["data"].get("out_of_core", False)),
            "calibration": Plan(**{name: made[name] for name in Plan._fields}) if made else None,
        }

    def compare(self, a: Any, b: Any, **options: Any) -> Any:
        """One fit of both tables; see `interfuse.compare`."""
        from interfuse.kinds.table.comparing import compare_tables

        return compare_tables(a, b, **options)

    def apart(self, first: Any, again: Any) -> tuple[float, float]:
        """Share of equal rows, and the largest difference of two numbers."""
        import numpy as np
        import polars as pl

        one, two = (pl.concat(m.generate_batches(DRAWN, seed=0)) for m in (first, again))
        unequal, far = np.zeros(one.height, bool), 0.0
        for a, b in zip(one.iter_columns(), two.iter_columns(), strict=True):
            unequal |= a.ne_missing(b).to_numpy()
            if a.dtype.is_numeric():
                x, y = (s.cast(pl.Float64).to_numpy() for s in (a, b))
                span = np.nanmax(x, initial=-np.inf) - np.nanmin(x, initial=np.inf)
                gap = np.nanmax(np.abs(x - y), initial=0.0)
                far = max(far, float(gap / span) if span > 0 else float(gap > 0))
        return float(1 - unequal.mean()), far

    def rules(self, real: Any, synthetic: Any) -> list[tuple[str, float, float]]:
        """Exact rules between columns; of flows of networks, those of the protocols too."""
        from interfuse.evaluate.flow_rules import flow_rule_shares
        from interfuse.kinds.table.judge import rule_shares

        return rule_shares(real, synthetic) + flow_rule_shares(real, synthetic)

    def print_schema(self, schema: Any, found: str) -> None:
        """The columns: what they are and why."""
        from interfuse.kinds.table.cli import print_schema

        print_schema(schema)

    def holds(self) -> str:
        """What of the data is in a run folder."""
        return (
            "It holds names of columns, the values of categories, the ends and quantiles of "
            "numbers and times, and the forms of texts and keys, as they are in the data."
        )

    def show(self, run: Path, model: Any) -> list[tuple[str, str]]:
        """The network and its cells."""
        (name, weights), *_ = super().show(run, model)
        cells = model.layout
        many = f"{cells.categories} category cells, {cells.numbers} number cells"
        return [(name, f"{weights}, {many}")]

    def show_schema(self, schema: Any) -> None:
        """All columns."""
        from interfuse.kinds.table.cli import print_schema

        print_schema(schema, most=None)

    def next_commands(self, data: str, run: str, rows: int) -> list[str]:
        """Draw, and judge."""
        real = "REAL.csv" if data == "DATA" else data
        return [
            f"interfuse generate {run} -n {rows} -o synthetic.parquet",
            f"interfuse evaluate {real} synthetic.parquet --run {run} -o report.html",
        ]


KIND = Table()
