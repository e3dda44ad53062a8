"""What a fitted model of a table says of the whole: `explain`, and `compare` with other rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interfuse.kinds.verb import late
from interfuse.language import speaking, t

if TYPE_CHECKING:
    from interfuse.kinds.table.answer.comparison import Comparison
    from interfuse.kinds.table.answer.explanation import Explanation
    from interfuse.kinds.table.fitted import Fitted


_floor_of = late("interfuse.kinds.table.probing", "floor_of")
"""By name: it fits, and what fits a model imports it."""


class Knowing:
    """Questions about all rows at once; a part of `Model`."""

    record: dict[str, Any]

    if TYPE_CHECKING:

        @cached_property
        def fitted(self) -> Fitted:
            """What questions need of the model."""
            ...

    def explain(
        self,
        data: Any = None,
        *,
        target: str | None = None,
        given: Sequence[str] = (),
        groups: Mapping[str, Sequence[str]] | str | Path | None = None,
        blocks: str | None = None,
        rows: int = 4096,
        probes: int = 0,
        seed: int = 0,
        device: str | None = None,
        tell: Callable[[int, int], None] | None = None,
        language: str = "en",
    ) -> Explanation:
        """What depends on what, how far each column is determined, and what drives a target.

        All figures are in nats and are means over rows that the model was not fitted to, with their
        standard errors (`interfuse.kinds.table.ask.know`; the page Knowledge of the documentation
        has the formulas). Nothing is causal.

        Args:
            data: a frame or a path with fresh rows of the same columns; None for the rows that the
                fit held out.
            target: a column to explain: which others drive it, how, and in which rows.
            given: conditions as for `generate`, such as `["label=ddos"]`: rows that meet them are
                asked, their columns being known from the start.
            groups: by name, columns that become known together, as one player; or a JSON file.
            blocks: a column of `data` that is the same in rows that are not independent, such as a
                day: errors are then over whole blocks.
            rows: how many rows are asked at most; errors fall with their root, time grows with
                them.
            probes: fit a model like this one with so many shuffled columns first, and draw edges
                above the most that a pair with one of them comes up to; 0 for .005 nats, about
                which null pairs of many fits came up to. Costs a fit of as many examples.
            seed: of orders, halves and permutations.
            device: "cpu", "cuda", "mps" or None for the best there is.
            tell: called with steps done and steps in all.
            language: of the page and its sentences, "en" or "zh"; names, values and keys of the
                JSON are the same in both.

        Returns:
            Frames, a page and JSON.

        Raises:
            DataError: too few rows, other columns, or rows that the model was fitted to.
            OptionError: a column is unknown, computed by a rule, or has too many values to explain;
                there is no such language.
            ConditionError: a condition cannot be read.

        Examples:
            >>> import interfuse, polars as pl
            >>> tcp = ([1, 1, 0] * 9 + [0, 1, 1]) * 90
            >>> flows = pl.DataFrame({"port": [80, 443, 53] * 900, "tcp": tcp})
            >>> model = interfuse.fit(flows, examples=2_000)
            >>> fresh = flows.sample(400, with_replacement=True, seed=1)
            >>> model.explain(fresh, target="tcp").drivers["name"].to_list()
            ['port']
        """
        from interfuse.kinds.table.answer.explanation import Explanation
        from interfuse.kinds.table.ask.know.explain import explain
        from interfuse.kinds.table.ask.know.pairs import FLOOR

        floor = FLOOR
        if probes:
            floor = _floor_of(self.fitted, self.record, probes, seed=seed, device=device)
        with speaking(language):
            found = explain(
                self.fitted,
                data,
                record=self.record,
                target=target,
                given=[given] if isinstance(given, str) else given,
                groups=groups,
                blocks=blocks,
                floor=floor,
                probes=probes,
                rows=rows,
                seed=seed,
                device=device,
                tell=tell,
            )
        return Explanation(found, replace(self.fitted.schema.origin.without_rows(), text=None))

    def compare(
        self,
        data: Any,
        *,
        blocks: str | None = None,
        rows: int = 4096,
        seed: int = 0,
        device: str | None = None,
        language: str = "en",
    ) -> Comparison:
        """Whether other rows are like those that the fit held out, and where they are not.

        Nothing is fitted. Of every column, what the model expects given the others is held against
        what is there; labels are permuted, so that the p-value is exact. `interfuse.compare` fits a
        model of both, and sees changes of any dependence.

        Args:
            data: a frame or a path, with columns of the model; those that are absent are left out,
                with a warning. Or another model of a table: the rows that it keeps.
            blocks: a column whose rows of one value stay together, such as a day, where rows are
                not exchangeable.
            rows: of each side at most.
            seed: of permutations and halves.
            device: "cpu", "cuda", "mps" or None for the best there is.
            language: of the page and its sentences, "en" or "zh".

        Returns:
            p-value, frames of columns, pairs, groups and rows, a page and JSON.

        Raises:
            DataError: too few rows, no common columns, or rows that the model was fitted to.
            OptionError: an option is out of range, or there is no such language.

        Examples:
            >>> import interfuse, polars as pl
            >>> tcp = ([1, 1, 0] * 9 + [0, 1, 1]) * 200
            >>> flows = pl.DataFrame({"port": [80, 443, 53] * 2000, "tcp": tcp})
            >>> model = interfuse.fit(flows, examples=2_000)
            >>> other = pl.DataFrame({"port": [80, 443, 53] * 100, "tcp": [1, 1, 1] * 100})
            >>> model.compare(other).changed
            True
        """
        from interfuse.kinds.table.answer.comparison import Comparison
        from interfuse.kinds.table.ask.know.against import against
        from interfuse.kinds.table.ask.know.kept import rows_kept_by

        with speaking(language):
            other = isinstance(data, Knowing)
            found = against(
                self.fitted,
                rows_kept_by(data.fitted) if isinstance(data, Knowing) else data,
                name=t("the other run") if other else None,
                record=self.record,
                blocks=blocks,
                rows=rows,
                seed=seed,
                device=device,
            )
        return Comparison(found, replace(self.fitted.schema.origin.without_rows(), text=None))
