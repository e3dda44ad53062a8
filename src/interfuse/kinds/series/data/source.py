"""Where series come from: frames and files, or arrays of numbers.

Frames and files of tables go through `interfuse.io.frames`; of a pandas index `data.index` says
which levels become columns. Arrays are numpy arrays, or anything that
turns into one, lists and dicts of arrays of one width, and `.npy` and `.npz` files. Of an `.npz`
file with several arrays are taken, by the first rule that fits: the only array of numbers; the one
called values, train, data or x; those whose names end in `_train`; all, if they have one number of
channels. They then are series, named by their keys.
"""

from __future__ import annotations

import zipfile
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from interfuse.errors import DataError
from interfuse.io.arrays import check_fits
from interfuse.io.frames import to_polars
from interfuse.io.origin import Origin
from interfuse.io.textvalues import value_of
from interfuse.io.timeguess import forms_of_texts
from interfuse.io.unread import Unread
from interfuse.kinds.series.data.index import with_index

_LOOK = 2_000
_CALLED = ("values", "train", "data", "x", "X")


@dataclass(frozen=True)
class Table:
    """A frame.

    Attributes:
        frame: as polars.
        origin: what it was; under the name "", which no column has, the columns that were an index
            (see `data.index`) and whether it was a single column (`squeeze`).
        where: what it is called in errors.
    """

    frame: pl.DataFrame
    origin: Origin
    where: str


@dataclass(frozen=True)
class Arrays:
    """Series without names of channels.

    Attributes:
        parts: (T_i, C) each.
        names: of the series; (None,) for a single one.
        form: "T", "TC", "NTC" or "list".
        where: what it is called in errors.
        note: which arrays were taken.
    """

    parts: list[np.ndarray]
    names: tuple[Any, ...]
    form: str
    where: str
    note: str = ""

    @property
    def dtype(self) -> str:
        """Of the numbers."""
        return str(np.result_type(*(p.dtype for p in self.parts)))


def find(data: Any, series: str | None = None, wanted: Collection[str] = ()) -> Table | Arrays:
    """The data as a frame or as arrays; see the module.

    Args:
        data: what the user gave, or what was found in it.
        series: of an `.npz` file, the key to take.
        wanted: the columns of the model that is asked.

    Raises:
        DataError: it is neither, or cannot be read.
    """
    if isinstance(data, Table):
        return data
    if isinstance(data, str | Path):
        path = Path(data).expanduser()
        if path.suffix.lower() in (".npz", ".npy"):
            return _file(path, series)
        where = "standard input" if str(data) == "-" else str(data)
        # Times stay text: `stamps` keeps the form that they are written in.
        frame, origin = to_polars(data, times=False)
        return Table(frame.lazy().collect(), origin, where)
    if isinstance(data, pl.Series):
        return _squeezed(find(data.alias(data.name or "value").to_frame()))
    if nw.dependencies.is_pandas_series(data):
        name = data.name if isinstance(data.name, str) else "value"
        return _squeezed(_pandas(data.rename(name).to_frame(), wanted))
    if nw.dependencies.is_pandas_dataframe(data):
        return _pandas(data, wanted)
    if isinstance(data, dict) or (isinstance(data, list | tuple) and _are_arrays(data)):
        keys = tuple(data) if isinstance(data, dict) else tuple(range(len(data)))
        values = list(data.values()) if isinstance(data, dict) else list(data)
        if not values:
            raise DataError("the data: is empty. Expected arrays, one for each series.")
        parts = [
            _numbers(np.asarray(v), f"series {k!r}") for k, v in zip(keys, values, strict=True)
        ]
        return _several(parts, keys, "the data", "list")
    if not isinstance(data, pl.DataFrame | pl.LazyFrame) and (
        isinstance(data, np.ndarray | list | tuple)
        or (hasattr(data, "__array__") and not hasattr(data, "columns"))
    ):
        return _array(np.asarray(data), "the array")
    frame, origin = to_polars(data)
    return Table(frame.lazy().collect(), origin, "the frame")


def found_in(data: Any) -> Any:
    """The table that a path names, read once; anything else as it is."""
    found = find(data) if isinstance(data, str | Path) else data
    return data if isinstance(found, Arrays) else found


def unread_in(data: Any, names: Collection[str]) -> Unread:
    """The cells in columns of these names whose text is no value; of what `found_in` gave."""
    return Unread.of(data.origin.unread if isinstance(data, Table) else None, names)


def origin_of(found: Table, time: str | None) -> Origin:
    """Where a table came from, with how a file of text writes its times."""
    origin = found.origin.without_rows()
    if origin.text is None or time is None or not found.frame.schema[time].is_temporal():
        return origin
    some = origin.text.select(value_of(time)).gather_every(max(1, found.frame.height // _LOOK))
    forms = forms_of_texts(some.collect().to_series().drop_nulls(), time)
    if not forms:
        return origin
    return replace(origin, columns={time: forms[0].to_json()} | origin.columns)


def _are_arrays(parts: list | tuple) -> bool:
    """Whether these are arrays, one for each series, or lists of different lengths."""
    if any(hasattr(p, "__array__") and np.ndim(p) > 0 for p in parts):
        return True
    return len({len(p) for p in parts if isinstance(p, list | tuple)}) > 1


def _squeezed(table: Any) -> Table:
    """A note that the frame was a single column, a `Series` of its library."""
    special = table.origin.columns.get("", {}) | {"squeeze": True}
    return replace(
        table, origin=replace(table.origin, columns=table.origin.columns | {"": special})
    )


def _pandas(data: Any, wanted: Collection[str]) -> Table:
    frame, origin = with_index(data, wanted)
    return Table(frame, origin, "the frame")


def _file(path: Path, key: str | None) -> Arrays:
    try:
        check_fits(Path(path), "Save fewer series in a file, or shorter ones.")
        loaded = np.load(path, allow_pickle=False)
        arrays = {k: loaded[k] for k in loaded.files} if hasattr(loaded, "files") else loaded
    except FileNotFoundError:
        raise DataError(
            f"{path}: no such file. Check the name; the current folder is {Path.cwd()}."
        ) from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path}: cannot be read as arrays of numbers ({error}). Save them with numpy.savez."
        ) from error
    if isinstance(arrays, np.ndarray):
        return _array(arrays, str(path))
    found = {
        k: a for k, a in arrays.items() if a.dtype.kind in "iufb" and 1 <= a.ndim <= 3 and a.size
    }
    shapes = ", ".join(f"{k} {a.shape}" for k, a in list(arrays.items())[:6])
    if key is not None and key not in found:
        raise DataError(f"{path}: has no array of numbers called {key!r}; it has {shapes}.")
    one = [key] if key is not None else list(found) if len(found) == 1 else []
    one = one or [k for k in _CALLED if k in found][:1]
    if one:
        note = f"of {len(arrays)} arrays, {one[0]!r} was taken" if len(arrays) > 1 else ""
        return replace(_array(found[one[0]], f"{path}, {one[0]}"), note=note)
    train = {k.removesuffix("_train"): a for k, a in found.items() if k.endswith("_train")}
    chosen = train or found
    parts = [_numbers(a, f"{path}, {k}") for k, a in chosen.items() if a.ndim <= 2]
    if not parts or len(parts) < len(chosen) or len({p.shape[1] for p in parts}) > 1:
        raise DataError(
            f"{path}: has arrays of different shapes: {shapes or 'none of numbers'}. Expected one "
            "array, or several with one number of channels. Name the one to take with `series`."
        )
    out = _several(parts, tuple(chosen), str(path), "list")
    if not train:
        return out
    return replace(
        out, note=f"of {len(arrays)} arrays, {len(train)} that end in '_train' were taken"
    )


def _array(values: np.ndarray, where: str) -> Arrays:
    if values.ndim == 3 and values.size:
        parts = [_numbers(v, where) for v in values]
        return Arrays(parts, tuple(range(len(parts))), "NTC", where)
    return Arrays([_numbers(values, where)], (None,), "T" if values.ndim == 1 else "TC", where)


def _several(parts: list[np.ndarray], names: tuple[Any, ...], where: str, form: str) -> Arrays:
    widths = sorted({p.shape[1] for p in parts})
    if len(widths) > 1:
        raise DataError(
            f"{where}: series have {', '.join(map(str, widths))} channels; expected one number for "
            "all. Fit them one by one, or add channels of NaN."
        )
    return Arrays(parts, names, form, where)


def _numbers(values: np.ndarray, where: str) -> np.ndarray:
    """(T,) or (T, C) as (T, C), refusing what is not numbers."""
    if values.dtype.kind not in "iufb":
        raise DataError(
            f"{where}: is of type {values.dtype}; expected numbers. Text and dates need a frame."
        )
    if values.ndim not in (1, 2) or not values.size:
        raise DataError(
            f"{where}: has shape {values.shape}; expected (times,), (times, channels) or (series, "
            "times, channels), with something in it."
        )
    return values.reshape(len(values), -1)
