"""The benchmarks in pieces that one core measures at a time, for `benchmarks.every`.

Two cores measure two pieces at once; a piece that says how fast many cores are is `alone`. With the
usual budgets all of it took 101 minutes on two cores with AVX512 and bfloat16
(`results/every.json`), before the rivals had two variants of interfuse beside them. On cores
without AVX512, which had tests to run as well, 27 of the 36 pieces took 159 minutes; `minutes` are
those of the faster cores.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.protocol import DATA_SETS
from benchmarks.rivals.task import ORDER

SHIPPED = "shoppers"
"""The table that needs no data folder."""


@dataclass(frozen=True)
class Job:
    """A command, and what it measures.

    Attributes:
        name: of its log and its record.
        benchmark: the module, and the results file.
        words: its options; "{core}" stands for the core it runs on, "{folder}" for a folder where
            what was fitted may be kept.
        minutes: about how long it takes on one core; the longest begin first.
        keys: a regular expression of the results that it measures anew.
        needs_data: whether it measures nothing without the data folder.
        alone: whether it has all cores to itself.
    """

    name: str
    benchmark: str
    words: tuple[str, ...]
    minutes: float
    keys: str
    needs_data: bool = True
    alone: bool = False


@dataclass(frozen=True)
class Budgets:
    """Of the pieces that can do with less; the others have one.

    Attributes:
        adult: seconds of every fit to Adult; fits to other tables end sooner.
        rivals: seconds of every fit beside rivals.
        filling: seconds of every fit that fills holes.
        odd: fits of detection to each set.
        rare: seeds of the classifiers that learn rare classes.
        series: minutes of every fit to series.
        images: minutes of training of each side.
        samples: images of each distance.
    """

    adult: int
    rivals: int
    filling: int
    odd: int
    rare: int
    series: int
    images: int
    samples: int


USUAL = Budgets(adult=150, rivals=30, filling=30, odd=3, rare=2, series=1, images=3, samples=300)
LONG = Budgets(adult=300, rivals=120, filling=120, odd=5, rare=5, series=3, images=15, samples=2000)


def jobs(of: Budgets = USUAL) -> list[Job]:
    """All of them."""
    return [
        *_tables(of),
        *_rivals(of),
        *_questions(of),
        *_evaluation(),
        *_machine(),
        *_others(of),
    ]


def _tables(of: Budgets) -> Iterator[Job]:
    minutes = {"shoppers": 5.5, "adult": of.adult / 30}
    for name in DATA_SETS:
        words = ("--only", name)
        words += ("--seconds", str(of.adult)) if name == "adult" else ()
        alone, needs_data = name in minutes, name != SHIPPED
        usual = minutes.get(name, 2)
        yield Job(f"tables-{name}", "tables", words, usual, name, needs_data, alone)


def _rivals(of: Budgets) -> Iterator[Job]:
    for name in ORDER:
        words = ("--only", name, "--core", "{core}", "--seconds", str(of.rivals))
        yield Job(f"rivals-{name}", "rivals", words, 4 + of.rivals / 6, name, name != SHIPPED)


def _questions(of: Budgets) -> Iterator[Job]:
    names = ("shoppers", "adult", "nsl-kdd", "wikipedia", "shoppers-missing", "gaussian", "speed")
    for name in names:
        words = ("--only", name, "--seconds", str(of.filling), "--rows", "400")
        minutes = {"gaussian": 0.6, "speed": 3}.get(name, 3 + of.filling / 60)
        needs_data = name in ("adult", "nsl-kdd", "wikipedia")
        yield Job(f"imputation-{name}", "imputation", words, minutes, name, needs_data)
    for name in ("semi", "unsupervised"):
        words = ("--protocol", name, "--seeds", str(of.odd), "--resume")
        yield Job(f"detection-{name}", "detection", words, 0.9 * of.odd, f".*/{name}")
    words = ("--seeds", str(of.rare), "--resume", "--cache", "{folder}/rare")
    yield Job("rare", "rare", words, 9 + 5 * of.rare, ".*")


def _evaluation() -> Iterator[Job]:
    words = ("--only", "scale")
    yield Job("evaluation-scale", "evaluation", words, 2, "scale .*", needs_data=False)
    for name in ("shoppers", "adult", "wikipedia", "nsl-kdd"):
        words = ("--only", "faults", "--tables", name)
        yield Job(
            f"evaluation-faults-{name}",
            "evaluation",
            words,
            4,
            f"faults {name}",
            needs_data=name != SHIPPED,
        )
    for name in ("overfitted", "default"):
        words = ("--only", "membership", "--models", name)
        yield Job(
            f"evaluation-{name}", "evaluation", words, 5, f"membership {name}", needs_data=False
        )


def _machine() -> Iterator[Job]:
    yield Job("steps", "steps", (), 1.5, ".*", needs_data=False, alone=True)
    yield Job("scale", "scale", (), 0.5, ".*", needs_data=False, alone=True)
    yield Job("budget", "budget", (), 10, ".*", needs_data=False, alone=True)
    yield Job("logs", "logs", (), 0.5, ".*", needs_data=False, alone=True)
    yield Job("series-speed", "series", ("--only", "speed"), 5, "speed", alone=True)


def _others(of: Budgets) -> Iterator[Job]:
    # One model answers all questions about its series: these parts are one piece.
    parts = {
        "a5m": ("a5m", "gaps", "nasa", "windows"),
        "exchange": ("exchange",),
        "nab": ("nab",),
        "asd12": ("asd12",),
    }
    own = "--resume --models {folder}/series"
    for name, names in parts.items():
        words = f"--only {','.join(names)} --minutes {of.series} {own}".split()
        minutes = 3 * of.series * len(names)
        yield Job(f"series-{name}", "series", tuple(words), minutes, "|".join(names))
    for name in ("lastfm", "gowalla", "beauty", "users", "odd", "scale"):
        yield Job(
            f"interactions-{name}", "interactions", ("--only", name), 5, name, name != "scale"
        )
    own = "--resume --cache {folder}/images"
    words = f"--minutes {of.images} --samples {of.samples} {own}".split()
    yield Job("images", "images", tuple(words), 2 * of.images + 0.03 * of.samples, ".*")
