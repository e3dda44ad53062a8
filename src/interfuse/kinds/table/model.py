"""A fitted model: immutable, and able to answer."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from interfuse.core.solvers import steps_of
from interfuse.errors import OptionError, note
from interfuse.io.frames import from_polars, index_of
from interfuse.kinds.table.answer import Draws
from interfuse.kinds.table.answer.scores import Scores
from interfuse.kinds.table.ask.augment import KEEP, partly_known, turns
from interfuse.kinds.table.ask.conditions import Condition, parse_conditions
from interfuse.kinds.table.ask.detect import Detection
from interfuse.kinds.table.ask.generation import Generation, generate_table
from interfuse.kinds.table.ask.impute import DRAWS, Imputation
from interfuse.kinds.table.ask.odd.reference import Reference
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.fitted import Fitted
from interfuse.kinds.table.folder import read_folder, write_folder
from interfuse.kinds.table.knowing import Knowing
from interfuse.kinds.table.layout import Layout
from interfuse.kinds.table.net.network import TableNet
from interfuse.kinds.table.schema import Schema
from interfuse.run import store
from interfuse.run.model import BaseModel


@dataclass(frozen=True)
class Model(Knowing, BaseModel):
    """One fitted diffusion model and the transforms of its columns.

    Make one with `interfuse.fit` or `interfuse.load`. Nothing here changes after fitting; every
    question takes a seed and gives the same answer for the same seed.

    Attributes:
        schema: the columns as they were fitted.
        codec: each column's transform to cells and back.
        layout: the cells.
        net: the network with its averaged weights.
        record: seed, budget, data hash, versions, training curve: what `interfuse show` prints.
        reference: rows that `detect` compares with; None if they were left out.
    """

    parts: ClassVar[tuple[str, ...]] = store.PARTS

    schema: Schema
    codec: TableCodec
    layout: Layout
    net: TableNet
    record: dict[str, Any] = field(repr=False)
    reference: Reference | None = field(default=None, repr=False)

    @cached_property
    def fitted(self) -> Fitted:
        """What questions need of it; the same object each time."""
        return Fitted(self.schema, self.codec, self.layout, self.net, self.reference)

    def generate(
        self,
        n: int,
        *,
        given: Any = None,
        seed: int = 0,
        first: int = 0,
        steps: int | None = None,
        device: str | None = None,
    ) -> Any:
        """Draw `n` new rows.

        Args:
            n: how many; for each row of `given`, if that is a frame.
            given: what is known. By column a value, a list of values to choose from or a `Range`,
                such as `{"label": "ddos", "port": [80, 443]}`; or conditions as text, such as
                `["bytes > 1e6", "10 <= port < 1024"]`; or a frame, or a path, of partly known rows,
                the unknown cells missing and any columns left out. The rows are drawn from the
                conditional distribution directly; nothing is rejected, so a rare value costs what
                a common one costs.
            seed: row i depends on the seed and on i only: a longer draw starts with the same rows.
            first: the first i, so that several machines can draw parts of one table.
            steps: steps of the numbers' sampler; None for the default.
            device: "cpu", "cuda", "mps" or None for the best there is.

        Returns:
            A frame of the kind the model was fitted on (pandas, polars or Arrow), with its columns
            in their order and types. In pandas, rows of a frame that is `given` keep their index.

        Raises:
            ConditionError: `given` names an unknown column or a value never seen.
            OptionError: `n` or `steps` is out of range.

        Examples:
            >>> import interfuse, polars as pl
            >>> flows = pl.DataFrame({"port": [80, 443, 53] * 100, "tcp": [1, 1, 0] * 100})
            >>> model = interfuse.fit(flows, examples=20_000)
            >>> model.generate(5, given={"port": 53}).shape
            (5, 2)
        """
        how: Any = {"seed": seed, "first": first, "steps": steps, "device": device}
        rows = None if _is_condition(given) else index_of(given)
        frames = list(self.generate_batches(n, given=given, **how))
        return self._native(frames, rows if rows is None else rows.repeat(n))

    def _native(self, frames: list[Any], rows: Any) -> Any:
        """Drawn rows as the kind of frame that was fitted; `rows` is their index in pandas."""
        import polars as pl

        frame = pl.concat(frames or [self.generation().empty()])
        origin = self.schema.origin
        # A given value that the column's own type cannot hold stays as it was given.
        own = {
            n: t
            for n, t in origin.columns.items()
            if n in frame.columns and frame.schema[n] == self.schema[n].dtype
        }
        return from_polars(frame, replace(origin, columns=own, rows=rows, objects={}))

    def generate_batches(
        self,
        n: int,
        *,
        given: Any = None,
        seed: int = 0,
        first: int = 0,
        steps: int | None = None,
        device: str | None = None,
    ) -> Iterator[Any]:
        """The rows of `generate` as polars frames of a few thousand each, in constant memory."""
        if _is_condition(given):
            made = self.generation(given=given, seed=seed, steps=steps, device=device)
            frames = made.frames(n, first=first)
            note(made.remarks(n))
            return frames
        if first:
            raise OptionError("first: cannot stand beside rows that are given. Give the rest.")
        rows = self.completion(given, n, seed=seed, steps=steps, device=device)
        return _noted(rows)

    def completion(
        self,
        data: Any,
        n: int,
        *,
        seed: int = 0,
        steps: int | None = None,
        device: str | None = None,
    ) -> Imputation:
        """The prepared question behind `generate(n, given=rows)`; see its `completions`."""
        return Imputation(
            self.fitted,
            data,
            draws=n,
            seed=seed,
            steps=steps_of(steps, self.net.sampling.steps),
            device=device,
            subset=True,
            values=False,
            unread=True,
        )

    def augment(
        self,
        rows: Any,
        n: int,
        *,
        keep: float = KEEP,
        fixed: Sequence[str] = (),
        seed: int = 0,
        steps: int | None = None,
        device: str | None = None,
    ) -> Any:
        """Draw `n` rows that each keep a part of a real row: more of a class that has few.

        Args:
            rows: real rows, a frame or a path, such as all rows of one class. They are taken in
                turn. Missing cells are drawn, whether they stay or not.
            n: how many new rows.
            keep: the probability of each cell to stay as it is in the real row; 0 draws all cells
                but those of `fixed`. Near 1 the rows are near copies, and tell as much about the
                real ones.
            fixed: columns that always stay, such as the class.
            seed: the same seed gives the same rows.
            steps: steps of the numbers' sampler; None for the default.
            device: "cpu", "cuda", "mps" or None for the best there is.

        Returns:
            A frame like that of `generate`. In pandas, each row has the label of the one it began
            from.

        Raises:
            DataError: the rows cannot be read, there are none, or a column is not the model's.
            OptionError: an option is out of range.

        Examples:
            >>> import interfuse, polars as pl
            >>> flows = pl.DataFrame({"port": [80, 443, 53] * 100, "tcp": [1, 1, 0] * 100})
            >>> model = interfuse.fit(flows, examples=20_000)
            >>> rare = flows.filter(pl.col("port") == 53)
            >>> model.augment(rare, 200, fixed=["port"])["port"].unique().to_list()
            [53]
        """
        given = partly_known(self.fitted, rows, n, keep=keep, fixed=fixed, seed=seed)
        if given.is_empty():
            return self.generate(0, seed=seed, steps=steps, device=device)
        drawn = self.generate_batches(1, given=given, seed=seed, steps=steps, device=device)
        index = index_of(rows)
        return self._native(
            list(drawn), None if index is None else index.take(turns(len(index), n, seed))
        )

    def impute(
        self,
        data: Any,
        *,
        draws: int = DRAWS,
        columns: Sequence[str] | None = None,
        seed: int = 0,
        tolerance: float | None = None,
        steps: int | None = None,
        device: str | None = None,
        unread: bool = False,
        tell: Callable[[int, int], None] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Draws:
        """Fill missing cells by draws from their joint distribution given the observed ones.

        Args:
            data: a frame or a path, with the model's columns; any cells may be missing.
            draws: values for each missing cell.
            columns: the columns to fill; None for all. Missing cells of the others stay missing,
                and are known to be, where the training data had such.
            seed: the same seed gives the same draws; more draws begin with the same ones.
            tolerance: stop below `draws` when one more doubling moves the ends of the intervals by
                less than this share of their widths.
            steps: steps of the numbers' sampler; None for the default.
            device: "cpu", "cuda", "mps" or None for the best there is.
            unread: whether cells of a file whose text is no value of their column, such as `<0.05`
                among numbers, are filled too; they stay missing if not: something stands there.
            tell: called with rows done and rows in all.
            progress: the former name of `tell`.

        Returns:
            The draws, in frames of the user's own kind. Observed cells are in all of them as they
            were given.

        Raises:
            DataError: the data cannot be read, or its columns are not those of the model.
            OptionError: an option is out of range.

        Examples:
            >>> import interfuse, polars as pl
            >>> flows = pl.DataFrame({"port": [80, 443, 53] * 100, "tcp": [1, 1, 0] * 100})
            >>> model = interfuse.fit(flows, examples=20_000)
            >>> filled = model.impute(pl.DataFrame({"port": [53, None], "tcp": [None, 1]}))
            >>> len(filled), filled.median().shape
            (20, (2, 2))
        """
        if progress is not None:
            warnings.warn(
                "impute(progress=...) is now tell=...; the old name goes with version 0.3.",
                DeprecationWarning,
                stacklevel=2,
            )
            tell = tell or progress
        how: Any = {"seed": seed, "steps": steps, "device": device, "unread": unread}
        drawn = self.imputation(
            data, draws=draws, columns=columns, tolerance=tolerance, **how
        ).answer(tell)
        note(drawn.warnings)
        return drawn

    def imputation(self, data: Any, **options: Any) -> Imputation:
        """The prepared question behind `impute`; its `batches` take any number of rows."""
        return Imputation(self.fitted, data, **options)

    def detect(self, data: Any, *, clean: bool = True, device: str | None = None) -> Scores:
        """How odd each row is, how sure that is, and which cells it lies in.

        Args:
            data: a frame or a path, with the model's columns; any cells may be missing.
            clean: whether the rows that the model was fitted on were all normal. If odd rows may
                be among them, say False: views of the data are then used that a few rows cannot
                move, and a row of the training data is not compared with itself.
            device: "cpu", "cuda", "mps" or None for the best there is.

        Returns:
            Scores, p-values, and for each cell its share and what was expected.

        Raises:
            DataError: the data cannot be read, or its columns are not those of the model.

        Examples:
            >>> import interfuse, polars as pl
            >>> flows = pl.DataFrame({"port": [80, 443, 53] * 100, "tcp": [1, 1, 0] * 100})
            >>> model = interfuse.fit(flows, examples=20_000)
            >>> scores = model.detect(pl.DataFrame({"port": [53, 53], "tcp": [0, 1]}))
            >>> bool(scores.score[1] > scores.score[0])
            True
        """
        return self.detection(data, clean=clean, device=device).answer()

    def detection(self, data: Any, **options: Any) -> Detection:
        """The prepared question behind `detect`; its `batches` take any number of rows."""
        return Detection(self.fitted, data, **options)

    def generation(
        self,
        *,
        given: Any = None,
        seed: int = 0,
        steps: int | None = None,
        device: str | None = None,
    ) -> Generation:
        """The prepared question behind `generate`; its `warnings` say what is unusual about it."""
        condition = parse_conditions(given or {}, self.codec) if given else Condition.none()
        return generate_table(self.fitted, condition, seed=seed, steps=steps, device=device)

    def write_parts(self, folder: Path) -> None:
        """Write all parts but `run.json`."""
        write_folder(self.fitted, folder)


def _noted(rows: Imputation) -> Iterator[Any]:
    """The completed rows, and at their end what was unusual about them."""
    yield from rows.completions()
    note(rows.warnings)


def _is_condition(given: Any) -> bool:
    """Whether `given` holds for all rows, rather than being rows."""
    if isinstance(given, str):  # a path with such a sign in it can be given as a Path
        return any(sign in given for sign in ("=", "<", ">", "[", " in "))
    return given is None or isinstance(given, dict | list | tuple)


def open_table(folder: Path, record: dict[str, Any], parts: Mapping[str, dict[str, Any]]) -> Model:
    """A model from the checked parts of a run folder.

    Raises:
        RunError: the parts do not fit together.
    """
    f = read_folder(folder, parts)
    return Model(f.schema, f.codec, f.layout, f.net, record, f.reference)
