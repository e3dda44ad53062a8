"""The rows of a report's tables on privacy: each figure beside its floor and its baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from interfuse.evaluate.figures import figure
from interfuse.evaluate.findings import Faults, privacy_faults
from interfuse.evaluate.inference import Inference, attribute_inference
from interfuse.evaluate.interval import Z
from interfuse.evaluate.measure import Limits
from interfuse.evaluate.membership import Membership, membership
from interfuse.evaluate.privacy import Closest, Copies, closest, exact_copies
from interfuse.evaluate.rows import Rows, of_share
from interfuse.evaluate.table import Table

BASELINE_ROWS = 3_000
"""Rows of a baseline whose distances are measured."""


@dataclass(frozen=True)
class Private:
    """What was found about privacy.

    Attributes:
        rows: The figures.
        secrets: A row per secret.
        faults: The findings.
    """

    rows: Rows
    secrets: Rows
    faults: Faults


def privacy_rows(
    train: Table,
    copy: Table,
    held: Table | None,
    baselines: Mapping[str, Table],
    secrets: Sequence[str],
    *,
    limits: Limits,
    seed: int,
    level: float,
) -> Private:
    """Measure privacy.

    Args:
        train: The real rows.
        copy: The synthetic rows.
        held: Unseen real rows, or None.
        baselines: Tables by the name of their column in the report.
        secrets: Columns that an attacker wants to know; needs `held`.
        limits: Row limits.
        seed: Seed of all sampling.
        level: Probability with which chance explains a single finding.
    """
    copies = exact_copies(train, copy, held)
    # Fewer rows of a baseline look for theirs: its figures need no small error.
    rng = np.random.default_rng([seed, 15])
    few = {name: table.sample(BASELINE_ROWS, rng) for name, table in baselines.items()}
    near = closest(train, copy, held, seed=seed, limit=limits.closest)
    far = {
        name: closest(train, table, held, seed=seed, limit=limits.closest)
        for name, table in few.items()
    }
    rows = [
        *_share_row(near, far),
        _copies_row(train, copy, held, baselines, copies),
        *_nearness_rows(near, far, held),
    ]
    attack: Membership | None = None
    guesses: list[Inference] = []
    if held is not None:
        attack, found = _membership_rows(train, copy, held, few, limits, seed)
        rows += found
        guesses, found = _inference_rows(train, copy, held, few, secrets, limits, seed)
        rows += found
    faults = privacy_faults(
        copies,
        near,
        attack,
        guesses,
        rows=copy.rows,
        reference_rows=held.rows if held else train.rows,
        level=level,
    )
    return Private(rows, [asdict(guess) for guess in guesses], faults)


def _share_row(near: Closest, far: Mapping[str, Closest]) -> Rows:
    """Return the share of rows nearer to training rows; nothing without a hold-out."""
    if near.share is None or near.error is None:
        return []
    row = figure(
        "privacy.dcr_share",
        near.share,
        floor=0.5,
        spread=near.error,
        error=near.error,
        baselines={name: one.share for name, one in far.items()},
    )
    return [row]


def _instead(held: Table | None) -> dict[str, str]:
    """Return what a report says of the floor if there are no unseen rows."""
    return {} if held else {"floor_is": "the same of other real rows"}


def _copies_row(
    train: Table,
    copy: Table,
    held: Table | None,
    baselines: Mapping[str, Table],
    copies: Copies,
) -> dict[str, Any]:
    chance = {name: exact_copies(train, table, held) for name, table in baselines.items()}
    return figure(
        "privacy.copies",
        100 * copies.synthetic,
        floor=100 * copies.reference,
        changes=_instead(held) | of_share(copies.synthetic, copy.rows),
        baselines={name: 100 * one.synthetic for name, one in chance.items()},
    )


def _nearness_rows(near: Closest, far: Mapping[str, Closest], held: Table | None) -> Rows:
    """Return how near the nearest rows are, and how they single a training row out."""
    return [
        figure(
            "privacy.nearness",
            near.nearness,
            floor=near.reference,
            error=near.nearness_sd,
            changes=_instead(held),
            baselines={name: one.nearness for name, one in far.items()},
        ),
        figure(
            "privacy.nearest_ratio",
            near.ratio,
            floor=near.ratio_reference,
            error=near.ratio_sd,
            changes=_instead(held),
            baselines={name: one.ratio for name, one in far.items()},
        ),
    ]


def _membership_rows(
    train: Table,
    copy: Table,
    held: Table,
    baselines: Mapping[str, Table],
    limits: Limits,
    seed: int,
) -> tuple[Membership | None, Rows]:
    def attacked(table: Table) -> Membership | None:
        return membership(train, table, held, seed=seed, limit=limits.attacked)

    attack = attacked(copy)
    if attack is None:
        return None, []
    rest = {name: attacked(table) for name, table in baselines.items()}
    rows = []
    for how in ("distance", "density"):
        area, error = getattr(attack, how)
        loose = {n: getattr(one, how)[0] for n, one in rest.items() if one is not None}
        key = f"privacy.membership_{how}"
        rows.append(figure(key, area, floor=0.5, error=error, baselines=loose))
    return attack, rows


def _inference_rows(
    train: Table,
    copy: Table,
    held: Table,
    baselines: Mapping[str, Table],
    secrets: Sequence[str],
    limits: Limits,
    seed: int,
) -> tuple[list[Inference], Rows]:
    """Return the guesses of all secrets, and the figure of the secret that is guessed best."""

    def guess(table: Table, secret: str) -> Inference:
        few = {"seed": seed, "attacks": limits.secrets, "limit": limits.closest}
        return attribute_inference(train, table, held, secret, **few)

    guesses = [guess(copy, secret) for secret in secrets]
    if not guesses:
        return [], []
    worst = max(guesses, key=lambda one: one.risk)
    row = figure(
        "privacy.inference",
        worst.risk,
        floor=0.0,
        error=worst.error / Z,
        changes={"name": f"Attribute inference risk ({worst.secret})"},
        baselines={name: guess(table, worst.secret).risk for name, table in baselines.items()},
    )
    return guesses, [row]
