r"""Attribute inference: can someone who knows all of a row but one cell guess that cell?

The attacker looks up the synthetic row that is closest in the other columns and guesses its value
of the secret. A category is guessed if it is equal, a number if it is within 5% of the truth. What
is the population's and not the person's can be guessed for people who were never trained on just as
well, so hold-out rows are attacked in the same way, as the control (the protocol of anonymeter,
Giomi et al., PoPETs 2023). With the rates :math:`r_T` and :math:`r_C` of both, at the centres of
their Wilson intervals,

.. math:: \mathrm{risk} = \frac{r_T - r_C}{1 - r_C}

is the share of what the population leaves unknown that the synthetic table gives away about
the rows it was made of. Its interval propagates the half widths of both rates. The rate of random
guesses, of a synthetic row's value at random, stands beside it: an attack below it says nothing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interfuse.errors import DataError
from interfuse.evaluate.distance import Space, nearest
from interfuse.evaluate.interval import wilson
from interfuse.evaluate.table import Floats, Table

TOLERANCE = 0.05
ATTACKS = 2_000


@dataclass(frozen=True)
class Inference:
    """How well a secret column can be guessed.

    Attributes:
        secret: The column.
        rate: Share of training rows whose secret was guessed.
        control: The same of unseen rows.
        random: The same of training rows by random guesses.
        risk: What the rates say about the training rows beyond the population.
        error: Half width of the 95% interval of `risk`.
        attacks: Training rows attacked.
        controls: Unseen rows attacked.
    """

    secret: str
    rate: float
    control: float
    random: float
    risk: float
    error: float
    attacks: int
    controls: int


def check_secrets(table: Table, secrets: tuple[str, ...]) -> None:
    """Raise DataError when a secret is no compared column, or the only one."""
    for name in secrets:
        if name not in table.kinds:
            raise DataError(
                f"the secret {name!r} is not among the compared columns: "
                f"{', '.join(map(repr, table.kinds))}"
            )
    if secrets and len(table.kinds) < 2:
        raise DataError(f"the secret {secrets[0]!r} is the only column; there is nothing to know")


def attribute_inference(
    train: Table,
    synthetic: Table,
    holdout: Table,
    secret: str,
    *,
    seed: int = 0,
    attacks: int = ATTACKS,
    limit: int = 20_000,
) -> Inference:
    """Attack one secret.

    Args:
        train: Rows that the synthesiser was trained on.
        synthetic: Its rows, encoded together with `train`.
        holdout: Rows that it has not seen.
        secret: The column to guess; rows that lack it are not attacked.
        seed: Seed of all sampling.
        attacks: Most rows attacked in either table.
        limit: Most synthetic rows searched.
    """
    rng = np.random.default_rng([seed, 8])
    rows = synthetic.sample(limit, rng)
    space = Space(train, without=secret)
    points = space.place(rows)
    values = rows.column(secret)

    def attack(table: Table) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        known = table.take(np.flatnonzero(~table.missing(secret)))
        some = known.take(rng.permutation(known.rows)[:attacks])
        truth = some.column(secret)
        if not some.rows:
            return np.zeros(0, dtype=bool), np.zeros(0, dtype=bool)
        _, _, where = nearest(space.place(some), points)
        blind = rng.integers(rows.rows, size=some.rows)
        is_number = secret in table.numbers
        return guessed(values[where], truth, is_number), guessed(values[blind], truth, is_number)

    (hits, blind), (others, _) = attack(train), attack(holdout)
    risk, error = risk_of(int(hits.sum()), len(hits), int(others.sum()), len(others))
    return Inference(
        secret, _share(hits), _share(others), _share(blind), risk, error, len(hits), len(others)
    )


def _share(found: NDArray[np.bool_]) -> float:
    return float(found.mean()) if len(found) else float("nan")


def guessed(guess: Floats, truth: Floats, is_number: bool) -> NDArray[np.bool_]:
    """Return which guesses count as right; a missing guess is wrong."""
    if is_number:
        with np.errstate(invalid="ignore"):
            near = np.abs(guess - truth) <= TOLERANCE * np.abs(truth)
        return (near & np.isfinite(truth)) | (guess == truth)  # all is near infinity
    return guess == truth


def risk_of(hits: int, attacks: int, controls_hit: int, controls: int) -> tuple[float, float]:
    """Return the risk and the half width of its 95% interval, from counts."""
    (rate, a), (control, b) = wilson(hits, attacks), wilson(controls_hit, controls)
    if not control < 1:
        return float("nan"), float("nan")
    by_rate, by_control = 1 / (1 - control), (rate - 1) / (1 - control) ** 2
    return (rate - control) / (1 - control), float(np.hypot(a * by_rate, b * by_control))
