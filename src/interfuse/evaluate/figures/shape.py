"""Shape: single columns, their categories and their spikes."""

from collections import Counter
from collections.abc import Sequence

from interfuse.evaluate.counts import SLACK, Value, odd_values, values_tested
from interfuse.evaluate.figure import Compared, Words, register
from interfuse.evaluate.findings import Fault, Faults, against, worst
from interfuse.evaluate.pair import Pair
from interfuse.evaluate.shapes import ColumnShape
from interfuse.evaluate.study import Study

_EACH = 3
"""Values of a column that are told."""


@register
class Shape(Compared):
    """Mean error of the columns' distributions; see `shapes`."""

    key = "fidelity.shape"
    words = Words(
        "Column shape error",
        "How far single columns are from the real ones on average; 0 is the same distribution.",
        unit="%",
        independent="these are the real columns themselves, shuffled: about 0 by construction",
        asks="each column's distribution, categories and frequent values",
    )
    bounds = (0.0, 100.0)

    def of(self, pair: Pair) -> float:
        """Return 100 (1 - score)."""
        return 100 * (1 - pair.shapes.score)

    def questions(self, study: Study) -> int:
        """Return the columns, and the values that are counted."""
        return len(study.real.kinds) + values_tested(*study.few)

    def faults(self, study: Study) -> Faults:
        """Return the columns that are off, then the values."""
        rows = study.synthetic.rows
        columns = study.pair.shapes.columns
        return worst([item for column in columns for item in _column(column, rows)]) + worst(
            _values(odd_values(*study.few, level=study.level))
        )


def _column(column: ColumnShape, rows: int) -> Faults:
    out: Faults = []
    error = 1 - column.score
    if error > column.chance:
        text = f"Column {column.name!r} is off by {against(error, column.chance)}."
        out.append(Fault("shape", (column.name,), text, error))
    if column.invented > 2 * column.unseen + SLACK + 10 / rows:
        text = f"Column {column.name!r}: {column.invented:.1%} are categories never seen."
        out.append(Fault("invented", (column.name,), text, 1 + column.invented))
    return out


def _values(values: Sequence[Value]) -> Faults:
    out: Faults = []
    told: Counter[str] = Counter()
    for value in values:
        told[value.column] += 1
        if told[value.column] > _EACH:
            continue
        size = abs(value.real - value.synthetic)
        if value.spike:
            text = (
                f"Column {value.column!r}: the value {value.shown} holds {value.synthetic:.1%} of "
                f"the rows, {value.real:.1%} in the real table."
            )
            out.append(Fault("spike", (value.column,), text, size))
        elif not value.synthetic:
            text = (
                f"Column {value.column!r} lacks the category {value.shown!r}, {value.real:.1%} of "
                "the real rows."
            )
            out.append(Fault("category lost", (value.column,), text, 1 + size))
        else:
            text = (
                f"Column {value.column!r}: the category {value.shown!r} holds "
                f"{value.synthetic:.1%} of the rows, {value.real:.1%} in the real table."
            )
            out.append(Fault("category share", (value.column,), text, size))
    return out
