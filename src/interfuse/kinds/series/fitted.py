"""What a run folder holds of a model of series."""

from __future__ import annotations

from typing import NamedTuple

from interfuse.kinds.series.ask.gate import Gate
from interfuse.kinds.series.ask.surprise import Calibration
from interfuse.kinds.series.ask.temper import Temper
from interfuse.kinds.series.base.forecast import Base
from interfuse.kinds.series.base.odd import Usual
from interfuse.kinds.series.codec import SeriesCodec
from interfuse.kinds.series.data import SeriesSchema
from interfuse.kinds.series.discrete.channel import Discrete
from interfuse.kinds.series.net.temporal import SeriesNet


class Fitted(NamedTuple):
    """All of a model but the record of its fit; see `SeriesModel`."""

    schema: SeriesSchema
    codec: SeriesCodec
    net: SeriesNet
    origins: tuple[tuple[int, int], ...]
    temper: Temper
    calibration: Calibration
    base: Base | None = None
    gate: Gate = Gate()
    usual: Usual | None = None
    few: tuple[Discrete, ...] = ()
