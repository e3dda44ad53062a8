"""The functions of formulas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from interfuse.kinds.table.rules.values import PARTS, UNITS, Value

_PER_SECOND = {"ms": 10**3, "us": 10**6, "ns": 10**9}


def _plain(value: Value, data: np.ndarray, gone: np.ndarray | None = None) -> Value:
    return Value("number", data, value.gone if gone is None else value.gone | gone)


def _places(d: tuple[Value, ...]) -> float:
    return 10.0 ** float(d[0].number()[0]) if d and len(d[0].data) else 1.0


def _rounding(at: Callable[[np.ndarray], np.ndarray]) -> Callable[..., Value]:
    def rounded(x: Value, *d: Value) -> Value:
        value, scale = x.number(), _places(d)
        if value.dtype.kind == "i" and scale >= 1:
            return x
        return _plain(x, at(value * scale) / scale)

    return rounded


def half_up(x: np.ndarray) -> np.ndarray:
    """Whole numbers, halves away from zero."""
    whole = np.trunc(x)
    return whole + np.where(np.abs(x - whole) >= 0.5, np.sign(x), 0.0)


def _digits(x: Value, d: Value) -> Value:
    value = x.number().astype(np.float64)
    if not len(value):
        return x
    return _plain(x, significant(value, int(d.number()[0])))


def significant(x: np.ndarray, d: int) -> np.ndarray:
    """Numbers rounded to d significant digits, halves away from zero."""
    size = np.abs(x)
    with np.errstate(all="ignore"):
        power = np.floor(np.log10(np.where(size > 0, size, 1.0))).astype(int)
        # Powers of ten up to 10^22 are exact, so that what is scaled back is the nearest double.
        up = 10.0 ** np.clip(d - 1 - power, 0, 22)
        down = 10.0 ** np.clip(power - d + 1, 0, 22)
        return half_up(x * up / down) * down / up


def _float32(x: Value) -> Value:
    return _plain(x, x.number().astype(np.float32).astype(np.float64))


def _least(sign: int) -> Callable[[Value, Value], Value]:
    def least(x: Value, y: Value) -> Value:
        a, b = x.number(), y.number()
        return _plain(x, np.minimum(a, b) if sign > 0 else np.maximum(a, b), y.gone)

    return least


def _match(x: Value, *rest: Value) -> Value:
    other = rest[-1] if len(rest) % 2 else None
    cases = rest[: len(rest) - len(rest) % 2]
    gone = np.ones(len(x.data), bool) if other is None else x.gone.copy()
    results = [*cases[1::2], *([other] if other is not None else [])]
    sort = results[0].sort
    if {r.sort for r in results} <= {"number", "truth"} and any(r.sort != sort for r in results):
        sort = "number"
    if any(r.sort != sort for r in results if sort != "number"):
        raise TypeError("match has values of several kinds")
    texts = [r.text for r in results if r.text is not None]
    # The number of the case of each row, then the results by it.
    case = np.full(len(x.data), len(results) - 1 if other is not None else 0)
    if x.text is not None:
        keys = [k.text[0] if k.text is not None and len(k.data) else None for k in cases[::2]]
        known = pl.DataFrame({"k": pl.Series(keys, dtype=pl.String)}).with_row_index("i")
        found = pl.DataFrame({"k": x.text}).join(
            known.unique("k", keep="first"), on="k", how="left", maintain_order="left"
        )
        at = found["i"].cast(pl.Int64).fill_null(-1).to_numpy()
    else:
        keys = np.array([k.number()[0] if len(k.data) else 0 for k in cases[::2]], float)
        order = np.argsort(keys, kind="stable")
        value = x.number().astype(float)
        place = np.minimum(np.searchsorted(keys[order], value), len(keys) - 1)
        at = np.where(keys[order][place] == value, order[place], -1)
    at = np.where(x.gone, -1, at)
    case = np.where(at >= 0, at, case)
    gone = np.where(at >= 0, False, gone | x.gone)
    if not len(case):
        text = pl.Series([], dtype=pl.String) if texts else None
        return Value(sort, np.zeros(0, np.int8), gone, text=text)
    if texts:
        firsts = pl.Series([t[0] for t in texts], dtype=pl.String)
        return Value(sort, np.zeros(len(case), np.int8), gone, text=firsts.gather(case))
    data = np.array([(r.number() if sort == "number" else r.data)[0] for r in results])
    return Value(sort, data[case], gone)


def _duration(unit: float) -> Callable[[Value], Value]:
    def duration(x: Value) -> Value:
        value = x.number()
        # Ticks of "us": a number of seconds has no more decimals as a rule.
        ticks = value * (unit * 1e6) if value.dtype.kind == "f" else value * round(unit * 1e6)
        whole = np.rint(ticks)
        far = ~(np.abs(whole) < 2.0**62)
        return Value("duration", np.where(far, 0, whole).astype(np.int64), x.gone | far)

    return duration


def _in(unit: float) -> Callable[[Value], Value]:
    def counted(x: Value) -> Value:
        if x.sort != "duration":
            raise TypeError(f"a {x.sort} is no duration")
        return _plain(x, x.data / (unit * _PER_SECOND[x.unit]))

    return counted


def _part(name: str) -> Callable[[Value], Value]:
    def part(x: Value) -> Value:
        if x.sort != "time":
            raise TypeError(f"a {x.sort} has no {name}")
        times = pl.Series(x.data).cast(pl.Datetime(x.unit))
        if x.zone is not None:
            times = times.dt.replace_time_zone("UTC").dt.convert_time_zone(x.zone)
        if name == "date":
            days = times.dt.date().cast(pl.Datetime("us")).to_physical().to_numpy()
            return Value("time", days.astype(np.int64), x.gone)
        return _plain(x, getattr(times.dt, name)().cast(pl.Int64).to_numpy())

    return part


@dataclass(frozen=True)
class Function:
    """A function of formulas: what it computes, and of how many values."""

    call: Callable[..., Value]
    least: int = 1
    most: int | None = 1

    def takes(self, count: int) -> bool:
        """Whether it takes so many values."""
        return self.least <= count and (self.most is None or count <= self.most)

    @property
    def words(self) -> str:
        """How many values, for people."""
        if self.most == self.least:
            return f"{self.least} value{'s' * (self.least > 1)}"
        return f"{self.least} " + ("or more values" if self.most is None else f"to {self.most}")


FUNCTIONS: dict[str, Function] = {
    "round": Function(_rounding(half_up), 1, 2),
    "round_even": Function(_rounding(np.rint), 1, 2),
    "floor": Function(_rounding(np.floor), 1, 2),
    "ceil": Function(_rounding(np.ceil), 1, 2),
    "digits": Function(_digits, 2, 2),
    "float32": Function(_float32),
    "abs": Function(lambda x: _plain(x, np.abs(x.number()))),
    "min": Function(_least(1), 2, 2),
    "max": Function(_least(-1), 2, 2),
    "match": Function(_match, 3, None),
    **{name: Function(_duration(unit)) for name, unit in UNITS.items()},
    **{f"in_{name}": Function(_in(unit)) for name, unit in UNITS.items()},
    **{name: Function(_part(name)) for name in PARTS},
}
