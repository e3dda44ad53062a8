"""`python -m benchmarks.traces FLOWS`: addresses of flows: drawn alike, and nobody's.

FLOWS is a table of flow records with `src_ip`, `dst_ip`, and a column that says which capture each
is of (`--by`, "pcap"). Captures are split, never rows: a fifth of them is held out.

* `rank`: Jensen-Shannon divergence (base 2) of the sorted shares of addresses, with that of a
  bootstrap of the training rows beside it: is busy as busy? Names do not matter, so that it can be
  asked of pseudonyms. (NetShare's `dist_metrics.py` drops mass outside of the real support, by
  discarding what `numpy.insert` returns; here both vectors are padded with zeros.)
* `classes`: total variation distance of the pairs (class of source, class of destination).
* `prefixes`: the same as `rank` of the sorted shares of /8, /16 and /24.
* `identifiers`: rare real addresses and pairs that came back, chance and hold-out beside them
  (`interfuse.evaluate.identifiers`).
* `category`: the same of a model whose addresses are categories, as before there were addresses.
* `odd`: flows planted among held-out ones, each with its p-value and the smallest that there can
  be: a private host that a client of the same network never talks to is no odd flow, so what is
  planted is odd by its protocol or its class: TLS on port 22, a service on a wrong port, sctp, a
  destination of a class that the source's class never has.

Everything runs on one core; `--examples` is the budget of each fit.
"""

from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import interfuse
from interfuse.evaluate.identifiers import returned
from interfuse.internet import CLASSES, parse

COLUMNS = ("src_ip", "src_port", "dst_ip", "dst_port", "l4", "app", "category", "c2s_pkts")
COLUMNS += ("c2s_bytes", "s2c_pkts", "s2c_bytes", "duration_s")
ADDRESSES = ("src_ip", "dst_ip")
NAMES = np.array([c.name for c in CLASSES] + ["none"])


def divergence(a: pl.Series, b: pl.Series) -> float:
    """Jensen-Shannon divergence, base 2, of the sorted shares of values."""
    p, q = (np.sort(x.drop_nulls().value_counts()["count"].to_numpy())[::-1] for x in (a, b))
    n = max(len(p), len(q))
    p, q = (np.pad(x / x.sum(), (0, n - len(x))) for x in (p, q))
    return entropy((p + q) / 2) - entropy(p) / 2 - entropy(q) / 2


def entropy(p: np.ndarray) -> float:
    """In bits."""
    p = p[p > 0]
    return float(-(p * np.log2(p)).sum())


def class_pairs(frame: pl.DataFrame) -> pl.Series:
    """The classes of source and destination."""
    one, two = (NAMES[parse(frame[n])[0].classes()] for n in ADDRESSES)
    return pl.Series(np.char.add(np.char.add(one, " > "), two))


def variation(a: pl.Series, b: pl.Series) -> float:
    """Total variation distance of two samples."""
    p, q = (x.alias("v").value_counts(normalize=True) for x in (a, b))
    both = p.join(q, on="v", how="full", coalesce=True).fill_null(0.0)
    return float((both["proportion"] - both["proportion_right"]).abs().sum() / 2)


def prefix(column: pl.Series, octets: int) -> pl.Series:
    """The first octets of IPv4 addresses."""
    return column.str.extract(rf"^((?:\d+\.){{{octets}}})")


def figures(train: pl.DataFrame, made: pl.DataFrame, held: pl.DataFrame) -> dict[str, Any]:
    """All figures of a table beside the training rows."""
    out: dict[str, Any] = {n: divergence(train[n], made[n]) for n in ADDRESSES}
    out["classes"] = variation(class_pairs(train), class_pairs(made))
    for octets in (1, 2, 3):
        each = [divergence(prefix(train[n], octets), prefix(made[n], octets)) for n in ADDRESSES]
        out[f"/{8 * octets}"] = float(np.mean(each))
    for one in returned(list(ADDRESSES), train, made, held):
        out[" ".join(one.columns)] = {
            "back": one.share, "values": one.values, "chance": one.chance, "held": one.held,
        }  # fmt: skip
    return out


def planted(held: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Held-out flows with one thing changed that makes each odd."""
    web = held.filter((pl.col("l4") == "TCP") & (pl.col("dst_port") == 443)).head(1)
    name = held.filter((pl.col("app") == "DNS") & (pl.col("dst_port") == 53)).head(1)
    port = held.schema["dst_port"]
    return {
        "TLS on port 22": web.with_columns(dst_port=pl.lit(22, dtype=port)),
        "DNS on port 443 over TCP": name.with_columns(
            dst_port=pl.lit(443, dtype=port), l4=pl.lit("TCP")
        ),
        "TLS over sctp": web.with_columns(l4=pl.lit("SCTP")),
        "TLS to a multicast address": web.with_columns(dst_ip=pl.lit("239.1.2.3")),
        "from a public to a loopback address": web.with_columns(
            src_ip=pl.lit("93.184.216.34"), dst_ip=pl.lit("127.0.0.1")
        ),
    }


def odd(model: interfuse.Model, held: pl.DataFrame) -> dict[str, Any]:
    """p-values of what was planted, and the smallest that there can be."""
    base = model.detect(held)
    out: dict[str, Any] = {"of held-out rows below .01": float((base.p_value < 0.01).mean())}
    for name, row in planted(held).items():
        if row.height:
            found = model.detect(row)
            shares = found.shares.row(0, named=True)
            out[name] = {"p": float(found.p_value[0]), "cell": max(shares, key=shares.__getitem__)}
    kept = model.reference
    out["smallest"] = None if kept is None else 1 / (1 + len(kept.held_codes))
    return out


def main() -> None:
    """Run it and print JSON."""
    asked = argparse.ArgumentParser(description="Addresses of flows.")
    asked.add_argument("flows", type=Path)
    asked.add_argument("--by", default="pcap")
    asked.add_argument("--examples", type=int, default=200_000)
    asked.add_argument("--only", choices=("address", "category"))
    given = asked.parse_args()
    warnings.simplefilter("ignore")
    flows = pl.read_parquet(given.flows)
    captures = flows[given.by].unique().sort()
    aside = captures.sample(len(captures) // 5, seed=1)
    away = flows[given.by].is_in(aside.implode())
    train, held = (flows.filter(x).select(COLUMNS) for x in (~away, away))
    again = train.sample(train.height, with_replacement=True, seed=2)
    out: dict[str, Any] = {"rows": [train.height, held.height], "examples": given.examples}
    out["bootstrap"] = figures(train, again, held)
    for kind in ("address", "category"):
        if given.only in (None, kind):
            model = interfuse.fit(
                train, examples=given.examples, seed=1, kinds=dict.fromkeys(ADDRESSES, kind)
            )
            out[kind] = figures(train, model.generate(train.height, seed=3), held)
            out[kind]["odd"] = odd(model, held)
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
