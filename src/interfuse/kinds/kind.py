"""A kind of data: all that the rest of interfuse asks of it, in one object.

`interfuse.fit`, `load`, `reproduce` and the command line know kinds by this class alone. A new kind
is a folder with its data, network, learning and questions, and a subclass of `Kind` that is
registered (`interfuse.kinds.register`), or named in the entry point group `interfuse.kinds` of a
package of its own. Nothing heavy is imported where a kind is declared: methods import what they
need.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from interfuse.errors import OptionError
from interfuse.kinds.option import Option
from interfuse.kinds.verb import Verb
from interfuse.run import store

if TYPE_CHECKING:
    from interfuse.run.job import BaseJob
    from interfuse.run.model import BaseModel


class Words(NamedTuple):
    """How a kind is spoken of.

    Attributes:
        a: "a table".
        many: "tables".
        of: "of a table", after "model".
        unit: what training counts: "rows".
        rows: what the data counts: "rows".
        answers: what is compared of two models: "rows".
        edit: what one changes in a schema: "a kind".
        fit: what has to be typed beside the data for a fit of this kind: "" or " --kind NAME".
    """

    a: str
    many: str
    of: str
    unit: str
    rows: str
    answers: str
    edit: str
    fit: str = ""


class Kind(ABC):
    """One kind of data.

    Attributes:
        name: in `run.json`, `kind=` and `--kind`; for ever.
        words: for people.
        parts: files of a run folder that a model is made of, each with a checksum in `run.json`.
        options: of `fit`, besides those that all kinds have.
        verbs: the questions that the command line has.
        judged: whether `interfuse evaluate` compares what such a model draws.
        compares: the question of what changed between such a model's data and other data, which
            `interfuse compare RUN DATA` asks; None if there is none.
    """

    name: ClassVar[str]
    words: ClassVar[Words]
    parts: ClassVar[tuple[str, ...]] = store.NET_PARTS
    options: ClassVar[tuple[Option, ...]] = ()
    verbs: ClassVar[tuple[Verb, ...]] = ()
    judged: ClassVar[bool] = False
    compares: ClassVar[Verb | None] = None

    @abstractmethod
    def looks(self, data: Any) -> float:
        """How surely `data` is of this kind, 0 to 1; a fit is of the kind that is surest.

        0 is for kinds that are fitted on request alone.
        """

    def hint(self, data: Any) -> str:
        """A sentence for people whose data is taken for another kind and may be of this one."""
        return ""

    def rules(self, real: Any, synthetic: Any) -> list[tuple[str, float, float]]:
        """Rules that the real data keep: words, share of the real and of the synthetic that do.

        Asked of kinds that are `judged`.
        """
        return []

    @abstractmethod
    def job(self, **options: Any) -> BaseJob[Any, Any]:
        """A fit: the arguments of `interfuse.run.job.BaseJob`, `data`, `schema` and `options`."""

    @abstractmethod
    def open(
        self, folder: Path, record: dict[str, Any], parts: Mapping[str, dict[str, Any]]
    ) -> BaseModel:
        """A model from the checked parts of a run folder.

        Args:
            folder: the run folder.
            record: `run.json` without format, status and checksums.
            parts: the JSON parts by file name.

        Raises:
            RunError: the parts do not fit together.
        """

    @abstractmethod
    def apart(self, first: Any, again: Any) -> tuple[float, float]:
        """How far the answers of two models are from each other, with one seed.

        Returns:
            The share of answers that are equal, and the largest difference of two numbers as a
            share of their range.
        """

    def again(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """The kind's own arguments of `job` for the same fit once more, by its `run.json`."""
        return {}

    def how_much(self, data: Mapping[str, Any]) -> str:
        """How much data was fitted, by the entry `data` of `run.json`."""
        return f"{data['rows']:,} {self.words.rows}"

    def compare(self, a: Any, b: Any, **options: Any) -> Any:
        """What changed between two data sets of this kind; see `interfuse.compare`.

        Raises:
            OptionError: this kind has no such question.
        """
        raise OptionError(
            f"compare: is there for tables; this is {self.words.a}. Compare tables of what was "
            "measured of it, such as one row a series or an image."
        )

    def holds(self) -> str:
        """What of the data is in a run folder, besides weights: for those whom it is given to."""
        return "The run folder holds the weights of the network and what schema.json says."

    def print_schema(self, schema: Any, found: str) -> None:
        """Print what data was taken for.

        Args:
            schema: of the data.
            found: how much there is.
        """
        from interfuse.console import facts

        facts("", [("Data", found)])

    def show(self, run: Path, model: Any) -> list[tuple[str, str]]:
        """Names and values for `interfuse show`."""
        return [("Network", f"{sum(p.numel() for p in model.net.parameters()):,} weights")]

    def show_schema(self, schema: Any) -> None:
        """Print what is too long for `show`."""
        return

    def next_commands(self, data: str, run: str, rows: int) -> list[str]:
        """What to type after a fit; data and run are quoted."""
        return []

    def verb(self, name: str) -> Verb | None:
        """The question of a name; None if this kind does not know it."""
        return next((verb for verb in self.questions if verb.name == name), None)

    @property
    def questions(self) -> tuple[Verb, ...]:
        """All that such a model can be asked, with `compares`."""
        return self.verbs if self.compares is None else (*self.verbs, self.compares)
