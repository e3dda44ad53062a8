"""Ten known bad synthesisers: what each does to honest rows, and what has to be named."""

import numpy as np
import polars as pl

KINDS = {
    "start": "datetime",
    "end": "datetime",
    "sent": "number",
    "got": "number",
    "total": "number",
    "load": "number",
    "delay": "number",
    "country": "category",
    "code": "category",
    "city": "category",
    "label": "category",
}
CODES = {"Chile": "CL", "Cuba": "CU", "Japan": "JP", "Kenya": "KE", "Malta": "MT", "Oman": "OM"}
SHARES = [0.3, 0.25, 0.2, 0.1, 0.1, 0.05]


def flows(rows: int, seed: int) -> pl.DataFrame:
    """Sorted by start, start <= end, total = sent + got, country gives code, delay rises with load.

    City and delay are missing together in an eighth of the rows; a quarter of got is zero; 2.5% of
    the labels are "fraud".
    """
    rng = np.random.default_rng([seed, 99])
    start = np.sort(rng.integers(0, 10**12, rows))
    end = start + rng.lognormal(15, 2, rows).astype(np.int64)
    sent = rng.poisson(40, rows)
    got = np.where(rng.random(rows) < 0.25, 0, rng.negative_binomial(3, 0.05, rows))
    load = rng.lognormal(0, 1, rows)
    delay = load * rng.lognormal(0, 0.4, rows)
    country = rng.choice(list(CODES), rows, p=SHARES)
    lost = rng.random(rows) < 0.125
    frame = pl.DataFrame(
        {
            "start": pl.Series(start).cast(pl.Datetime("us")),
            "end": pl.Series(end).cast(pl.Datetime("us")),
            "sent": sent,
            "got": got,
            "total": sent + got,
            "load": load,
            "delay": delay,
            "country": country,
            "code": [CODES[name] for name in country],
            "city": rng.choice(["north", "south", "east"], rows),
            "label": np.where(rng.random(rows) < 0.025, "fraud", "plain"),
        }
    )
    return frame.with_columns(
        pl.when(pl.Series(~lost)).then(pl.col("delay")).alias("delay"),
        pl.when(pl.Series(~lost)).then(pl.col("city")).alias("city"),
    )


def shuffled(real, fresh, rng):
    return fresh.with_columns(pl.col("load").shuffle(seed=3))


def copied(real, fresh, rng):
    few = fresh.height // 10
    return pl.concat([fresh.head(fresh.height - few), real.sample(few, seed=1)]).sort("start")


def dropped(real, fresh, rng):
    return fresh.with_columns(
        pl.col("country").replace({"Oman": "Malta"}), pl.col("code").replace({"OM": "MT"})
    )


def broken(real, fresh, rng):
    few = pl.Series(rng.random(fresh.height) < 0.05)
    return fresh.with_columns(pl.when(few).then(pl.col("total") + 1).otherwise(pl.col("total")))


def reversed_time(real, fresh, rng):
    return fresh.reverse()


def pattern_lost(real, fresh, rng):
    apart = fresh.select("city")[rng.permutation(fresh.height)]
    return fresh.with_columns(apart["city"])


def rescaled(real, fresh, rng):
    return fresh.with_columns(pl.col("load") * 1.3)


def fractional(real, fresh, rng):
    noise = pl.Series(rng.normal(0, 0.2, fresh.height))
    sent = pl.col("sent") + noise
    return fresh.with_columns(sent.alias("sent"), (sent + pl.col("got")).alias("total"))


def spike_dropped(real, fresh, rng):
    others = fresh["got"].filter(fresh["got"] > 0).sample(fresh.height, with_replacement=True)
    got = pl.when(pl.col("got") == 0).then(others).otherwise(pl.col("got"))
    out = fresh.with_columns(got.alias("got"))
    return out.with_columns(total=pl.col("sent") + pl.col("got"))


def rare_class(real, fresh, rng):
    lost = pl.Series(rng.random(fresh.height) < 0.8)
    label = pl.when(lost).then(pl.lit("plain")).otherwise(pl.col("label"))
    return fresh.with_columns(label.alias("label"))


FAULTS = {
    "columns shuffled": (shuffled, "pair", {"load", "delay"}),
    "rows copied": (copied, "copies", set()),
    "category dropped": (dropped, "category lost", {"country"}),
    "rule broken": (broken, "rule", {"total", "sent", "got"}),
    "time reversed": (reversed_time, "order of rows", {"start"}),
    "missing pattern lost": (pattern_lost, "missing pattern", {"city", "delay"}),
    "number rescaled": (rescaled, "shape", {"load"}),
    "integer made fractional": (fractional, "rule", {"sent"}),
    "spike dropped": (spike_dropped, "spike", {"got"}),
    "rare class under-represented": (rare_class, "category share", {"label"}),
}


def named(report, kind: str, columns: set[str]) -> bool:
    """Whether a finding of this kind names all of the columns."""
    return any(
        fault["kind"] == kind and columns <= set(fault["columns"])
        for fault in report.data["faults"]
    )
