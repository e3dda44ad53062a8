"""Several files as one table: a folder, a pattern such as "logs/*.csv.gz", or a list of paths.

* The order is that of the names, of a list its own. In a folder, names that begin with "." or "_"
  are no data; files of formats that are unknown are left out and said.
* Every file has the same columns, in any order. A column may be of narrower numbers, or wholly
  missing, in some files: it gets the type that holds them all.
* What can be read in two ways in one file, as 01/02/2024, is read as in the others, if these leave
  no doubt.
* Files without rows are left out and said, if others have some.
* Folders called NAME=VALUE are columns, as Hive has them: `year=2024/month=03/part-0.parquet` has
  `year` and `month`. They are whole numbers or dates where all of them are, else text.
* Parquet, Arrow and plain text are scanned, not loaded.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import polars as pl

from interfuse.errors import DataError, NoRowsError
from interfuse.io.databases import is_database, shown
from interfuse.io.formats import format_of, supported
from interfuse.io.forms import Form, form_from_json
from interfuse.io.numbers import NumberForm
from interfuse.io.sheet import Sheet
from interfuse.io.textforms import Said
from interfuse.io.unread import below

_MISSING = "__HIVE_DEFAULT_PARTITION__"
_HIDDEN = (".", "_")
_NAMED = 3
"""Files that a message names."""


class Part(NamedTuple):
    """One file.

    Attributes:
        path: where it is.
        keys: what its folders say, by column.
    """

    path: Path
    keys: dict[str, str | None]


def is_on_disk(source: Any) -> bool:
    """Whether a source of data is one path or several, rather than the data itself."""
    return isinstance(source, str | Path) or is_many(source)


def is_many(source: Any) -> bool:
    """Whether a source of data is several files: a folder, a pattern that is no file, a list."""
    if isinstance(source, list | tuple):
        return bool(source) and all(isinstance(one, str | Path) for one in source)
    if not isinstance(source, str | Path) or str(source) == "-" or is_database(source):
        return False
    path = Path(source).expanduser()
    return path.is_dir() or (glob.has_magic(str(path)) and not path.exists())


def holds_tables(folder: Path) -> bool:
    """Whether a folder, or one in it, has a file that is named as a table."""
    return any(format_of(path).format for path in _visible(folder))


def parts_of(source: Any) -> tuple[list[Part], list[Path]]:
    """The files of a source that `is_many`, and those that were left out.

    Raises:
        DataError: there are none, or their folders do not name the same columns.
    """
    if isinstance(source, list | tuple):
        root, found = None, [Path(one).expanduser() for one in source]
    else:
        path = Path(source).expanduser()
        root = path if path.is_dir() else _root(str(path))
        found = sorted(_visible(path) if path.is_dir() else _matching(str(path)))
    taken = found if root is None else [path for path in found if format_of(path).format]
    if not taken:
        what = f"{len(found):,} files of other formats" if found else "no files"
        raise DataError(
            f"{source}: {what} found; expected data files ({supported()}). Check the name."
        )
    parts = [Part(path, _keys(path, root)) for path in taken]
    for part in parts:
        if part.keys.keys() != parts[0].keys.keys():
            raise DataError(
                f"{part.path}: its folders name the columns {', '.join(part.keys) or '(none)'}; "
                f"those of {parts[0].path} name {', '.join(parts[0].keys) or '(none)'}. Move it."
            )
    kept = set(taken)
    return parts, [path for path in found if path not in kept]


def read_parts(source: Any, read_one: Callable[[Path, Mapping[str, Said]], Sheet]) -> Sheet:
    """The rows of all files, one file after the other.

    Args:
        source: of which `is_many` is true.
        read_one: reads a file, of some columns of which more is known than the caller knows.

    Raises:
        DataError: a file cannot be read, or differs from the first in its columns or their types.
    """
    parts, left_out = parts_of(source)
    notes = [f"{source}: {_some(left_out)} left out: no format of tables"] if left_out else []
    sheets: list[tuple[Part, Sheet]] = []
    empty: list[Path] = []
    for part in parts:
        try:
            sheet = read_one(part.path, {})
        except NoRowsError:
            empty.append(part.path)
            continue
        sheets.append((part, sheet))
    if not sheets:
        raise NoRowsError(f"{called(source)}: {_some(empty)} without rows. Expected some.")
    versions = frozenset[str]().union(*(sheet.versions for _, sheet in sheets))
    known = [
        settled_by(sheet, sheets) | {name: Said("text") for name in versions - sheet.versions}
        for _, sheet in sheets
    ]
    sheets = [
        (part, read_one(part.path, more) if more else sheet)
        for (part, sheet), more in zip(sheets, known, strict=True)
    ]
    notes += [note for _, sheet in sheets for note in sheet.notes]
    if empty:
        notes.append(f"{called(source)}: {_some(empty)} left out: no rows")
    frame = _joined(sheets)
    texts = [sheet.text for _, sheet in sheets]
    whole = None
    if all(text is not None for text in texts) and not parts[0].keys:
        names = frame.collect_schema().names()
        whole = pl.concat([text.select(names) for text in texts if text is not None])
    columns: dict[str, Any] = {}
    for _, sheet in reversed(sheets):
        columns |= sheet.columns
    unread = below([(sheet.frame, sheet.unread) for _, sheet in sheets])
    return Sheet(frame, columns, whole, tuple(notes), unread=unread)


def settled_by(sheet: Sheet, others: Sequence[tuple[Part, Sheet]]) -> dict[str, Said]:
    """The forms of columns that one file leaves open, as other files have them.

    Those that leave no doubt, if they agree; where all are open, that of the first file.
    """
    out = {}
    for name, said in sheet.columns.items():
        form = form_from_json(name, said) if name else None
        if form is None or not (left := getattr(form, "open", "")):
            continue
        read = [form_from_json(name, other.columns.get(name)) for _, other in others]
        known = [f for f in read if f is not None]
        sure = [f for f in known if not getattr(f, "open", "")]
        if sure and {_marks(f) for f in sure} in ({left}, {_marks(form)}):
            out[name] = Said(form=sure[0])
        elif not sure and _marks(known[0]) == left:
            out[name] = Said(form=known[0])
    return out


def _marks(form: Form) -> str:
    """What two readings of a column differ in."""
    if isinstance(form, NumberForm):
        return form.decimal + form.group
    return getattr(form, "pattern", "")


def _joined(sheets: Sequence[tuple[Part, Sheet]]) -> pl.LazyFrame:
    """All rows, each column in the one type that holds it in every file."""
    first, sheet = sheets[0]
    names = sheet.frame.collect_schema().names()
    schemas = []
    for part, one in sheets:
        schema = one.frame.collect_schema()
        for name in [*schema.names(), *names]:
            if (name in schema) != (name in names):
                has, lacks = (part, first) if name in schema else (first, part)
                raise DataError(
                    f"{lacks.path}: has no column {name!r}, which {has.path} has. Expected the "
                    "same columns in every file; fit those that agree, or add the column."
                )
        schemas.append(schema)
    types = {name: _common(name, sheets, schemas) for name in names}
    keys = _typed_keys([part.keys for part, _ in sheets])
    if twice := [name for name in keys if name in types]:
        raise DataError(
            f"{first.path}: has a column {twice[0]!r}, and its folders name one so too. Rename one."
        )
    frames = [
        one.frame.select(
            *(pl.col(name).cast(types[name]) for name in names),
            *(pl.lit(values[i], values.dtype).alias(name) for name, values in keys.items()),
        )
        for i, (_, one) in enumerate(sheets)
    ]
    return pl.concat(frames)


def _common(
    name: str, sheets: Sequence[tuple[Part, Sheet]], schemas: Sequence[pl.Schema]
) -> pl.DataType:
    """The type that holds a column of every file.

    Raises:
        DataError: there is none; the two files are named.
    """
    common, whose = schemas[0][name], sheets[0]
    for (part, sheet), schema in zip(sheets, schemas, strict=True):
        here = schema[name]
        if here == common:
            continue
        if here.is_numeric() and common.is_numeric():
            both = [pl.DataFrame(schema={name: dtype}) for dtype in (common, here)]
            common = pl.concat(both, how="vertical_relaxed").schema[name]
        elif _is_missing(sheet, name):
            continue
        elif _is_missing(whose[1], name):
            common, whose = here, (part, sheet)
        else:
            typed = common if here == pl.String else here
            sort = "number" if typed.is_numeric() else "time" if typed.is_temporal() else ""
            other = f"; all else counts as missing with --as {name}={sort}" if sort else ""
            raise DataError(
                f"{part.path}: column {name!r} is {here}, but {common} in {whose[0].path}. "
                f"Expected one type in all files; to read it as text: --as {name}=text{other}."
            )
    return common


def _is_missing(sheet: Sheet, name: str) -> bool:
    return not sheet.frame.select(pl.col(name).is_not_null().any()).collect().item()


def _typed_keys(keys: Sequence[Mapping[str, str | None]]) -> dict[str, pl.Series]:
    out = {}
    for name in keys[0]:
        column = pl.Series([key[name] for key in keys], dtype=pl.String)
        number = column.str.to_integer(strict=False)
        date = column.str.to_date("%Y-%m-%d", strict=False)
        gone = column.null_count()
        typed = number if number.null_count() == gone else date
        out[name] = typed if typed.null_count() == gone else column
    return out


def _keys(path: Path, root: Path | None) -> dict[str, str | None]:
    """What the folders between the root, or the beginning of the path, and a file say."""
    inside = path.relative_to(root) if root is not None and path.is_relative_to(root) else path
    pairs = [name.split("=", 1) for name in inside.parts[:-1] if re.match(r"[^=]+=", name)]
    return {unquote(k): None if v == _MISSING else unquote(v) for k, v in pairs}


def _root(pattern: str) -> Path:
    """The folder before the first part of a pattern that has a wildcard."""
    parts = Path(pattern).parts
    first = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    return Path(*parts[:first])


def _matching(pattern: str) -> Iterator[Path]:
    for name in glob.iglob(pattern, recursive=True):
        path = Path(name)
        if path.is_file():
            yield path
        elif path.is_dir():
            yield from _visible(path)


def _visible(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        inside = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(_HIDDEN) for part in inside):
            yield path


def called(source: Any) -> str:
    """What messages call a source."""
    return f"{len(source)} files" if isinstance(source, list | tuple) else shown(str(source))


def _some(paths: Sequence[Path]) -> str:
    named = ", ".join(path.name for path in paths[:_NAMED])
    files = "file" if len(paths) == 1 else "files"
    return f"{len(paths):,} {files} ({named}{', ...' if len(paths) > _NAMED else ''})"
