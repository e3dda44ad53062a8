"""One file format: how it is recognised, read and written.

A format is one file with a class, and its test. It is known by the ending of a name, or by the
first bytes of what is inside; what is packed is unpacked before a format sees it.

>>> from interfuse.io.formats import register_format, unregister_format
>>> class Pipes(Format):
...     name, suffixes = "pipes", (".pipes",)
...
...     def read(self, source, where, how):
...         return Sheet(pl.scan_csv(source, separator="|"))
>>> register_format(Pipes()).name
'pipes'
>>> unregister_format("pipes")
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import IO, Any, ClassVar, NamedTuple

import polars as pl

from interfuse.errors import DataError
from interfuse.io.sheet import Reading, Sheet
from interfuse.io.written import Writing


class Sink(NamedTuple):
    """An open file: where chunks of rows go, what ends it, and what gives it up.

    What is given up is closed too, unless the format has a quicker way.
    """

    put: Callable[[pl.DataFrame], object]
    close: Callable[[], object] = lambda: None
    drop: Callable[[], object] | None = None


class Mended(NamedTuple):
    """Rows that were put right.

    Attributes:
        frame: the rows.
        changed: by words for what was changed, how many rows.
    """

    frame: pl.DataFrame
    changed: Counter[str]

    @staticmethod
    def words(changed: Mapping[str, int]) -> str:
        """What was changed, for people."""
        what = "; ".join(f"{words}: {many:,}" for words, many in changed.items())
        return (
            f"drawn rows that such a file cannot hold were put right, of each rule so many: {what}"
        )


class Format(ABC):
    """One format.

    Attributes:
        name: for people and for ever.
        suffixes: endings of names, with their dots; those that people are told of.
        others: further endings that are taken for it.
        certain: whether its first bytes tell it from everything else, so that a name cannot be
            right against them.
        special: whether it is text of a layout that other text does not have. Its first lines tell
            it, whatever text a name says: `flows.csv` may be what nfdump writes.
        shares: endings that say nothing by themselves, or another format of text. What is about a
            file of this format is written in it under a name that ends so.
        alike: names of formats whose endings people use for this one.
        takes: options of `generate` that say how it is written (`kinds.table.kind`).
        text: whether it is delimited text, in which a cell has no type but its characters.
        writes: whether tables can be written in it.
        mixed: whether a column of values can hold a text (`Writing.beside`).
    """

    name: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]] = ()
    others: ClassVar[tuple[str, ...]] = ()
    certain: ClassVar[bool] = False
    special: ClassVar[bool] = False
    shares: ClassVar[tuple[str, ...]] = ()
    alike: ClassVar[tuple[str, ...]] = ()
    takes: ClassVar[frozenset[str]] = frozenset()
    text: ClassVar[bool] = False
    writes: ClassVar[bool] = False
    mixed: ClassVar[bool] = False

    def starts(self, start: bytes) -> bool:
        """Whether the first bytes (4096, or all there are) can be of this format alone."""
        return False

    @abstractmethod
    def read(self, source: Path | bytes, where: str, how: Reading) -> Sheet:
        """The rows.

        Args:
            source: the file, or its unpacked content.
            where: how messages call it.
            how: what is known of its columns.

        Raises:
            DataError: it cannot be read, or has no rows, or names that do not tell columns apart.
        """

    def open(self, file: IO[bytes], first: pl.DataFrame, writing: Writing) -> Sink:
        """Begin to write.

        Args:
            file: open and empty.
            first: the first chunk: the types of all.
            writing: the form of the columns' text, for formats that are text; `writing.file` is
                what this format said of the file that the table is about (`Sheet.columns[""]`).

        Raises:
            DataError: the columns cannot be written in it.
        """
        raise NotImplementedError(f"{self.name} cannot be written")

    def mend(self, frame: pl.DataFrame, fixed: Collection[str], said: Mapping[str, Any]) -> Mended:
        """Rows that such a file could hold, of rows that were drawn.

        Args:
            frame: new rows, with the columns that `read` gives or some of them.
            fixed: columns that stay as they are.
            said: what `read` said of the file as a whole.

        Returns:
            The same columns; row i of it depends on row i of `frame` alone.
        """
        return Mended(frame, Counter())

    def check(self, schema: pl.Schema, where: str) -> None:
        """Check that columns of these types can be written.

        Raises:
            DataError: one cannot.
        """
        if not self.text:
            return
        for name, dtype in schema.items():
            if dtype.is_nested() or dtype == pl.Binary:
                raise DataError(
                    f"{where}: column {name!r} is {dtype}, which {self.name.upper()} cannot hold. "
                    "Write Parquet or Arrow, or turn the column into text."
                )
