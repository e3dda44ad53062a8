"""Tables and queries of databases, by a URL.

    sqlite:shop.db#orders                      a table; without #..., the only one that there is
    duckdb:shop.duckdb#SELECT * FROM orders    a query: whatever begins with SELECT, WITH or FROM
    postgresql://me@host/shop#orders

SQLite and PostgreSQL are read through ADBC, which hands Arrow tables over; DuckDB has a way of its
own. Each driver is a package of the extra `sql`. A table is read whole, and the database is opened
for reading alone. A password in a URL is not put into messages, nor kept in a run: PGPASSWORD or a
.pgpass file needs none in the URL.

What is written becomes a new table, in one transaction: a table that exists is never touched, and a
command that is stopped leaves none.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from interfuse.errors import DataError, NoRowsError
from interfuse.io.csvfile import check_unique
from interfuse.io.sheet import Reading, Sheet, words_of
from interfuse.io.textforms import read_text

_URL = re.compile(r"(sqlite|duckdb|postgres|postgresql):")
_QUERY = re.compile(r"\s*(select|with|from)\b", re.IGNORECASE)
_PASSWORD = re.compile(r"(?<=:)[^:@/]+(?=@)")
_NAMED = 8
_FETCHED, _ALL = "adbc.sqlite.query.batch_rows", 10**9
_DRIVERS = {
    "sqlite": "adbc_driver_sqlite",
    "postgresql": "adbc_driver_postgresql",
    "duckdb": "duckdb",
}
_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type NOT IN ('index', "
    "'trigger') AND name NOT LIKE 'sqlite_%' ORDER BY name",
    "duckdb": "SELECT table_name FROM duckdb_tables() UNION SELECT view_name FROM duckdb_views() "
    "WHERE NOT internal ORDER BY 1",
    "postgresql": "SELECT table_name FROM information_schema.tables "
    "WHERE table_schema = ANY (current_schemas(false)) ORDER BY 1",
}


class Place(NamedTuple):
    """What a URL says.

    Attributes:
        engine: "sqlite", "duckdb" or "postgresql".
        where: the file, or the address of the server.
        what: the name of a table, a query, or nothing.
        shown: the URL without its password.
    """

    engine: str
    where: str
    what: str
    shown: str


def is_database(source: Any) -> bool:
    """Whether a source of data is the URL of a database."""
    return isinstance(source, str) and _URL.match(source) is not None


def shown(source: str) -> str:
    """A URL without its password."""
    return _PASSWORD.sub("***", source) if is_database(source) else source


def place_of(source: str) -> Place:
    """What a URL says."""
    bare, _, what = source.partition("#")
    engine, _, rest = bare.partition(":")
    if engine.startswith("postgres"):
        return Place("postgresql", "postgresql:" + rest, what.strip(), shown(source))
    # sqlite:///tmp/a.db, as SQLAlchemy writes it, and sqlite:/tmp/a.db are the same file.
    path = re.sub(r"^//(?=/|[^/])", "", rest)
    return Place(engine, str(Path(path).expanduser()), what.strip(), shown(source))


def read_database(source: str, how: Reading) -> Sheet:
    """The rows of a table or a query.

    Raises:
        DataError: the driver is not installed, the database cannot be opened, there is no such
            table, the query fails, or it has no rows.
    """
    place = place_of(source)
    with _opened(place, reading=True) as (ask, _):
        query = place.what
        if not _QUERY.match(query):
            query = f"SELECT * FROM {_quoted(_table(place, ask))}"
        frame = ask(query)
    if not frame.width or not frame.height:
        raise NoRowsError(
            f"{place.shown}: gave {frame.width} columns and no rows. Expected at least one row."
        )
    check_unique(frame.columns, place.shown)
    frame = frame.with_columns(pl.col(pl.Null).cast(pl.String))
    text = [n for n, t in frame.schema.items() if t == pl.String]
    typed = read_text(frame.lazy(), text, said=how.said, times=how.times)
    columns = {n: f.to_json() for n, f in typed.forms.items()}
    notes = words_of(typed, lambda row: f"row {row + 1:,}", how.advice)
    notes = [f"{place.shown}: {note}" for note in notes]
    return Sheet(typed.frame, columns, None, tuple(notes), unread=typed.unread)


def check_database(target: str) -> None:
    """Check that a new table can be made there, before any work is spent on its rows.

    Raises:
        DataError: it has no name, exists, or the database cannot be opened.
    """
    place = place_of(target)
    if _is_new(place):
        _check_folder(place)
    if not place.what or _QUERY.match(place.what):
        raise DataError(
            f"{place.shown}: names no table to write; expected {place.engine}:...#NAME."
        )
    if _is_new(place):
        return  # opening it would make it
    with _opened(place, reading=False) as (ask, _):
        if place.what in _names(place, ask):
            raise DataError(
                f"{place.shown}: the table {place.what!r} exists, and is left as it is. Name a new "
                "one, or drop it first."
            )


def write_database(frames: Iterable[pl.DataFrame], target: str) -> int:
    """A new table of all rows, or none at all; returns how many.

    Raises:
        DataError: see `check_database`; or there is nothing to write, or chunks differ.
    """
    check_database(target)
    place, rows = place_of(target), 0
    schema: pl.Schema | None = None
    with _removed_if_new(place), _opened(place, reading=False) as (_, put):
        for frame in frames:
            chunk = _plain(frame, place)
            if schema is not None and chunk.schema != schema:
                raise DataError(f"{place.shown}: chunks differ in their columns.")
            put(place.what, chunk, schema is None)
            schema = chunk.schema
            rows += chunk.height
        if schema is None:
            raise DataError(f"{place.shown}: there is nothing to write, not even columns.")
    return rows


def _is_new(place: Place) -> bool:
    """Whether it is a file that is yet to be made, or has nothing in it."""
    path = Path(place.where)
    return place.engine != "postgresql" and not (path.exists() and path.stat().st_size)


def _check_folder(place: Place) -> None:
    folder = Path(place.where).parent
    if not folder.is_dir():
        raise DataError(f"{place.shown}: the folder {folder} does not exist. Make it first.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DataError(f"{place.shown}: the folder {folder} cannot be written. Choose another.")


@contextlib.contextmanager
def _removed_if_new(place: Place) -> Iterator[None]:
    """Leave no database behind that was begun and not ended."""
    new = _is_new(place)
    try:
        yield
    except BaseException:
        for end in ("", "-journal", "-wal", "-shm", ".wal") if new else ():
            Path(place.where + end).unlink(missing_ok=True)
        raise


Ask = Callable[[str], pl.DataFrame]
Put = Callable[[str, pl.DataFrame, bool], None]


@contextlib.contextmanager
def _opened(place: Place, *, reading: bool) -> Iterator[tuple[Ask, Put]]:
    """What asks a query and what adds rows to a table; committed if the block ends well."""
    if place.engine != "postgresql" and reading and not Path(place.where).is_file():
        raise DataError(
            f"{place.shown}: no such file. Check the name; the current folder is {Path.cwd()}."
        )
    driver = _driver(place)
    opened = _duckdb if place.engine == "duckdb" else _adbc
    try:
        with opened(driver, place, reading) as both:
            yield both
    except DataError:
        raise
    except Exception as error:  # each driver has errors of its own
        theirs = ("adbc_driver_manager", "duckdb", "_duckdb")
        arrow = isinstance(error, OSError) and error.errno is None  # while rows are fetched
        if not arrow and type(error).__module__.split(".")[0] not in theirs:
            raise
        words = str(error).strip().splitlines() or [type(error).__name__]
        raise DataError(
            f"{place.shown}: the database refused: {shown_in(words[0], place)}. Check the URL, the "
            "name of the table and your rights."
        ) from error


def shown_in(words: str, place: Place) -> str:
    """What a driver says, without the password, which some repeat."""
    found = _PASSWORD.search(place.where)
    return words.replace(found.group(), "***") if found else words


@contextlib.contextmanager
def _adbc(driver: Any, place: Place, reading: bool) -> Iterator[tuple[Ask, Put]]:
    where = place.where
    if place.engine == "sqlite" and reading:
        where = f"file:{where}?mode=ro"
    with driver.connect(where) as connection, connection.cursor() as cursor:

        def ask(query: str) -> Any:
            if place.engine == "sqlite":
                # It has types of cells alone; the driver makes those of columns of the first
                # rows that it fetches, and fails at others.
                cursor.adbc_statement.set_options(**{_FETCHED: str(_ALL)})
            cursor.execute(query)
            return pl.DataFrame(cursor.fetch_arrow_table())

        def put(table: str, chunk: pl.DataFrame, first: bool) -> None:
            mode = "create" if first else "append"
            cursor.adbc_ingest(table, chunk.to_arrow(compat_level=pl.CompatLevel.oldest()), mode)

        yield ask, put
        if reading:
            connection.rollback()
        else:
            connection.commit()


@contextlib.contextmanager
def _duckdb(driver: Any, place: Place, reading: bool) -> Iterator[tuple[Ask, Put]]:
    with driver.connect(place.where, read_only=reading) as connection:

        def put(table: str, chunk: pl.DataFrame, first: bool) -> None:
            connection.register("interfuse_chunk", chunk.to_arrow())
            verb = f"CREATE TABLE {_quoted(table)} AS" if first else f"INSERT INTO {_quoted(table)}"
            connection.execute(f"{verb} SELECT * FROM interfuse_chunk")
            connection.unregister("interfuse_chunk")

        connection.begin()
        yield lambda query: connection.sql(query).pl(), put
        connection.commit()


def _driver(place: Place) -> Any:
    from importlib import import_module

    name = _DRIVERS[place.engine]
    try:
        return import_module(name if name == "duckdb" else f"{name}.dbapi")
    except ImportError:
        raise DataError(
            f"{place.shown}: the package {name} is not installed. Install it: "
            'pip install "interfuse[sql]"'
        ) from None


def _names(place: Place, ask: Ask) -> list[str]:
    return ask(_TABLES[place.engine]).to_series().to_list()


def _table(place: Place, ask: Ask) -> str:
    """The table that is meant."""
    names = _names(place, ask)
    bare = place.what.removeprefix("public.") if place.engine == "postgresql" else place.what
    if bare in names or "." in place.what:
        return bare
    if not place.what and len(names) == 1:
        return names[0]
    some = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
    what = f"no table {place.what!r}" if place.what else "no table is named"
    raise DataError(
        f"{place.shown}: {what}; there are {some or 'none'}. Write {place.engine}:...#NAME."
    )


def _quoted(name: str) -> str:
    """A name as SQL has it; a schema and a name with a dot between."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def _plain(frame: pl.DataFrame, place: Place) -> pl.DataFrame:
    """Columns in types that the engine has: SQLite has neither times nor truth values."""
    frame = frame.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
    if place.engine != "sqlite":
        return frame
    times = [n for n, t in frame.schema.items() if t.is_temporal()]
    return frame.with_columns(
        pl.col(pl.Boolean).cast(pl.Int64), *(pl.col(n).cast(pl.String) for n in times)
    )
