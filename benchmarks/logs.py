"""`python -m benchmarks.logs`: how many rows of a Zeek log a second, on one core?

A conn.log of 500,000 rows in the fields of Zeek's is made, read by `interfuse.io.read` into typed
columns, and, in turn with it, read by polars alone as columns of text, which is what reading and
parting fields costs at the least. Both have one thread. Target: 500,000 rows a second; on a busy
machine the ratio of both says more.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import ONE_THREAD, RESULTS, Results, circumstances, console

ROWS = 500_000
TARGET = 500_000.0
TURNS = 5
_FIELDS = [
    "ts",
    "uid",
    "id.orig_h",
    "id.orig_p",
    "id.resp_h",
    "id.resp_p",
    "proto",
    "service",
    "duration",
    "orig_bytes",
    "resp_bytes",
    "conn_state",
    "local_orig",
    "local_resp",
    "missed_bytes",
    "history",
    "orig_pkts",
    "orig_ip_bytes",
    "resp_pkts",
    "resp_ip_bytes",
    "tunnel_parents",
]
_TYPES = [
    "time",
    "string",
    "addr",
    "port",
    "addr",
    "port",
    "enum",
    "string",
    "interval",
    "count",
    "count",
    "string",
    "bool",
    "bool",
    "count",
    "string",
    "count",
    "count",
    "count",
    "count",
    "set[string]",
]


def conn_log(rows: int, seed: int) -> str:
    """A conn.log with as many rows, some values unset."""
    rng = np.random.default_rng([seed, 61])
    head = [
        "#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-",
        "#path\tconn", "\t".join(["#fields", *_FIELDS]), "\t".join(["#types", *_TYPES]),
    ]  # fmt: skip
    start = 1_700_000_000 + np.cumsum(rng.exponential(0.1, rows))
    ports, sizes = rng.integers(1024, 65_536, rows), rng.lognormal(6, 2, (rows, 2)).astype(int)
    hosts, packets = rng.integers(0, 256, (rows, 4)), rng.integers(1, 400, (rows, 2))
    open_ = rng.random(rows) < 0.3
    lines = []
    for i in range(rows):
        sent, got = sizes[i]
        life = "-\t-\t-" if open_[i] else f"{rng.random():.6f}\t{sent}\t{got}"
        a, b, c, d = hosts[i]
        lines.append(
            f"{start[i]:.6f}\tC{i:017x}\t10.0.{a}.{b}\t{ports[i]}\t198.51.{c}.{d}\t443\ttcp\tssl\t"
            f"{life}\tSF\tT\tF\t0\tShADadFf\t{packets[i, 0]}\t{sent + 40}\t{packets[i, 1]}\t"
            f"{got + 40}\t(empty)"
        )
    return "\n".join([*head, *lines, "#close\t2024-01-01-00-00-00"]) + "\n"


def measure(path: str, turns: int) -> dict[str, float]:
    """Rows a second of processor time, medians of turns."""
    import polars as pl

    from interfuse.io.read import read

    def ours() -> int:
        return read(path).collect().height

    def plain() -> int:
        schema: dict[str, Any] = dict.fromkeys(_FIELDS, pl.String())
        return pl.read_csv(
            path, separator="\t", quote_char=None, has_header=False, comment_prefix="#",
            schema=schema, null_values=["-"],
        ).height  # fmt: skip

    speeds: dict[str, list[float]] = {"interfuse": [], "polars": []}
    for _ in range(turns + 1):
        for name, call in (("interfuse", ours), ("polars", plain)):
            begin = time.process_time()
            rows = call()
            speeds[name].append(rows / (time.process_time() - begin))
    return {name: statistics.median(found[1:]) for name, found in speeds.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.logs")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, default=RESULTS / "logs.json")
    options = parser.parse_args(arguments)
    if options.measure:
        print(*measure(options.measure, options.turns).values())
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "conn.log"
        path.write_text(conn_log(options.rows, options.seed))
        words = [sys.executable, "-m", "benchmarks.logs", "--measure", str(path)]
        words += ["--turns", str(options.turns)]
        one = {**os.environ, **ONE_THREAD, "POLARS_MAX_THREADS": "1"}
        done = subprocess.run(words, env=one, capture_output=True, text=True, check=True)
    ours, plain = map(float, done.stdout.split())
    found: dict[str, Any] = {
        "rows": options.rows,
        "rows_per_second": round(ours),
        "polars_text_rows_per_second": round(plain),
        "share_of_polars": round(ours / plain, 3),
        "target": TARGET,
        "reached": ours >= TARGET,
    }
    command = f"python -m benchmarks.logs --rows {options.rows} --turns {options.turns}"
    found |= circumstances(command, options.seed)
    Results(options.output).add("zeek", found)
    console.print(
        f"Zeek logs: {ours:,.0f} rows/s on one core; polars alone, as text: {plain:,.0f}; "
        f"ratio {ours / plain:.2f}"
    )


if __name__ == "__main__":
    main()
