"""Goldens: stored runs, questions put to them, and the answers of the code that stored them.

    python tests/golden/make.py          make answers.json and values.json anew
    python tests/golden/make.py --add    add this environment's hashes to answers.json

The runs were fitted to the files in `data` by the code of their time, with networks much narrower
than the default ones so that the folders stay small (each `config.json` tells the sizes):
`table-format-1` by the last code that wrote run folders of format 1, without rows for `detect`; the
others with format 2. They are kept, never fitted again: later code has to read them.

`answers.json` has the SHA-256 of each answer by environment. The same code gives the same bits only
where the arithmetic is the same, so an environment is the versions of torch and numpy, the
instructions that torch uses, the machine, and a hash of some arithmetic done without interfuse;
libraries choose how to add by the processor's make as well. `values.json` has the beginning of each
answer, for comparison within rounding anywhere else.

An answer that has to change is a change for users: say in the commit which and why, and make anew;
hashes of it that another environment made go, and are added again there.
Only names of interfuse's public surface are used here.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from safetensors.numpy import load_file

import interfuse

HERE = Path(__file__).parent
DATA, RUNS = HERE / "data", HERE / "runs"
ANSWERS, VALUES = HERE / "answers.json", HERE / "values.json"
LARGE = 2**53 + 11
KEPT = 16
"""Values of each column that are stored."""

Parts = dict[str, pl.Series]
"""An answer: columns of any lengths, by name."""
Question = Callable[[Any], Parts]


def frame_parts(**frames: Any) -> Parts:
    """The columns of frames, and arrays as columns."""
    parts = {}
    for name, value in frames.items():
        if isinstance(value, pl.DataFrame):
            parts |= {f"{name}.{c.name}": c for c in value.iter_columns()}
        else:
            parts[name] = value if isinstance(value, pl.Series) else _column(value)
    return parts


def _column(value: Any) -> pl.Series:
    array = np.asarray(value)
    shape = pl.Series([",".join(map(str, array.shape))]) if array.ndim > 1 else None
    column = pl.Series(array.ravel().tolist() if array.dtype == object else array.ravel())
    return column if shape is None else column.alias(shape[0])


def digest(parts: Parts) -> str:
    """SHA-256 of an answer: names, types, what is missing, and every bit of what is not."""
    total = hashlib.sha256()
    for name, column in parts.items():
        total.update(f"{name}|{column.name}|{column.dtype}|{len(column)}|".encode())
        total.update(column.is_null().to_numpy().tobytes())
        if column.dtype in (pl.String, pl.Null):
            total.update(json.dumps(column.to_list()).encode())
        else:
            plain = column.to_physical()
            whole = plain.fill_null(False if plain.dtype == pl.Boolean else 0)
            total.update(whole.to_numpy().tobytes())
    return total.hexdigest()


def beginning(parts: Parts) -> dict[str, list[Any]]:
    """The first values of an answer, as JSON has them; numbers to nine digits."""
    out = {}
    for name, column in parts.items():
        values = column.head(KEPT).to_physical().to_list()
        out[name] = [float(f"{v:.9g}") if isinstance(v, float) else v for v in values]
        out[name] = [None if v != v else v for v in out[name]]
    return out


def environment() -> str:
    """What the bits of an answer depend on besides interfuse."""
    capability = torch.backends.cpu.get_cpu_capability()
    return (
        f"torch {torch.__version__}, numpy {np.__version__}, {capability}, {platform.machine()}, "
        f"arithmetic {_arithmetic()}"
    )


@torch.no_grad()
def _arithmetic() -> str:
    """Some sums and functions of fixed numbers; libraries differ in their last bits."""
    x = np.sin(np.arange(256 * 264, dtype=np.float64)).reshape(256, 264)
    out = [np.exp(x), np.log1p(x * x), np.quantile(x, 0.3, axis=0), x @ x.T, x.std(0)]
    t = torch.from_numpy(x).float()
    image = t[:64, :256].reshape(16, 16, 8, 8)
    for k in (8, 12, 24, 64, 96, 256):
        w = t[:k]
        h = torch.nn.functional.silu(torch.nn.functional.linear(t, w))
        out += [h, h.softmax(1), torch.nn.functional.layer_norm(h, [k]), h[:17].T @ h[:17]]
    kernel = t[:16, :144].reshape(16, 16, 3, 3)
    out += [torch.nn.functional.conv2d(image, kernel, padding=1), t.exp(), t.erfinv(), t.sum(1)]
    total = hashlib.sha256()
    for part in out:
        total.update(np.ascontiguousarray(part).tobytes())
    return total.hexdigest()[:12]


# Tables.


@cache
def flows() -> pl.DataFrame:
    """The rows that both tables were fitted to."""
    return pl.read_csv(DATA / "flows.csv", try_parse_dates=True)


def holes() -> pl.DataFrame:
    """Rows of which about a fifth of the cells is missing."""
    rows = flows()[40:72].with_row_index("i")
    for j, name in enumerate(("at", "label", "port", "tls", "sent", "duration")):
        gone = (pl.col("i") * 7 + j * 3) % 5 == 0
        rows = rows.with_columns(pl.when(~gone).then(pl.col(name)).alias(name))
    rows = rows.with_columns(pl.when(pl.col("i") % 3 > 0).then("total").alias("total"))
    return rows.drop("i")


def sums() -> pl.DataFrame:
    """Rows of which the sum is known and its parts are not."""
    i = pl.int_range(pl.len())
    return flows()[80:104].with_columns(
        pl.when(i % 4 == 1).then("sent").alias("sent"),
        pl.when(i % 4 == 2).then("received").alias("received"),
    )


def odd() -> pl.DataFrame:
    """Rows of which some were made odd."""
    i = pl.int_range(pl.len())
    return flows()[120:160].with_columns(
        pl.when(i % 9 == 0).then(pl.col("duration") * 1000).otherwise("duration").alias("duration"),
        pl.when(i % 7 == 0).then(pl.lit("ddos")).otherwise("label").alias("label"),
        pl.when(i % 11 == 3).then(None).otherwise("port").alias("port"),
    )


def drawn(n: int, **options: Any) -> Question:
    return lambda model: frame_parts(rows=model.generate(n, **options))


def filled(data: Callable[[], pl.DataFrame]) -> Question:
    def ask(model: Any) -> Parts:
        answer = model.impute(data(), draws=8, seed=4)
        low, high = answer.interval(0.8)
        return frame_parts(
            median=answer.median(),
            low=low,
            high=high,
            mean=answer.mean(),
            mode=answer.mode(),
            uncertainty=answer.uncertainty(),
            draw=answer.frame(3),
        )

    return ask


def scored(clean: bool) -> Question:
    def ask(model: Any) -> Parts:
        answer = model.detect(odd(), clean=clean)
        return frame_parts(rows=answer.frame(), cells=answer.cells)

    return ask


TABLE: dict[str, Question] = {
    "generate": drawn(300, seed=0),
    "generate large seed": drawn(40, seed=LARGE),
    "generate few steps": drawn(40, seed=1, steps=4),
    "generate given category": drawn(40, given={"label": "scan"}, seed=1),
    "generate given boolean": drawn(40, given={"tls": True}, seed=1),
    "generate given number": drawn(40, given={"received": 8}, seed=1),
    "generate given missing": drawn(40, given={"duration": None}, seed=1),
    "generate given range": drawn(40, given=["100 <= port < 1024", "sent > 500"], seed=1),
    "generate given set": drawn(40, given={"port": [53, 443], "label": ["scan", "ddos"]}, seed=1),
    "generate given rows": drawn(3, given=DATA / "partly.csv", seed=1),
    "augment": lambda model: frame_parts(
        rows=model.augment(flows().filter(label="ddos"), 40, keep=0.4, fixed=["label"], seed=2)
    ),
    "impute": filled(holes),
    "impute parts of a sum": filled(sums),
    "detect clean": scored(True),
    "detect unclean": scored(False),
}

# Series.


@cache
def hosts() -> pl.DataFrame:
    """The two series that were fitted."""
    return pl.read_csv(DATA / "hosts.csv", try_parse_dates=True)


def history() -> pl.DataFrame:
    """All but the last two days; a third series that was never fitted is among them."""
    end = pl.col("time").max() - pl.duration(hours=48)
    seen = hosts().filter(pl.col("time") <= end)
    new = seen.filter(host="a").with_columns(host=pl.lit("c"), load=pl.col("load") * 3)
    return pl.concat([seen, new])


def what_if() -> pl.DataFrame:
    """One channel of the days that follow `history`."""
    start = pl.col("time").max() - pl.duration(hours=48)
    return hosts().filter(pl.col("time") > start).with_columns(load=pl.lit(None, pl.Float64))


def gaps() -> pl.DataFrame:
    """The series with a gap each, one of both channels."""
    hour = (pl.col("time") - pl.col("time").min()).dt.total_hours()
    both = hour.is_between(100, 108) & (pl.col("host") == "b")
    return hosts().with_columns(
        pl.when(~hour.is_between(100, 112)).then("load").alias("load"),
        pl.when(~both).then("requests").alias("requests"),
    )


def future(**options: Any) -> Question:
    def ask(model: Any) -> Parts:
        more = {k: v() if callable(v) else v for k, v in options.items()}
        answer = model.forecast(history(), 24, draws=10, **more)
        low, high = answer.interval(0.8)
        return frame_parts(
            draws=answer.array, median=answer.median(), low=low, high=high, draw=answer.frame(3)
        )

    return ask


def gaps_filled(model: Any) -> Parts:
    answer = model.impute(gaps(), draws=6, seed=4)
    values = {f"series {i}": v for i, v in enumerate(answer.values)}
    return frame_parts(mean=answer.mean(), q=answer.quantile(0.3), draw=answer.frame(5), **values)


def points_scored(**options: Any) -> Question:
    def ask(model: Any) -> Parts:
        answer = model.detect(gaps(), **options)
        return frame_parts(rows=answer.frame(), cells=answer.cells[1], expected=answer.expected[0])

    return ask


SERIES: dict[str, Question] = {
    "forecast": future(seed=0),
    "forecast large seed": future(seed=LARGE),
    "forecast what if": future(given=what_if, seed=1),
    "impute": gaps_filled,
    "generate": lambda model: frame_parts(rows=model.generate(3, length=60, seed=0).frame(0)),
    "generate like": lambda model: frame_parts(rows=model.generate(like="b", seed=5).frame(0)),
    "detect": points_scored(),
    "detect single points": points_scored(window=1),
}

# Images.


@cache
def shades() -> np.ndarray:
    """Some of the images that were fitted."""
    return np.load(DATA / "shades.npz")["images"][:12]


def known() -> np.ndarray:
    """All pixels but those of a hole."""
    mask = np.ones((8, 8), bool)
    mask[2:6, 3:8] = False
    return mask


def odd_images() -> np.ndarray:
    images = shades().copy()
    images[::3, 2:5, 2:5] = 255 - images[::3, 2:5, 2:5]
    return images


def images_scored(model: Any) -> Parts:
    answer = model.detect(odd_images())
    return frame_parts(score=answer.score, p=answer.p_value)


def pictures(n: int, **options: Any) -> Question:
    return lambda model: frame_parts(images=model.generate(n, **options))


def holes_filled(**options: Any) -> Question:
    return lambda model: frame_parts(images=model.impute(shades(), known(), seed=4, **options))


IMAGES: dict[str, Question] = {
    "generate": pictures(12, seed=0),
    "generate large seed": pictures(12, seed=LARGE),
    "generate class": pictures(12, given={"class": "light"}, seed=1),
    "generate guided": pictures(12, given={"class": "dark"}, guidance=3.0, seed=1),
    "generate unguided": pictures(12, guidance=0.0, seed=1, steps=5),
    "labels": lambda model: frame_parts(labels=pl.Series(model.labels(40, seed=1))),
    "denoising": lambda model: frame_parts(frames=np.stack(model.denoising(2, seed=2, steps=6))),
    "impute": holes_filled(),
    "impute class": holes_filled(given={"class": "dark"}, guidance=2.0),
    "detect": images_scored,
}

RUN_QUESTIONS = {
    "table-format-1": TABLE,
    "table-format-2": TABLE,
    "series": SERIES,
    "images": IMAGES,
}

# Fits.


def fitted(ask: Question, data: Callable[[], Any], **options: Any) -> Callable[[], Parts]:
    """What a short fit leaves in its folder, whatever the names there, and one answer.

    Fits are asked to be of full precision, since "auto" is bfloat16 where a processor has it.
    """

    def fit() -> Parts:
        model = interfuse.fit(data(), seed=3, precision="fp32", device="cpu", **options)
        with tempfile.TemporaryDirectory() as folder:
            model.save(Path(folder) / "run")
            files = sorted(Path(folder).rglob("*.safetensors"))
            arrays = [a for file in files for a in load_file(file).values()]
        hashes = [hashlib.sha256(f"{a.dtype}{a.shape}".encode() + a.tobytes()) for a in arrays]
        parts = {
            "arrays": pl.Series(sorted(h.hexdigest() for h in hashes)),
            "norms": pl.Series(sorted(_norm(a) for a in arrays)),
        }
        return parts | ask(model)

    return fit


def _norm(array: np.ndarray) -> float:
    """Exactly rounded: numpy's sums differ by where in memory an array lies."""
    return math.sqrt(math.fsum((array.astype(np.float64) ** 2).ravel().tolist()))


FITS: dict[str, Callable[[], Parts]] = {
    "table": fitted(drawn(16, seed=0), lambda: DATA / "flows.csv", examples=2_600),
    "series": fitted(
        lambda model: frame_parts(rows=model.generate(2, length=32, seed=0).frame(0)),
        lambda: DATA / "hosts.csv",
        kind="series",
        examples=96,
    ),
    "images": fitted(
        pictures(4, seed=0, steps=5),
        lambda: np.load(DATA / "shades.npz")["images"][:48],
        labels=["one", "two", "two"] * 16,
        examples=120,
    ),
}

NAMES = [
    *(f"{run}: {question}" for run, asked in RUN_QUESTIONS.items() for question in asked),
    *(f"fit: {kind}" for kind in FITS),
]


@cache
def opened(run: str) -> Any:
    """A stored run."""
    return interfuse.load(RUNS / run)


def answer(name: str) -> Parts:
    """The answer to one of `NAMES`, computed on one thread: more threads add in another order."""
    run, question = name.split(": ")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return FITS[question]() if run == "fit" else RUN_QUESTIONS[run][question](opened(run))
    finally:
        torch.set_num_threads(threads)


def main(add: bool) -> None:
    """Write the answers of the code at hand."""
    answers = {name: answer(name) for name in NAMES}
    stored = json.loads(ANSWERS.read_text()) if add else {}
    stored[environment()] = {name: digest(parts) for name, parts in answers.items()}
    ANSWERS.write_text(json.dumps(stored, indent=1) + "\n")
    if not add:
        lines = (f"{json.dumps(n)}: {json.dumps(beginning(p))}" for n, p in answers.items())
        VALUES.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--add"]):
        sys.exit("usage: python tests/golden/make.py [--add]")
    main(add=bool(sys.argv[1:]))
