"""Answers about channels of few values, beside those of the network and the base."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from interfuse.core.seeds import Purpose, seed_of
from interfuse.kinds.series.ask.fill import name_keys
from interfuse.kinds.series.codec import SeriesCodec
from interfuse.kinds.series.data import SeriesSchema, SeriesSet
from interfuse.kinds.series.discrete.channel import Discrete


def numeric_places(schema: SeriesSchema) -> list[int]:
    """Places of the channels that the network has, in its order."""
    place = {name: j for j, name in enumerate(schema.names)}
    return [place[name] for name in schema.numbers.names]


def spread_out(schema: SeriesSchema, values: np.ndarray) -> np.ndarray:
    """(..., c) of the network's channels to (..., C) of all; NaN elsewhere."""
    places = numeric_places(schema)
    if len(places) == len(schema.channels) == values.shape[-1]:
        return values
    out = np.full((*values.shape[:-1], len(schema.channels)), np.nan)
    out[..., places] = values
    return out


def coded(series: SeriesSet) -> bool:
    """Whether the network's numbers are codes of states, as there is nothing else."""
    return all(c.levels for c in series.schema.channels)


def _owner(codec: SeriesCodec, name: object) -> int | None:
    known = codec.identity(name)
    return known - 1 if known else None


def _rng(seed: int, key: int, channel: Discrete) -> np.random.Generator:
    return np.random.default_rng(seed_of(seed, Purpose.FEW_DRAWS, key, channel.place))


def few_ahead(
    few: Sequence[Discrete], codec: SeriesCodec, series: SeriesSet, drawn: list[np.ndarray],
    draws: int, seed: int, known: list[np.ndarray] | None = None,
) -> list[np.ndarray]:  # fmt: skip
    """Futures of all channels, of those of the network's.

    Args:
        few: channels of few values.
        codec: of the network's channels.
        series: histories with all channels.
        drawn: (draws, horizon, c) of each series.
        draws: how many.
        seed: of the draws.
        known: (horizon, C) values of the future that hold, NaN where not.
    """
    out = [spread_out(series.schema, values) for values in drawn]
    keys = name_keys(series.names)
    for i, values in enumerate(out):
        for channel in few:
            j = channel.place
            values[..., j] = channel.ahead(
                series.values[i][:, j], _owner(codec, series.names[i]), values.shape[1], draws,
                _rng(seed, int(keys[i]), channel), None if known is None else known[i][:, j],
            )  # fmt: skip
    return out


def few_between(
    few: Sequence[Discrete], codec: SeriesCodec, series: SeriesSet, drawn: list[np.ndarray],
    seed: int,
) -> list[np.ndarray]:  # fmt: skip
    """(draws, T, C) of every series with its gaps drawn, of the network's (draws, T, c)."""
    out = [spread_out(series.schema, values) for values in drawn]
    keys = name_keys(series.names)
    for i, values in enumerate(series.values):
        tick, owner = int(series.starts[i] // series.schema.step), _owner(codec, series.names[i])
        for channel in few:
            own, rng = values[:, channel.place], _rng(seed, int(keys[i]), channel)
            made = own if np.isfinite(own).all() else channel.between(
                own, owner, tick, len(out[i]), rng
            )  # fmt: skip
            out[i][..., channel.place] = made
    return out


def few_fresh(
    few: Sequence[Discrete], schema: SeriesSchema, drawn: np.ndarray, owner: int, start: int,
    seed: int, number: int,
) -> np.ndarray:  # fmt: skip
    """(T, C) of a new series, of the network's (T, c)."""
    out = spread_out(schema, drawn)
    for channel in few:
        rng = _rng(seed, number, channel)
        out[:, channel.place] = channel.fresh(owner, start // schema.step, len(out), rng)
    return out


def surprises(
    few: Sequence[Discrete], codec: SeriesCodec, series: SeriesSet
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Of every series (T, S) how odd each step of each state is, 1 usual, and what was expected."""
    states = [c for c in few if c.is_state]
    odd, likely = [], []
    for i, values in enumerate(series.values):
        pairs = [c.surprise(values[:, c.place], _owner(codec, series.names[i])) for c in states]
        blank = np.zeros((len(values), 0))
        odd.append(np.stack([p[0] for p in pairs], 1) if pairs else blank)
        likely.append(np.stack([p[1] for p in pairs], 1) if pairs else blank)
    return odd, likely
