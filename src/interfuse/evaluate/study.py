"""What the figures of one report are measured on: tables, limits, and what they share."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, Protocol, TypeVar, cast, runtime_checkable

import numpy as np

from interfuse.evaluate.chance import FAMILY, PERMUTATION
from interfuse.evaluate.copula import copula_table
from interfuse.evaluate.identifiers import Returned
from interfuse.evaluate.limits import Limits
from interfuse.evaluate.pair import Pair, sampled
from interfuse.evaluate.rule_search import find_rules
from interfuse.evaluate.rules import Kept, Rule, check_rules
from interfuse.evaluate.shapes import Shapes
from interfuse.evaluate.table import Table
from interfuse.evaluate.trends import Trends

BOOTSTRAP_ROWS = 20_000
MANY_PAIRS = 1_000
_SPREAD_DRAWS = 20
_NAMES = re.compile(r"[^\W\d]\w*")
_BASELINES = {"independent": "independent columns", "copula": "Gaussian copula"}

T = TypeVar("T")


class Summary(NamedTuple):
    """What a report lists of a table beside its figures."""

    shapes: Shapes
    trends: Trends


class Asks(Protocol):
    """What a study needs to know of a figure (`figure.Figure`)."""

    def questions(self, study: Any, /) -> int:
        """How many things could be found to be off."""
        ...


@runtime_checkable
class Compares(Protocol):
    """A figure that any table can have beside the real one (`figure.Compared`)."""

    @property
    def resampled(self) -> bool:
        """Whether its interval comes from bootstraps."""
        ...

    def of(self, pair: Pair, /) -> float:
        """Its value for two tables."""
        ...


class Study:
    """One synthetic table, and everything that is held against it.

    A figure means little alone, so the same measurement runs on three kinds of tables made from the
    real one, of the synthetic table's size:

    * **floor**: real rows drawn with replacement (a bootstrap), several times: mean and standard
      deviation. No method can be expected to do better; the spread says what is noise;
    * **independent**: every column permuted on its own: perfect columns, no dependence;
    * **copula**: perfect columns with the dependence of a normal law.

    Args:
        real: The table that was trained on.
        synthetic: The synthetic one, encoded together with it.
        held: Real rows that were not trained on, or None.
        figures: The figures of the report by their keys.
        limits: Row limits.
        seed: Seed of everything random.
        threads: Threads for the boosted trees, None = all.
        target: The column that the utility figures predict, None = the default one.
        secrets: Columns that an attacker wants to know.
        declared: Rules of the caller, with the shares ``real`` and ``synthetic`` of rows that keep
            them.
        tell: Called with what is measured now.
        returned: Identifiers of the real rows among the synthetic ones.

    Attributes:
        rules: Rules found in the real table.
        kept: How often each is kept, but for those that are declared.
        questions: How many things could be found to be off.
        level: Probability with which chance explains a single finding.
        pair: The real and the synthetic table.
        baselines: The baselines by name.
        values: By the name of a table, ``synthetic`` or a baseline, each compared figure.
    """

    def __init__(
        self,
        real: Table,
        synthetic: Table,
        held: Table | None = None,
        *,
        figures: Mapping[str, Asks],
        limits: Limits | None = None,
        seed: int = 0,
        threads: int | None = None,
        target: str | None = None,
        secrets: Sequence[str] = (),
        declared: Sequence[Mapping[str, Any]] = (),
        tell: Callable[[str], None] = lambda what: None,
        returned: Sequence[Returned] = (),
    ) -> None:
        self.returned = tuple(returned)
        self.real, self.synthetic, self.held = real, synthetic, held
        self._compared = {k: one for k, one in figures.items() if isinstance(one, Compares)}
        self.limits = limits or Limits()
        self.seed, self.threads, self.tell = seed, threads, tell
        self.target, self.secrets, self.declared = target, tuple(secrets), tuple(declared)
        self._memory: dict[Any, Any] = {}
        tell("rules")
        few, some = sampled(real, synthetic, self.limits, seed)
        self.few = few
        self.rules = find_rules(few[0], seed=seed)
        self.kept: list[Kept] = check_rules(self._undeclared(), *few)
        self.questions = sum(figure.questions(self) for figure in figures.values())
        self.level = (FAMILY - PERMUTATION) / max(1, self.questions)
        self.pair = Pair(few, some, level=self.level, **self._options)
        self.baselines: dict[str, Table] = {}
        if self.limits.baselines:
            rng = np.random.default_rng([seed, 2])
            self.baselines["independent"] = real.independent(synthetic.rows, rng)
            self.baselines["copula"] = copula_table(real, synthetic.rows, seed=seed)
        self.others: dict[str, Summary] = {}
        self.floors: list[Summary] = []
        self._floors: dict[str, list[float]] = {key: [] for key in self._compared}
        self.values: dict[str, dict[str, float]] = {}
        self._compare()

    def once(self, make: Callable[["Study"], T]) -> T:
        """Return what a function makes of this study; figures that share it make it once."""
        if make not in self._memory:
            self._memory[make] = make(self)
        return cast(T, self._memory[make])

    def floor(self, key: str) -> tuple[float, float]:
        """Return mean and deviation of a compared figure over the bootstraps."""
        return mean_and_spread(self._floors[key])

    def bootstraps(self, table: Table) -> Iterator[Table]:
        """Yield `Limits.draws` bootstraps of a table, of as many rows as the synthetic one."""
        rng = np.random.default_rng([self.seed, 1])
        for _ in range(self.limits.draws):
            yield table.bootstrap(self.synthetic.rows, rng)

    @cached_property
    def spreads(self) -> dict[str, float]:
        """The standard deviation of each compared figure over bootstraps of the synthetic rows.

        Of a large table `BOOTSTRAP_ROWS` rows are drawn, and the deviation is scaled by the square
        root of the rows; of a wide table fewer times.
        """
        real, synthetic = self.real, self.synthetic
        rng = np.random.default_rng([self.seed, 12])
        rows = min(BOOTSTRAP_ROWS, synthetic.rows)
        few = real.sample(BOOTSTRAP_ROWS, rng)
        figures = {key: one for key, one in self._compared.items() if one.resampled}
        found: dict[str, list[float]] = {key: [] for key in figures}
        pairs = len(real.kinds) * (len(real.kinds) - 1) // 2
        draws = _SPREAD_DRAWS
        for _ in range(max(5, min(draws, draws * MANY_PAIRS // max(1, pairs)))):
            again = Pair((few, synthetic.bootstrap(rows, rng)), **self._options)
            for key, figure in figures.items():
                found[key].append(figure.of(again))
        scale = np.sqrt(rows / synthetic.rows)
        return {key: float(np.std(values, ddof=1)) * scale for key, values in found.items()}

    @property
    def _options(self) -> dict[str, Any]:
        return {"rules": tuple(self.rules), "seed": self.seed, "threads": self.threads}

    def _compare(self) -> None:
        """Measure the compared figures of all tables; bootstraps are not kept."""
        self.tell("synthetic table")
        figures = self._compared
        self.values["synthetic"] = {key: one.of(self.pair) for key, one in figures.items()}
        for name, table in self.baselines.items():
            self.tell(_BASELINES[name])
            pair = self._beside(table)
            self.values[name] = {key: one.of(pair) for key, one in figures.items()}
            self.others[name] = Summary(pair.shapes, pair.trends)
        for table in self.bootstraps(self.real):
            self.tell("sampling floor")
            pair = self._beside(table)
            for key, one in figures.items():
                self._floors[key].append(one.of(pair))
            self.floors.append(Summary(pair.shapes, pair.trends))

    def _beside(self, table: Table) -> Pair:
        return Pair(*sampled(self.real, table, self.limits, self.seed), **self._options)

    def _undeclared(self) -> list[Rule]:
        """Return the rules that are about other columns than any declared one."""
        said = {frozenset(_NAMES.findall(rule["text"])) for rule in self.declared}
        kinds = ("sum", "function", "rising")
        return [
            r
            for r in self.rules
            if r.kind not in kinds or not any(set(r.columns) <= names for names in said)
        ]


def mean_and_spread(values: Sequence[float]) -> tuple[float, float]:
    """Return mean and standard deviation (n - 1) of the finite values, NaN where undefined."""
    known = np.array([value for value in values if np.isfinite(value)])
    mean = float(known.mean()) if len(known) else float("nan")
    return mean, float(known.std(ddof=1)) if len(known) > 1 else float("nan")
