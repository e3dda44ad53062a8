"""Rows that a rule does not give come back as often as they were, in small tables too."""

import numpy as np
import polars as pl
import pytest

import interfuse
from interfuse.kinds.table.rules.leftover import alike
from interfuse.kinds.table.rules.search import find

DRAWN = 4096


def totals(rows, gaps, odd):
    """price * quantity, missing in so many rows and another value in so many."""
    r = np.random.default_rng(rows)
    price, quantity = r.lognormal(4, 1, rows).round(2), r.integers(1, 40, rows)
    total = (price * quantity).round(2)
    where = r.permutation(rows)
    total[where[gaps : gaps + odd]] = r.lognormal(5, 1, odd).round(2)
    missing = np.isin(np.arange(rows), where[:gaps])
    columns = {"price": price, "quantity": quantity, "kind": r.choice(list("abc"), rows)}
    frame = pl.DataFrame({**columns, "total": total})
    return frame.with_columns(total=pl.when(~pl.Series(missing)).then("total"))


@pytest.mark.parametrize(("rows", "gaps", "odd"), [(60, 10, 0), (300, 50, 5)])
def test_gaps_and_exceptions_are_drawn_at_their_rate(rows, gaps, odd):
    frame = totals(rows, gaps, odd)
    model = interfuse.fit(frame, examples=6_000)
    drawn = model.generate(DRAWN)
    missing = drawn["total"].is_null().to_numpy()
    said = model.codec.derived["total"].said(drawn)
    other = ~alike(drawn["total"], said) & ~missing
    for seen, count in ((gaps, missing.sum()), (odd, other.sum())):
        # Of rows of probability p, both tables have a binomial number.
        p = seen / rows
        error = (p * (1 - p) * (1 / rows + 1 / DRAWN)) ** 0.5
        assert abs(count / DRAWN - p) <= 3 * error


@pytest.mark.parametrize(
    ("rows", "gaps", "odd", "learned", "rare"),
    [
        (60, 1, 1, {"missing"}, "1 of them too rare"),  # one row's value, not a share
        (400, 0, 3, {"exceptions"}, ""),
        (4000, 0, 19, set(), "19 of them too rare"),  # .48 % of the rows
        (4000, 4, 20, {"exceptions", "missing"}, ""),
        (4000, 3, 20, {"exceptions"}, "3 of them too rare"),
    ],
)
def test_what_is_truly_rare_is_said(rows, gaps, odd, learned, rare):
    frame = totals(rows, gaps, odd)
    kinds = {"price": "number", "quantity": "number", "kind": "category", "total": "number"}
    found = find(frame, kinds).rules["total"]
    assert (found.missing, found.broken) == (gaps, odd)
    assert set(found.options) - {"rule", "range"} == learned
    assert rare in found.note if rare else "rare" not in found.note
