"""A fitted model of time series: immutable, and able to answer.

A record is a window of a series. A question says which of its cells are known: the past
(`forecast`), all that is not missing (`impute`), nothing (`generate`), all but the cell at hand
(`detect`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from interfuse.errors import OptionError, note
from interfuse.io.unread import Unread
from interfuse.kinds.series.answer import SeriesDraws, SeriesScores
from interfuse.kinds.series.ask.ahead import drawn_ahead
from interfuse.kinds.series.ask.between import drawn_between
from interfuse.kinds.series.ask.few import few_ahead, few_between, few_fresh, numeric_places
from interfuse.kinds.series.ask.fill import Filler
from interfuse.kinds.series.ask.future import with_future
from interfuse.kinds.series.ask.gate import Gate
from interfuse.kinds.series.ask.odd import scores_by_base
from interfuse.kinds.series.ask.origins import blank_series, pick_series
from interfuse.kinds.series.ask.surprise import Calibration, Surprise
from interfuse.kinds.series.ask.temper import Temper
from interfuse.kinds.series.ask.wide import fill_all
from interfuse.kinds.series.base.forecast import Base
from interfuse.kinds.series.base.odd import Usual
from interfuse.kinds.series.codec import SeriesCodec
from interfuse.kinds.series.data import FrameWriter, SeriesSchema, SeriesSet, read_series
from interfuse.kinds.series.data.read import gathered_frame
from interfuse.kinds.series.data.source import found_in, unread_in
from interfuse.kinds.series.discrete.channel import Discrete
from interfuse.kinds.series.fitted import Fitted
from interfuse.kinds.series.folder import read_folder, write_folder
from interfuse.kinds.series.learn.windows import Looker
from interfuse.kinds.series.net.temporal import SeriesNet
from interfuse.run import store
from interfuse.run.model import BaseModel

DRAWS = 100
IMPUTE_DRAWS = 20
MOST_DRAWN = 1 << 31
"""Bytes of draws that are kept at once."""

Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class SeriesModel(BaseModel):
    """One fitted diffusion model of series.

    Make one with `interfuse.fit(data, kind="series")` or `interfuse.load`. Nothing here changes
    after fitting; every question takes a seed and gives the same answer for the same seed.

    Attributes:
        schema: time, step, channels and periods as they were fitted.
        codec: scales and clock.
        net: the network with its averaged weights.
        origins: where the fitted series lie, for `generate`: first stamp and length of each.
        temper: how much wider bands are than the network says.
        calibration: how far off held-out values were, for p-values.
        record: seed, budget, data hash, versions, training curve: what `interfuse show` prints.
        base: what level and seasons say, in closed form; None in older runs.
        gate: the network's share of forecasts, the rest is the base's.
        usual: what oddity is compared with, where the base says what is odd.
        few: channels of states, and of counts that are mostly zero.
    """

    parts: ClassVar[tuple[str, ...]] = store.PARTS

    schema: SeriesSchema
    codec: SeriesCodec
    net: SeriesNet
    origins: tuple[tuple[int, int], ...] = field(repr=False)
    temper: Temper = field(repr=False)
    calibration: Calibration = field(repr=False)
    record: dict[str, Any] = field(repr=False)
    base: Base | None = field(default=None, repr=False)
    gate: Gate = field(default=Gate(), repr=False)
    usual: Usual | None = field(default=None, repr=False)
    few: tuple[Discrete, ...] = field(default=(), repr=False)

    @property
    def looker(self) -> Looker:
        """What turns windows into what the network sees."""
        return Looker(self.codec.clock, self.net.length)

    def forecast(
        self,
        history: Any,
        horizon: int,
        *,
        draws: int = DRAWS,
        given: Any = None,
        seed: int = 0,
        steps: int | None = None,
        device: str | None = None,
        tell: Tell | None = None,
    ) -> SeriesDraws:
        """Draw what follows.

        Args:
            history: series up to now, as the data that was fitted: a path, a frame or an array.
                Series that were never seen are welcome; they are taken at their own scale.
            horizon: how many steps.
            draws: how many futures; each is one joint draw of all steps and channels.
            given: what is known of the future, as the history: rows at later times whose values
                hold ("what if"), and covariates. Rows of the history that hold covariates and no
                values count as such too.
            seed: the same seed gives the same draws.
            steps: evaluations of the denoiser a draw; None for the default.
            device: "cpu", "cuda", "mps" or None for the best there is.
            tell: called with windows done and in all.

        Returns:
            Draws: `.median()`, `.interval(0.9)`, `.frame(i)`, `.array`.

        Raises:
            DataError: the history is not of the fitted columns.
            OptionError: `horizon`, `draws` or `steps` is out of range.
        """
        _at_least_one("horizon", horizon)
        _at_least_one("draws", draws)
        series = self.read(history)
        known = None
        if given is not None:
            series, known = with_future(series, self.read(given), horizon)
        _check_size(draws * horizon * len(series) * len(self.schema.channels))
        filler = self._filler(steps, device)
        inner = None if known is None else [k[:, numeric_places(self.schema)] for k in known]
        own = series.numeric()
        values = drawn_ahead(
            self.codec, filler, self.base, self.gate, own, horizon, draws, seed, inner, tell
        )
        values = few_ahead(self.few, self.codec, series, values, draws, seed, known)
        times = [series.future_times(i, horizon) for i in range(len(series))]
        writer = FrameWriter(series)

        def put(values: list[np.ndarray], whole: bool) -> Any:
            parts = list(zip(series.names, times, values, strict=True))
            return writer.frame(parts, whole=whole)

        note(series.notes)
        return SeriesDraws(series.names, times, values, put, series.notes, self.schema.states)

    def impute(
        self,
        data: Any,
        *,
        draws: int = IMPUTE_DRAWS,
        add_rows: bool = False,
        seed: int = 0,
        steps: int | None = None,
        device: str | None = None,
        unread: bool = False,
        tell: Tell | None = None,
    ) -> SeriesDraws:
        """Draw what is missing, given all that is not, before and after it.

        Args:
            data: series with gaps, as the data that was fitted.
            draws: how many joint draws of each gap.
            add_rows: also add rows for times of the grid that have none.
            seed: the same seed gives the same draws.
            steps: see `forecast`, as `device` and `tell`.
            device: where to compute.
            unread: whether cells of a file whose text is no value of their column, such as `<0.05`
                among numbers, are filled too; they stay missing if not.
            tell: told of progress.

        Returns:
            Draws of the whole data; what was there comes back as it was.

        Raises:
            DataError: the data is not of the fitted columns.
            OptionError: `draws` or `steps` is out of range, or there are too many cells to keep.
        """
        _at_least_one("draws", draws)
        data = gathered_frame(self.schema, found_in(data))
        left = Unread() if unread else unread_in(data, self.schema.columns)
        series = self.read(data)
        gone = [~np.isfinite(v).all(1) for v in series.values]
        _check_size(draws * sum(int(g.sum()) for g in gone) * len(self.schema.channels))
        filler = self._filler(steps, device)
        inner = series.numeric()
        drawn = drawn_between(self.codec, filler, self.base, self.gate, inner, draws, seed, tell)
        values = few_between(self.few, self.codec, series, drawn, seed)
        times = [series.times(i) for i in range(len(series))]
        writer = FrameWriter(series)

        def put(values: list[np.ndarray], whole: bool) -> Any:
            return writer.restore(data, values, add_rows=add_rows, whole=whole, left=left)

        notes = (*series.notes, *left.notes())
        note(notes)
        return SeriesDraws(series.names, times, values, put, notes, self.schema.states)

    def generate(
        self,
        n: int = 1,
        *,
        length: int | None = None,
        like: Any = None,
        seed: int = 0,
        steps: int | None = None,
        device: str | None = None,
        tell: Tell | None = None,
    ) -> SeriesDraws:
        """Draw whole new series.

        Args:
            n: how many.
            length: steps of each; a window's if None.
            like: the name of a fitted series that they should be like; None draws one for each.
            seed: series i depends on the seed and on i only.
            steps: see `forecast`, as `device` and `tell`.
            device: where to compute.
            tell: told of progress.

        Returns:
            One draw (`.frame(0)`) of `n` series, at times that the fitted series had.

        Raises:
            ConditionError: no series is called `like`.
            OptionError: a number is out of range.
        """
        _at_least_one("n", n)
        length = self.net.length if length is None else length
        _at_least_one("length", length)
        whose = pick_series(self.codec.names, n, like, seed)
        _check_size(n * length * len(self.schema.channels))
        own = tuple(f"synthetic {i + 1}" for i in range(n)) if self._long or n > 1 else (None,)
        series = blank_series(
            self.codec.schema, own, length, [self.origins[j] for j in whose], seed
        )
        scales = [self.codec.scales[j] for j in whose]
        rows, _, _ = self.codec.pack(series, scales=scales)
        rows = replace(rows, owner=torch.tensor(whose) + 1)
        # Held-out data says how far off answers are; here there is nothing to be off from.
        filler = self._filler(steps, device, Temper())
        values: list[np.ndarray] = [np.empty(0)] * n
        for i, filled in fill_all(filler, rows, 1, seed, np.arange(n), tell=tell):
            made = self.codec.bound(scales[i].decode(filled.draws[0].astype(np.float64)))
            start = int(series.starts[i])
            values[i] = few_fresh(self.few, self.schema, made, whose[i], start, seed, i)[None]
        times = [series.times(i) for i in range(n)]
        writer = FrameWriter(replace(series, schema=self.schema))

        def put(values: list[np.ndarray], whole: bool) -> Any:
            return writer.frame(list(zip(own, times, values, strict=True)), whole=whole)

        return SeriesDraws(own, times, values, put, (), self.schema.states)

    def detect(
        self,
        data: Any,
        *,
        window: int | None = None,
        device: str | None = None,
        tell: Tell | None = None,
    ) -> SeriesScores:
        """Score how odd each point is given what came before; higher is odder, 1 is usual.

        Args:
            data: series, as the data that was fitted.
            window: a score is the mean over so many steps about its point; None for several
                together, for lone points and long outages alike. Only these have p-values.
            device: see `forecast`, as `tell`.
            tell: told of progress.

        Returns:
            Scores of every row of the data, with the band that was expected there.

        Raises:
            DataError: the data is not of the fitted columns.
            OptionError: `window` is out of range.
        """
        if window is not None:
            _at_least_one("window", window)
        data = gathered_frame(self.schema, data)
        series = self.read(data)
        if self.base is not None and self.usual is not None:
            scores = scores_by_base(
                self.base, self.usual, self.codec, series, window, tell, self.few
            )
        else:
            filler, inner = self._filler(None, device), series.numeric()
            rows, scales, _ = self.codec.pack(inner)
            surprise = Surprise(filler, self.calibration)
            scores = surprise.scores(
                inner, rows.to(filler.device), scales, self.codec.bound, window, tell
            )
        note(series.notes)
        plain = series.rows is None or isinstance(data, SeriesSet)
        return scores if plain else scores.beside(data)

    def read(self, data: Any) -> SeriesSet:
        """Read data as that of the fit was read."""
        return data if isinstance(data, SeriesSet) else read_series(data, schema=self.schema)

    def write_parts(self, folder: Path) -> None:
        """Write all parts but `run.json`."""
        write_folder(Fitted(**{name: getattr(self, name) for name in Fitted._fields}), folder)

    @property
    def _long(self) -> bool:
        return self.schema.series is not None

    def _filler(
        self, steps: int | None, device: str | None, temper: Temper | None = None
    ) -> Filler:
        if steps is not None:
            _at_least_one("steps", steps)
        return Filler(self.net, self.looker, steps, device, temper or self.temper)


def _at_least_one(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise OptionError(f"{name}: is {value!r}; expected a whole number, 1 or more.")


def _check_size(cells: int) -> None:
    if 8 * cells > MOST_DRAWN:
        raise OptionError(
            f"draws: {cells:,} values were asked for at once, which is over "
            f"{MOST_DRAWN / 2**30:.0f} GiB. Ask for fewer draws, or for some series at a time."
        )


def open_series(
    folder: Path, record: dict[str, Any], parts: Mapping[str, dict[str, Any]]
) -> SeriesModel:
    """A model from the checked parts of a run folder.

    Raises:
        RunError: the parts do not fit together.
    """
    f = read_folder(folder, parts)
    return SeriesModel(**f._asdict(), record=record)
