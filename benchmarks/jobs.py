"""The benchmarks in pieces that one core measures at a time, for `benchmarks.every`.

Two cores measure two pieces at once; a piece that says how fast many cores are is `alone`. Budgets
are planned for three hours of two cores: `minutes` adds up to that.
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


def jobs() -> list[Job]:
    """All of them."""
    return [*_tables(), *_rivals(), *_questions(), *_evaluation(), *_machine(), *_others()]


def _tables() -> Iterator[Job]:
    minutes = {"shoppers": 5.5, "adult": 10}
    for name in DATA_SETS:
        words = ("--only", name)
        alone, needs_data = name in minutes, name != SHIPPED
        usual = minutes.get(name, 2)
        yield Job(f"tables-{name}", "tables", words, usual, name, needs_data, alone)


def _rivals() -> Iterator[Job]:
    for name in ORDER:
        words = ("--only", name, "--core", "{core}", "--seconds", "120")
        yield Job(f"rivals-{name}", "rivals", words, 25, name, name != SHIPPED)


def _questions() -> Iterator[Job]:
    names = ("shoppers", "adult", "nsl-kdd", "wikipedia", "shoppers-missing", "gaussian", "speed")
    for name in names:
        words = ("--only", name, "--seconds", "120", "--rows", "400")
        minutes = {"gaussian": 0.6, "speed": 3}.get(name, 4.5)
        needs_data = name in ("adult", "nsl-kdd", "wikipedia")
        yield Job(f"imputation-{name}", "imputation", words, minutes, name, needs_data)
    for name in ("semi", "unsupervised"):
        words = ("--protocol", name, "--resume")
        yield Job(f"detection-{name}", "detection", words, 4.5, f".*/{name}")
    yield Job("rare", "rare", ("--resume", "--cache", "{folder}/rare"), 30, ".*")


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
    yield Job("series-speed", "series", ("--only", "speed"), 2, "speed", alone=True)


def _others() -> Iterator[Job]:
    # One model answers all questions about its series: these parts are one piece.
    parts = {
        "a5m": ("a5m", "gaps", "nasa", "windows"),
        "exchange": ("exchange",),
        "nab": ("nab",),
        "asd12": ("asd12",),
    }
    minutes = {"a5m": 21, "exchange": 7}
    for name, of in parts.items():
        words = f"--only {','.join(of)} --minutes 2 --resume --models {{folder}}/series".split()
        keys = "|".join(of)
        yield Job(f"series-{name}", "series", tuple(words), minutes.get(name, 6.5), keys)
    words = ("--minutes", "10", "--samples", "2000", "--resume", "--cache", "{folder}/images")
    yield Job("images", "images", words, 48, ".*")
