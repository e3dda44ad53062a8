"""Shape: single columns, their categories and their spikes."""

from collections import Counter
from collections.abc import Sequence

from interfuse.evaluate.counts import SLACK, Value, odd_values, values_tested
from interfuse.evaluate.figure import Compared, Words, register
from interfuse.evaluate.findings import Fault, Faults, against, worst
from interfuse.evaluate.pair import Pair
from interfuse.evaluate.shapes import ColumnShape
from interfuse.evaluate.study import Study
from interfuse.language import t

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
        off = against(error, column.chance)
        text = t("Column {name!r} is off by {off}.", name=column.name, off=off)
        out.append(Fault("shape", (column.name,), text, error))
    if column.invented > 2 * column.unseen + SLACK + 10 / rows:
        text = t(
            "Column {name!r}: {share:.1%} are categories never seen.",
            name=column.name,
            share=column.invented,
        )
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
        told_of = {"column": value.column, "shown": value.shown}
        told_of |= {"real": value.real, "synthetic": value.synthetic}
        if value.spike:
            text = t(
                "Column {column!r}: the value {shown} holds {synthetic:.1%} of the rows, "
                "{real:.1%} in the real table.",
                **told_of,
            )
            out.append(Fault("spike", (value.column,), text, size))
        elif not value.synthetic:
            text = t(
                "Column {column!r} lacks the category {shown!r}, {real:.1%} of the real rows.",
                **told_of,
            )
            out.append(Fault("category lost", (value.column,), text, 1 + size))
        else:
            text = t(
                "Column {column!r}: the category {shown!r} holds {synthetic:.1%} of the rows, "
                "{real:.1%} in the real table.",
                **told_of,
            )
            out.append(Fault("category share", (value.column,), text, size))
    return out
