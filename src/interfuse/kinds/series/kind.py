"""Time series, as the rest of interfuse sees them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interfuse.kinds.kind import Kind, Words
from interfuse.kinds.option import (
    BELOW,
    DEVICE,
    DRAWS,
    INTERVAL,
    ROWS,
    SEED,
    STEPS,
    UNREAD,
    VALUE,
    Option,
)
from interfuse.kinds.verb import Verb, late
from interfuse.run import store

if TYPE_CHECKING:
    from interfuse.kinds.series.job import SeriesJob
    from interfuse.kinds.series.model import SeriesModel

DRAWN = 8
"""Series that `reproduce` draws of both models."""
_CLI = "interfuse.kinds.series.cli"

OPTIONS = (
    Option("time", "The column of time; else found.", metavar="COLUMN"),
    Option(
        "series", "The column that says which series a row is of; else found.", metavar="COLUMN"
    ),
    Option(
        "channels",
        "A column to model; may be repeated; default: all numbers.",
        flag="--channel",
        metavar="COLUMN",
        many=True,
    ),
    Option(
        "known_future",
        "A column that is known for the future too; may be repeated.",
        default=(),
        metavar="COLUMN",
        many=True,
    ),
    Option("zone", "The time zone of the calendar, such as Europe/Vienna."),
    Option("events", "Each row is an event at a time of its own: count them.", bool, False),
    Option(
        "every",
        "The step that events are counted in, or that rows are averaged over, such as 5min; "
        "default: of events one that holds four of them on average.",
        metavar="STEP",
    ),
)

GENERATE = Verb(
    "generate",
    "Draw new series.",
    "Of series: one of a window's length, unless -n and --length say otherwise.",
    ("interfuse generate traffic-run -n 10 -o days.csv --length 288",),
    late(_CLI, "generate"),
    (
        ROWS,
        Option("length", "How many steps; default: a window's.", int, least=1),
        Option("like", "Like this one that was fitted.", metavar="NAME"),
        SEED,
        STEPS,
        DEVICE,
    ),
)

FORECAST = Verb(
    "forecast",
    "Forecast time series.",
    "The history may be that of any series with the columns that were fitted, also of one never "
    "seen. What is written: for every step a row with the median of the draws and, beside each "
    "channel NAME, the bounds NAME_low and NAME_high.",
    (
        "interfuse forecast run traffic.csv --horizon 288 -o tomorrow.csv",
        "interfuse forecast run traffic.csv --horizon 48 -o out.csv --interval .5 --draws 500 "
        "--seed 1",
        "interfuse forecast run traffic.csv --horizon 48 -o out.csv --given holidays.csv",
        "interfuse forecast run traffic.csv --horizon 48 -o draws.parquet --draw-rows",
    ),
    late(_CLI, "forecast"),
    (
        Option("horizon", "How many steps to forecast.", int, least=1, needed=True),
        Option("draws", "Futures that are drawn; default 100.", int, least=1),
        Option(
            "given",
            "What is known of the future: rows at later times, with covariates, or with values "
            "that are to hold.",
            metavar="FILE",
        ),
        Option(
            "interval",
            "NAME_low and NAME_high are bounds between which a value lies with this probability; "
            "default .9.",
            float,
            metavar="SHARE",
        ),
        Option(
            "draw_rows",
            "Write every draw, numbered in a column draw, and no summary.",
            bool,
            False,
        ),
        SEED,
        STEPS,
        DEVICE,
    ),
    ("HISTORY", "The series up to now; - is CSV typed in."),
)

IMPUTE = Verb(
    "impute",
    "Fill the gaps of series.",
    "Of series, what is filled is the median of the draws.",
    ("interfuse impute traffic-run traffic.csv -o filled.csv --interval .9 --add-rows",),
    late(_CLI, "impute"),
    (
        DRAWS,
        VALUE,
        INTERVAL,
        Option("add_rows", "Also write rows for times that have none.", bool, False),
        UNREAD,
        SEED,
        STEPS,
        DEVICE,
    ),
    ("DATA", "Series with gaps; - is CSV typed in."),
)

DETECT = Verb(
    "detect",
    "Say how odd each point is.",
    "Of time series a row is a point in time, a score of 1 is usual, and nine of ten values lie "
    "from low to high.",
    ("interfuse detect metrics-run today.csv -o odd.csv --below .01",),
    late(_CLI, "detect"),
    (
        BELOW,
        Option(
            "window",
            "A score is a mean over N steps, half a season unless given.",
            int,
            metavar="N",
            least=1,
        ),
        DEVICE,
    ),
    ("DATA", "The series to score; - is CSV typed in."),
)


class Series(Kind):
    """Values on a grid of times: frames with a column of time, and arrays."""

    name = "series"
    words = Words(
        "series", "series", "of time series", "windows", "steps", "values", "periods or bounds",
        " --kind series",
    )  # fmt: skip
    parts = store.PARTS
    options = OPTIONS
    verbs = (GENERATE, FORECAST, IMPUTE, DETECT)

    def looks(self, data: Any) -> float:
        """Never by itself: a table of times and numbers may be either."""
        return 0.0

    def hint(self, data: Any) -> str:
        """Where a table looks like series."""
        from interfuse.kinds.series.data import looks_like_series

        if not looks_like_series(data):
            return ""
        return "This table looks like time series. To fit it as such, and forecast:"

    def job(self, **options: Any) -> SeriesJob:
        """One fit."""
        from interfuse.kinds.series.job import SeriesJob

        named = {option.name: option.default for option in OPTIONS}
        return SeriesJob(**{**named, **options})

    def open(
        self, folder: Path, record: dict[str, Any], parts: Mapping[str, dict[str, Any]]
    ) -> SeriesModel:
        """A model from its parts."""
        from interfuse.kinds.series.model import open_series

        return open_series(folder, record, parts)

    def apart(self, first: Any, again: Any) -> tuple[float, float]:
        """Share of equal values, and the largest difference of two as a share of the range."""
        import numpy as np

        one, two = (m.generate(DRAWN, seed=0).array for m in (first, again))
        span = max(float(one.max() - one.min()), 1e-300)
        return float((one == two).mean()), float(np.abs(one - two).max()) / span

    def how_much(self, data: Mapping[str, Any]) -> str:
        """Steps, and of how many series."""
        return f"{super().how_much(data)} of {data['series']:,} series"

    def print_schema(self, schema: Any, found: str) -> None:
        """Time, step, channels and periods."""
        from interfuse.kinds.series.cli import print_series_schema

        print_series_schema(schema, found)

    def holds(self) -> str:
        """What of the data is in a run folder."""
        return (
            "It holds the names of series and channels, the scales and seasons of each, and "
            "held-out scores; no stretch of the data as it was."
        )

    def show(self, run: Path, model: Any) -> list[tuple[str, str]]:
        """Windows, p-values and the schema."""
        from interfuse.kinds.series.cli import show_series

        return show_series(model)

    def next_commands(self, data: str, run: str, rows: int) -> list[str]:
        """Forecast, fill, find what is odd."""
        return [
            f"interfuse forecast {run} {data} --horizon 24 -o forecast.csv",
            f"interfuse impute {run} {data} -o filled.csv",
            f"interfuse detect {run} {data} -o scores.csv",
        ]


KIND = Series()
