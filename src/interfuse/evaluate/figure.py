"""A figure of a report: key, words, value, interval, floor and bounds in one object.

A figure that is measured of every table alike, of the synthetic one, of bootstraps of the real one
(its floor) and of the baselines, derives from `Compared` and says `Compared.of` alone. One with a
floor or an interval of its own derives from `Figure` and gives a `Measurement`. `register` puts it
in every report: its JSON, its page, the table of the command line, `--check`, and the findings.

>>> from interfuse.evaluate import Compared, Words, register
>>> @register
... class Rows(Compared):
...     key = "fidelity.rows"
...     words = Words("Rows too few", "By how many rows the synthetic table is shorter.")
...     bounds = (0.0, float("inf"))
...
...     def of(self, pair):
...         return max(0, pair.few[0].rows - pair.few[1].rows)
>>> unregister("fidelity.rows")
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from interfuse.errors import OptionError
from interfuse.evaluate.findings import Faults
from interfuse.evaluate.interval import Z
from interfuse.evaluate.pair import Pair
from interfuse.evaluate.study import Study
from interfuse.language import t

Better = Literal["lower", "higher", "to 0.5"]
_BETTER = ("lower", "higher", "to 0.5")
FAMILIES = ("fidelity", "detection", "utility", "privacy")
"""The order of a report; figures of other families come last."""


@dataclass(frozen=True)
class Words:
    """What a figure is, for people.

    Attributes:
        name: Its name.
        line: What it measures, in a line that ends with a full stop.
        unit: ``%`` or empty.
        better: Which way is better.
        floor: What stands in the floor's column.
        independent: What has to be known of the figure of independent columns, if anything.
        asks: What its findings ask, empty if it makes none.
    """

    name: str
    line: str
    unit: Literal["", "%"] = ""
    better: Better = "lower"
    floor: str = "bootstrap of the real rows"
    independent: str = ""
    asks: str = ""


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What a figure is of one synthetic table, and what it stands beside.

    Attributes:
        value: The figure.
        error: Standard deviation of the value, or both ends of its 95% interval; None: not known.
        floor: What `Words.floor` says; None: there is none.
        others: The figures of the baselines by their names (``independent``, ``copula``).
        floor_sd: Standard deviation of the floor.
        words: Other words than the figure's own, where they depend on the tables.
    """

    value: float
    error: float | tuple[float, float] | None
    floor: float | None
    others: Mapping[str, float | None]
    floor_sd: float | None = None
    words: Words | None = None


class Figure(ABC):
    """One figure.

    Attributes:
        key: Family and name, such as ``fidelity.shape``.
        words: What it is, for people.
        bounds: Least and greatest value that it can have; intervals are cut there.
    """

    key: str
    words: Words
    bounds: tuple[float, float]

    @abstractmethod
    def measure(self, study: Study) -> Measurement | None:
        """Return the figure of the study's synthetic table; None where it does not apply."""

    def questions(self, study: Study) -> int:
        """Return how many things `faults` could find; known before anything is measured."""
        return 0

    def faults(self, study: Study) -> Faults:
        """Return what is wrong with the synthetic table by more than chance explains."""
        return []

    def notes(self, study: Study) -> list[str]:
        """Return sentences on how it was measured."""
        return []


class Compared(Figure):
    """A figure that any table can have beside the real one.

    Its floor is the mean over bootstraps of the real rows, its interval that of bootstraps of the
    synthetic rows.
    """

    @abstractmethod
    def of(self, pair: Pair) -> float:
        """Return the figure of `pair.few` (or `pair.some`), the real table and another one."""

    def applies(self, study: Study) -> bool:
        """Return whether the figure means anything of these tables."""
        return True

    def error(self, study: Study) -> float | tuple[float, float] | None:
        """Return the standard deviation of the synthetic table's figure, or its interval."""
        return study.spreads[self.key]

    @property
    def resampled(self) -> bool:
        """Whether its interval comes from bootstraps."""
        return type(self).error is Compared.error

    def measure(self, study: Study) -> Measurement | None:
        """Return the figure beside those of bootstraps and baselines."""
        if not self.applies(study):
            return None
        floor, deviation = study.floor(self.key)
        return Measurement(
            value=study.values["synthetic"][self.key],
            error=self.error(study),
            floor=floor,
            floor_sd=deviation,
            others={name: study.values[name][self.key] for name in study.baselines},
        )


FIGURES: dict[str, Figure] = {}
"""Every figure of a report by its key, in the order of the report."""

Made = TypeVar("Made", bound="type[Figure] | Figure")


def register(figure: Made) -> Made:
    """Put a figure in every report; usable as a decorator of its class.

    Args:
        figure: A figure, or a class of figures that is made without arguments.

    Raises:
        OptionError: The key is taken or is no ``family.name``, or something is not said.
    """
    one = figure() if isinstance(figure, type) else figure
    said = getattr(one, "key", None)
    for name in ("key", "words", "bounds"):
        if not hasattr(one, name):
            raise OptionError(f"figure {said or type(one).__name__!r}: it does not say its {name}.")
    parts = one.key.split(".")
    if len(parts) != 2 or not all(part.replace("_", "a").isalnum() for part in parts):
        raise OptionError(f"figure {one.key!r}: expected a key such as 'fidelity.shape'.")
    if one.key in FIGURES:
        raise OptionError(f"figure {one.key!r}: there is one of this key already; choose another.")
    _check_words(one)
    FIGURES[one.key] = one
    order = {name: i for i, name in enumerate(FAMILIES)}
    ranked = sorted(FIGURES.values(), key=lambda f: order.get(f.key.split(".")[0], len(order)))
    FIGURES.clear()
    FIGURES.update({one.key: one for one in ranked})
    return figure


def unregister(key: str) -> None:
    """Take a figure out of all reports to come."""
    del FIGURES[key]


def _check_words(figure: Figure) -> None:
    words, (low, high) = figure.words, figure.bounds
    if not words.name or not words.line.endswith(".") or not words.floor:
        raise OptionError(
            f"figure {figure.key!r}: it needs a name, a line that ends with a full stop, and what "
            "its floor is."
        )
    if words.better not in _BETTER or not low < high:
        raise OptionError(
            f"figure {figure.key!r}: expected better to be one of {', '.join(_BETTER)} and the "
            f"lower bound below the upper one; found {words.better!r}, {low:g} and {high:g}."
        )
    finds = type(figure).faults is not Figure.faults
    if finds != (type(figure).questions is not Figure.questions) or finds != bool(words.asks):
        raise OptionError(
            f"figure {figure.key!r}: a figure that makes findings has all of faults, questions and "
            "words.asks; one that makes none has none of them."
        )


def row(figure: Figure, found: Measurement) -> dict[str, Any]:
    """Return one row of a report.

    Raises:
        OptionError: The value lies outside of the figure's bounds.
    """
    words, (least, most) = found.words or figure.words, figure.bounds
    value, error = found.value, found.error
    slack = 1e-9 * max(1.0, abs(value)) if math.isfinite(value) else 0.0
    if value < least - slack or value > most + slack:
        raise OptionError(
            f"figure {figure.key!r}: {value:g} was measured, outside of its bounds {least:g} to "
            f"{most:g}; mend the figure."
        )
    low: float | None
    high: float | None
    if isinstance(error, tuple):
        low, high = error
    elif error is not None and math.isfinite(error) and math.isfinite(value):
        low = min(value, max(least, value - Z * error))
        high = max(value, min(most, value + Z * error))
    else:
        low = high = None
    return {
        "key": figure.key,
        "name": t(words.name),
        "value": value,
        "low": low,
        "high": high,
        "floor": found.floor,
        "floor_sd": found.floor_sd,
        "independent": found.others.get("independent"),
        "copula": found.others.get("copula"),
        "better": words.better,
        "unit": words.unit,
        "meaning": t(words.line),
        "floor_is": t(words.floor),
        "independent_is": t(words.independent) if words.independent else "",
    }


def interval(row: Mapping[str, Any]) -> str:
    """Return the 95% interval of a row as text, empty for none."""
    if row.get("low") is None:
        return ""
    low, high = (shown(row[side], row["unit"]).removesuffix("%") for side in ("low", "high"))
    return t("{low} to {high}{unit}", low=low, high=high, unit=row["unit"])


def floor_text(row: Mapping[str, Any]) -> str:
    """Return the floor of a row as text, with its deviation where that is one of the floor."""
    text, spread = shown(row["floor"], row["unit"]), row["floor_sd"]
    # Of the share of nearer rows the floor is the ideal, which does not vary.
    if spread is None or row["key"] == "privacy.dcr_share":
        return text
    return text + (f" ± {spread:.2f}" if row["unit"] else f" ± {spread:.3f}")


def shown(value: float | None, unit: str = "") -> str:
    """Return a figure as text: three significant places at most, an en dash for none."""
    if value is None or value != value:
        return "–"
    if unit == "%":
        return f"{value:.2f}%"
    return f"{value:.3f}" if abs(value) < 1_000 else f"{value:,.0f}"
