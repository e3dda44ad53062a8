"""What `run.json` must hold: an entry that was edited or lost is one clear error, not a wrong fit.

Checksums cover the other parts of a run folder; `run.json`, which holds them, has none. Only what
is read again is declared, so that older runs and the user's own entries pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from msgspec import Meta, Struct

from interfuse.errors import RunError
from interfuse.io.records import checked, short

ADVICE = "Restore the file or fit again."
Count = Annotated[int, Meta(ge=0)]
Some = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Seed = Annotated[int, Meta(extra={"words": "a whole number from 0"})]
"""Of any size: JSON and Python have no largest number."""
Point = tuple[float, float, float | None, float | None]
_CURVE = Meta(extra={"words": "a list of [examples, seconds, loss, held-out loss]"})


class Budget(Struct):
    """What a fit may spend."""

    seconds: float | None
    examples: Count | None


class Data(Struct):
    """What was fitted."""

    source: str
    rows: Count
    sha256: str
    path: str | None = None


class Machine(Struct):
    """Where it was fitted."""

    threads: Some = 1


class Settings(Struct):
    """How it was trained, as far as that is read again."""

    precision: str


class Turns(Struct):
    """When training evaluated, and when its rate fell."""

    first_evaluation: Count
    decay_from: Count | None
    decay_examples: Count


class Calibration(Struct):
    """Rounds and blocks of what follows training."""

    pair_rounds: Count
    pair_blocks: Count
    last_rounds: Count
    last_blocks: Count


class Training(Struct):
    """How training went."""

    examples: Count
    seconds: float
    reason: str
    held_out_loss: float | None
    held_out_rows: Count
    best_examples: Count
    curve: Annotated[list[Point], _CURVE]
    device: str
    settings: Settings
    schedule: Turns | None = None
    calibration: Calibration | None = None


class Begun(Struct):
    """Written when a fit begins."""

    seed: Seed
    budget: Budget
    data: Data
    keep_rows: bool = True
    balance: str | None = None
    schedule: dict[str, Any] | None = None


class Done(Begun, kw_only=True):
    """Of a fit that is done."""

    sha256: dict[str, str]
    versions: dict[str, Any]
    machine: Machine
    training: Training


Written = TypeVar("Written", bound=Begun)


def check(file: Path, record: Mapping[str, Any], kind: type[Written]) -> Written:
    """A record as what it must be.

    Raises:
        RunError: the first entry that is missing or of another type.
    """
    found = checked(record, kind, str(file), RunError, ADVICE)
    if found.seed < 0:
        raise RunError(
            f"{file}: seed is {short(found.seed)}; expected a whole number from 0. {ADVICE}"
        )
    return found
