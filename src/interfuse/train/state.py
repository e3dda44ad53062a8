"""Everything a fit needs to go on as if it had never stopped, in one safetensors file.

Weights, average, best average, optimiser moments and counters: tensors under prefixed names, the
rest as JSON in the file's metadata, so that one rename makes the whole checkpoint appear. Random
draws need no state: step k of a fit with seed s uses a generator seeded by (s, k), and epoch e
visits the rows in an order seeded by (s, e).
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from interfuse.errors import RunError
from interfuse.io.files import replacing


@dataclass
class Progress:
    """Counters of a fit.

    Attributes:
        step: optimiser steps done.
        examples: records seen, with repetition.
        seconds: training time, over all sittings.
        best: lowest held-out loss of the average so far; infinite before the first evaluation.
        best_examples: when that was.
        since_best: evaluations since then.
        interval: examples between evaluations; 0 until the speed is known.
        next_evaluation: examples at which the next one is due.
        decay_from: examples at which the decay of the learning rate started; None before.
        decay_examples: how long the decay takes.
        plateau: whether it started because the held-out loss stopped falling.
        rate_scale: factor on the learning rate; halved when training had to be rescued.
        skipped: steps dropped because the loss or its gradient was not finite.
        reason: why training stopped; empty while it goes on.
        curve: (examples, seconds, training loss, held-out loss) at each evaluation.
    """

    step: int = 0
    examples: int = 0
    seconds: float = 0.0
    best: float = float("inf")
    best_examples: int = 0
    since_best: int = 0
    interval: int = 0
    next_evaluation: int = 0
    decay_from: int | None = None
    decay_examples: int = 0
    plateau: bool = False
    rate_scale: float = 1.0
    skipped: int = 0
    reason: str = ""
    curve: list[tuple[int, float, float, float]] = field(default_factory=list)


@dataclass
class Checkpoint:
    """Tensors by role and name, and the counters."""

    tensors: dict[str, dict[str, Tensor]]
    progress: Progress
    settings: dict[str, object]

    def save(self, path: Path) -> None:
        """Write to a temporary name, then rename over `path`."""
        flat = {
            f"{role}/{name}": tensor.detach().cpu().contiguous()
            for role, named in self.tensors.items()
            for name, tensor in named.items()
        }
        progress = asdict(self.progress)
        progress["best"] = None if self.progress.best == float("inf") else self.progress.best
        meta = {"progress": json.dumps(progress), "settings": json.dumps(self.settings)}
        # Straight to the file: as bytes in memory it would all be there twice more.
        with replacing(path) as temporary:
            try:
                save_file(flat, temporary, meta)
            except SafetensorError as error:
                code = re.search(r"os error (\d+)", str(error))
                raise OSError(int(code[1]) if code else 0, str(error)) from error
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        """Read a checkpoint.

        Raises:
            RunError: the file is missing or damaged.
        """
        tensors: dict[str, dict[str, Tensor]] = {}
        try:
            with safe_open(path, framework="pt") as f:
                meta = f.metadata()
                for key in f.keys():  # noqa: SIM118 (not a mapping)
                    role, name = key.split("/", 1)
                    tensors.setdefault(role, {})[name] = f.get_tensor(key)
            raw = json.loads(meta["progress"])
            settings = json.loads(meta["settings"])
        except FileNotFoundError:
            raise RunError(f"{path}: no checkpoint here, so there is nothing to resume.") from None
        except (SafetensorError, KeyError, ValueError, TypeError, OSError) as error:
            raise RunError(
                f"{path}: the checkpoint is damaged ({error}). Fit again without --resume."
            ) from error
        raw["best"] = float("inf") if raw["best"] is None else raw["best"]
        raw["curve"] = [tuple(point) for point in raw["curve"]]
        return cls(tensors, Progress(**raw), settings)
