"""What a model of series gives back: draws of the future or of gaps, and scores of points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import OptionError
from interfuse.io.origin import Origin
from interfuse.kinds.series.data import SeriesSet
from interfuse.kinds.series.data.index import native
from interfuse.kinds.series.data.source import Table, find

DATES_FROM = 10**16  # 116 days after 1970 in nanoseconds; no number of a row is as large
Put = Callable[[list[np.ndarray], bool], Any]


class SeriesDraws:
    """The answer of `forecast`, `impute` and `generate` to a model of series.

    Args:
        names: of the series.
        times: (T_i,) stamps of each.
        values: (draws, T_i, channels) of each.
        put: makes the user's own frame of (T_i, channels) of each; told whether whole numbers stay
            whole.
        notes: what the user should know.
        states: places of channels without numbers: of these the most common state is taken for
            the middle, and for both ends of an interval.
    """

    def __init__(
        self,
        names: Sequence[Any],
        times: list[np.ndarray],
        values: list[np.ndarray],
        put: Put,
        notes: Sequence[str] = (),
        states: Sequence[int] = (),
    ) -> None:
        self.states = tuple(states)
        self.names = tuple(names)
        self.times = times
        self.values = values
        self.notes = tuple(notes)
        self._put = put

    def __len__(self) -> int:
        return len(self.values[0]) if self.values else 0

    def __repr__(self) -> str:
        steps = sum(map(len, self.times))
        return f"<SeriesDraws: {len(self)} of {len(self.names):,} series, {steps:,} steps>"

    @property
    def array(self) -> np.ndarray:
        """(draws, series, steps, channels) where all series have one length.

        Raises:
            OptionError: they have different lengths; see `values`.
        """
        lengths = {len(t) for t in self.times}
        if len(lengths) > 1:
            raise OptionError(
                f"array: the series have {min(lengths)} to {max(lengths)} steps, which is no "
                "array. Use .values, one array a series."
            )
        return np.stack(self.values, axis=1)

    def frame(self, i: int) -> Any:
        """Draw i, as the data was.

        Raises:
            OptionError: there is no such draw.
        """
        if isinstance(i, bool) or not isinstance(i, int) or not -len(self) <= i < len(self):
            raise OptionError(f"frame: is {i!r}; there are draws 0 to {len(self) - 1}.")
        return self._put([v[i] for v in self.values], True)

    def frames(self) -> Iterator[Any]:
        """Every draw in turn."""
        return (self.frame(i) for i in range(len(self)))

    def blank(self) -> Any:
        """The frame of an answer with what was drawn left missing, and what was known in place."""
        gone = [np.full(v.shape[1:], np.nan) for v in self.values]
        return self._put(gone, False)

    def mean(self) -> Any:
        """Means of the draws; whole numbers become fractions."""
        return self._put([self._with_modes(v.mean(0), v) for v in self.values], False)

    def median(self) -> Any:
        """Medians of the draws."""
        return self.quantile(0.5)

    def quantile(self, q: float) -> Any:
        """Quantiles of the draws at every time.

        Raises:
            OptionError: `q` is outside [0, 1].
        """
        _check_share("quantile", q)
        made = [self._with_modes(np.quantile(v, q, axis=0), v) for v in self.values]
        return self._put(made, False)

    def share(self, i: int) -> list[np.ndarray]:
        """(T,) of every series: the share of draws that have the most common state of a channel."""
        return [_modes(v[..., i])[1] for v in self.values]

    def _with_modes(self, made: np.ndarray, values: np.ndarray) -> np.ndarray:
        for j in self.states:
            made[..., j] = _modes(values[..., j])[0]
        return made

    def plot(
        self,
        history: Any = None,
        *,
        series: int = 0,
        channel: int = 0,
        truth: Any = None,
        ax: Any = None,
    ) -> Any:
        """Draw a fan chart of one channel of one series; see `interfuse.kinds.series.plots`.

        Args:
            history: (n,) values before the first of these draws, or None.
            series: which of the series.
            channel: which of its channels.
            truth: (T,) what came, if it is known.
            ax: matplotlib axes; new ones if None.

        Returns:
            The axes. Stamps are shown as the grid counts them: dates, or numbers of rows.
        """
        from interfuse.kinds.series.plots import fan

        past = np.zeros(0) if history is None else np.asarray(history, dtype=np.float64)
        stamps = self.times[series]
        step = int(stamps[1] - stamps[0]) if len(stamps) > 1 else 1
        before = stamps[0] - step * np.arange(len(past), 0, -1)
        draws = self.values[series][:, :, channel]
        return fan(ax, _shown(np.concatenate([before, stamps])), past, draws, truth=truth)

    def interval(self, coverage: float = 0.9) -> tuple[Any, Any]:
        """Two frames, low and high, between which a value lies with this probability.

        Raises:
            OptionError: `coverage` is outside [0, 1].
        """
        _check_share("interval", coverage)
        return self.quantile((1 - coverage) / 2), self.quantile((1 + coverage) / 2)


def _shown(stamps: np.ndarray) -> np.ndarray:
    """Nanoseconds since 1970 as dates; other counts as they are."""
    dated = len(stamps) and abs(int(stamps[-1])) > DATES_FROM
    return stamps.astype("datetime64[ns]") if dated else stamps


def _modes(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(T,) the most common of (draws, T) codes, and the share of draws that have it."""
    there = np.isfinite(values)
    codes = np.where(there, values, -1).astype(np.int64)
    count = np.stack([(codes == k).sum(0) for k in range(max(int(codes.max(initial=0)), 0) + 1)])
    gone = ~there.any(0)
    share = count.max(0) / max(len(values), 1)
    return np.where(gone, np.nan, count.argmax(0)), np.where(gone, np.nan, share)


def _check_share(where: str, value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise OptionError(f"{where}: is {value!r}; expected a share between 0 and 1.")


@dataclass(frozen=True)
class SeriesScores:
    """The answer of `detect` to a model of series.

    Attributes:
        score: (rows,) in the order of the data, higher = odder; NaN where a row has no value.
        p_value: (rows,) share of held-out points that score as high, (1 + k) / (1 + m).
        names: of the series.
        times: (T_i,) stamps of each series.
        series_score: (T_i,) scores on each series' grid.
        cells: (T_i, channels) scores of each channel.
        low: (T_i, channels) lower end of the band in which nine of ten values were expected.
        expected: (T_i, channels) its middle.
        high: (T_i, channels) its upper end.
        channels: names of the channels.
        rows: (rows, 2) series and grid point of every row.
        data: the rows, as polars; None for arrays.
        origin: the kind of frame that `frame` gives back.
        states: of each channel of states, what was expected of each step of each series.
        columns_read: the columns of the data that was scored.
    """

    score: np.ndarray
    p_value: np.ndarray
    names: tuple[Any, ...]
    times: list[np.ndarray]
    series_score: list[np.ndarray]
    cells: list[np.ndarray]
    low: list[np.ndarray]
    expected: list[np.ndarray]
    high: list[np.ndarray]
    channels: tuple[str, ...]
    rows: np.ndarray
    data: pl.DataFrame | None = None
    origin: Origin = Origin()  # noqa: RUF009
    columns_read: tuple[str, ...] = ()
    states: Mapping[str, list[np.ndarray]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        series: SeriesSet,
        first: np.ndarray,
        point: np.ndarray,
        cell: np.ndarray,
        bands: list[np.ndarray],
        held: np.ndarray,
    ) -> SeriesScores:
        """Scores of series on their grids, brought to the rows of the data.

        Args:
            series: what was scored.
            first: (n,) where each series begins in `point`.
            point: (m,) scores of all series, one after the other.
            cell: (m, c) scores of cells.
            bands: (T_i, 3, c) low, middle and high of each series.
            held: sorted scores of held-out points.
        """
        at = [slice(int(a), int(a) + len(v)) for a, v in zip(first, series.values, strict=True)]
        rows = series.rows
        if rows is None:
            parts = [
                np.column_stack([np.full(len(v), i), np.arange(len(v))])
                for i, v in enumerate(series.values)
            ]
            rows = np.concatenate(parts)
        lengths = series.lengths
        good = (rows[:, 0] >= 0) & (rows[:, 1] < lengths[np.maximum(rows[:, 0], 0)])
        score = np.full(len(rows), np.nan)
        score[good] = point[first[rows[good, 0]] + rows[good, 1]]
        at_least = len(held) - np.searchsorted(held, score, side="left")
        p = (1 + at_least) / (1 + len(held)) if len(held) else np.full(len(score), np.nan)
        return cls(
            score,
            np.where(np.isfinite(score), p, np.nan),
            series.names,
            [series.times(i) for i in range(len(series))],
            [point[s] for s in at],
            [cell[s] for s in at],
            [b[:, 0] for b in bands],
            [b[:, 1] for b in bands],
            [b[:, 2] for b in bands],
            tuple(series.schema.names),
            rows,
            columns_read=tuple(series.schema.columns),
        )

    def __len__(self) -> int:
        return len(self.score)

    def beside(self, data: Any) -> SeriesScores:
        """The same with the rows of the data, which `frame` shows."""
        found = find(data, wanted=self.columns_read)
        assert isinstance(found, Table)
        return replace(self, data=found.frame, origin=found.origin)

    def plot(self, values: Any, *, series: int = 0, ax: Any = None) -> Any:
        """Draw one series with its odd points; see `interfuse.plots.anomalies`.

        Args:
            values: (T,) of one of its channels, on its grid.
            series: which of the series.
            ax: matplotlib axes; new ones if None.
        """
        from interfuse.kinds.series.plots import anomalies

        name = "" if self.names[series] is None else str(self.names[series])
        times = _shown(self.times[series])
        return anomalies(ax, times, values, self.series_score[series], name=name)

    def columns(self) -> pl.DataFrame:
        """For every row of the data: score, p_value, channel, low, expected, high.

        The channel is the one with the largest score there, and the band is of it.
        """
        n = len(self)
        out: dict[str, Any] = {"score": self.score, "p_value": self.p_value}
        channel = np.full(n, None, object)
        band = {k: np.full(n, np.nan) for k in ("low", "expected", "high")}
        good = np.flatnonzero(np.isfinite(self.score))
        for i in range(len(self.times)):
            own = good[self.rows[good, 0] == i]
            place = self.rows[own, 1]
            worst = np.nan_to_num(self.cells[i][place], nan=-1.0).argmax(1)
            channel[own] = np.array(self.channels, object)[worst]
            for k, values in band.items():
                values[own] = getattr(self, k)[i][place, worst]
        out["channel"] = pl.Series(channel.tolist(), dtype=pl.String)
        for name, expected in self.states.items():
            label = np.full(n, None, object)
            for i, each in enumerate(expected):
                own = good[self.rows[good, 0] == i]
                label[own] = each[self.rows[own, 1]]
            band[f"{name}_expected"] = pl.Series(label.tolist(), dtype=pl.String)  # type: ignore[assignment]
        frame = pl.DataFrame({**out, **band})
        return frame.with_columns(pl.col(pl.Float64).fill_nan(None))

    def frame(self) -> Any:
        """The rows of the data with `columns` beside them; of arrays, the columns alone.

        A column of the data that has one of these names keeps it; ours is then given a `_`.
        """
        return native(self.polars(), self.origin)

    def polars(self) -> pl.DataFrame:
        """The same as a polars frame."""
        added = self.columns()
        if self.data is None:
            return added
        out = self.data
        for column in added.iter_columns():
            name = column.name
            while name in out.columns:
                name += "_"
            out = out.with_columns(column.alias(name))
        return out
