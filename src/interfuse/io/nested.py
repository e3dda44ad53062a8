"""Objects within objects, as JSON has them, to flat columns and back.

A value in an object becomes a column whose name is the keys that lead to it with dots between:
`{"flow": {"bytes": 7}}` is `flow.bytes`; a key that begins with the one above it is a name by
itself (tshark's `ip.src` in `ip`). A list, and an object without keys, becomes its JSON as text;
where no list of a column has more than one value, the column is of these. `Nest` remembers what
was what, so that rows are written as they were.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

BARE = r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false"
"""How JSON writes numbers and truth values."""

_TSHARK = ["_source", "layers"]
"""What `tshark -T json` puts around every packet."""


def _says_all(path: Sequence[str]) -> bool:
    """Whether a last key says what is above it: `ip.src` in `ip`."""
    if len(path) < 2 or "." not in path[-1]:
        return False
    return path[-1].split(".")[0] == path[-2].split(".")[0]


@dataclass
class Nest:
    """What of a file of objects its flat columns do not tell.

    Attributes:
        paths: by column the keys that lead to it, of those that lie in another object.
        lists: columns whose text is JSON.
        numbers: columns of times that are numbers since 1970.
        quoted: columns of numbers that stand in quotes.
        single: columns whose values are each alone in a list.
        absent: whether what is missing has no key, rather than null.
        bare: columns of text in which numbers and truth values stand without quotes.
    """

    paths: dict[str, list[str]] = field(default_factory=dict)
    lists: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    quoted: list[str] = field(default_factory=list)
    single: list[str] = field(default_factory=list)
    absent: bool = False
    bare: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """A JSON object of what differs from the default."""
        return {key: value for key, value in vars(self).items() if value}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Nest:
        """The inverse of `to_json`; what is malformed is left out."""
        paths = said.get("paths")
        if not isinstance(paths, dict):
            paths = {}
        return cls(
            {str(k): list(map(str, v)) for k, v in paths.items() if isinstance(v, list) and v},
            _names(said.get("lists")),
            _names(said.get("numbers")),
            _names(said.get("quoted")),
            _names(said.get("single")),
            said.get("absent") is True,
            _names(said.get("bare")),
        )

    def name_of(self, path: Sequence[str], taken: Mapping[str, Any]) -> str:
        """A name for the value at these keys that no other column has."""
        if len(path) == 1:
            return path[0]
        whole = list(path)
        path = path[2:] if whole[:2] == _TSHARK and len(path) > 2 else path
        name = path[-1] if _says_all(path) else ".".join(path)
        if whole[0] == "layers" and path[-1].startswith(f"{path[-2]}_{path[-2]}_"):
            name = path[-1].removeprefix(f"{path[-2]}_")  # `tshark -T ek`
        while name in taken and self.paths.get(name) != whole:
            name += "_"
        self.paths[name] = whole
        return name

    def plain(self) -> bool:
        """Whether rows are objects of one level, with a key for each column."""
        return not (self.paths or self.lists or self.single or self.absent or self.bare)

    def _reader(self, name: str) -> Callable[[Any], Any] | None:
        """What makes JSON of a column's texts that are more than text."""
        return _value if name in self.lists else _bare if name in self.bare else None

    def lines(
        self, frame: pl.DataFrame, texts: Mapping[int, Mapping[str, str]] | None = None
    ) -> Iterator[str]:
        """Rows as JSON, nested again.

        Args:
            frame: of numbers, text and truth values alone.
            texts: by row and column, what stands in a cell in place of a value.
        """
        texts = texts or {}
        ways = [self.paths.get(name, [name]) for name in frame.columns]
        alone = [name in self.single for name in frame.columns]
        reads = [self._reader(name) for name in frame.columns]
        for i, row in enumerate(frame.iter_rows()):
            if i in texts:
                row = [texts[i].get(n, v) for n, v in zip(frame.columns, row, strict=True)]
            out: dict[str, Any] = {}
            for way, read, one, value in zip(ways, reads, alone, row, strict=True):
                if value is None and (self.absent or len(way) > 1):
                    continue
                inner = out
                for key in way[:-1]:
                    step = inner.setdefault(key, {})
                    inner = step if isinstance(step, dict) else inner
                value = value if read is None else read(value)
                inner[way[-1]] = [value] if one and value is not None else value
            yield json.dumps(out, ensure_ascii=False, separators=(",", ":"))


def _names(said: Any) -> list[str]:
    return list(map(str, said)) if isinstance(said, list) else []


def _bare(text: Any) -> Any:
    """The number or truth value that a text is how JSON writes; else the text."""
    return _value(text) if isinstance(text, str) and re.fullmatch(BARE, text) else text


def _value(text: Any) -> Any:
    """What a JSON text stands for; the text where it is none."""
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return text


def lists_of_text(schema: Mapping[str, Any]) -> Iterator[str]:
    """The keys of lists of texts, at any depth."""
    for name, dtype in schema.items():
        if isinstance(dtype, pl.Struct):
            yield from lists_of_text({f.name: f.dtype for f in dtype.fields})
        elif isinstance(dtype, pl.List) and dtype.inner == pl.String:
            yield name


def flat(frame: pl.DataFrame) -> tuple[pl.DataFrame, Nest]:
    """The frame without structs and lists."""
    nest, out = Nest(), dict[str, pl.Series]()
    single = {n for n, t in frame.schema.items() if not isinstance(t, pl.Struct)}
    for column in frame.iter_columns():
        _flatten(column, [column.name], nest, out, single)
    return pl.DataFrame(list(out.values())) if out else frame, nest


def _flatten(
    column: pl.Series, path: list[str], nest: Nest, out: dict[str, pl.Series], single: set[str]
) -> None:
    dtype = column.dtype
    if isinstance(dtype, pl.Struct) and dtype.fields:
        for part in dtype.fields:
            inner = column.struct.field(part.name)
            _flatten(inner, [*path, part.name], nest, out, single)
        return
    name = nest.name_of(path, {**out, **dict.fromkeys(single)})
    if isinstance(dtype, pl.List) and not dtype.inner.is_nested():
        many = column.drop_nulls().list.len()
        if len(many) and many.min() == many.max() == 1:
            nest.single.append(name)
            out[name] = column.list.first().alias(name)
            return
    if isinstance(dtype, pl.Struct | pl.List | pl.Array):
        if isinstance(dtype, pl.Struct):
            column = pl.select(pl.when(column.is_not_null()).then(pl.lit("{}"))).to_series()
        else:
            column = _json(column)
        nest.lists.append(name)
    out[name] = column.alias(name)


def _json(column: pl.Series) -> pl.Series:
    """Lists as JSON; polars encodes structs alone."""
    text = pl.select(pl.struct(column.alias("v")).struct.json_encode()).to_series()
    text = text.str.strip_prefix('{"v":').str.strip_suffix("}")
    return pl.select(pl.when(column.is_not_null()).then(text)).to_series()


def flat_rows(rows: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], Nest]:
    """The same of rows, for those whose types differ from row to row."""
    nest = Nest()
    single = {key for row in rows for key, v in row.items() if not (isinstance(v, dict) and v)}
    lists: dict[str, bool] = {}
    out = []
    for row in rows:
        cells: dict[str, Any] = {}
        for path, value in _leaves(row, ()):
            name = nest.name_of(path, dict.fromkeys(single) if len(path) > 1 else {})
            if isinstance(value, list | dict):
                alone = isinstance(value, list) and len(value) == 1
                lists[name] = lists.get(name, True) and alone and not _nested(value[0])
            elif value is not None:
                lists[name] = False
            cells[name] = value
        out.append(cells)
    nest.single = [name for name, alone in lists.items() if alone]
    nest.lists = list(_texts_of_lists(out, nest.single))
    return out, nest


def _nested(value: Any) -> bool:
    return isinstance(value, list | dict)


def _texts_of_lists(rows: Sequence[dict[str, Any]], single: Sequence[str]) -> dict[str, None]:
    """The columns of rows whose lists became text; those of `single` become what is in them."""
    found: dict[str, None] = {}
    for cells in rows:
        for name, value in cells.items():
            if name in single:
                cells[name] = value[0] if value else None
            elif _nested(value):
                found[name] = None
                cells[name] = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return found


def _leaves(value: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[list[str], Any]]:
    for key, inner in value.items():
        if isinstance(inner, dict) and inner:
            yield from _leaves(inner, (*path, key))
        else:
            yield [*path, key], inner
