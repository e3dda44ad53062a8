"""ForestDiffusion as a rival that fills missing cells, in its own virtual environment.

One process fits and one fills a pattern (`benchmarks.rivals.forest_filling`), on the core and with
the threads of the caller. The fit gets the budget of interfuse's; so do the draws of a pattern:
there are as many as it has time for, at least one, at most those asked for.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import weakref
from pathlib import Path

import numpy as np

from benchmarks.common import ONE_THREAD
from benchmarks.environments import environment
from benchmarks.imputers import ImputerFailed, Matrix, point_of
from benchmarks.rivals.cell import ROOT
from benchmarks.rivals.methods import METHODS

GRACE = 60.0
"""Seconds beyond the budget after which a fit, or a first draw, is ended."""


class Forest:
    """ForestDiffusion fitted to a matrix.

    Args:
        train: the training rows.
        seed: of fit and draws.
        python: of its environment, see `environment_of`.
        seconds: budget of the fit, and of the draws of each pattern.

    Attributes:
        settings: what it was fitted with, in words.

    Raises:
        ImputerFailed: the fit failed or did not end in time.
    """

    def __init__(self, train: Matrix, seed: int, python: Path, seconds: float) -> None:
        self.levels, self.seed, self.python, self.seconds = train.levels, seed, python, seconds
        self.folder = Path(tempfile.mkdtemp(prefix="forest-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        np.savez(self.folder / "train.npz", values=train.values, levels=np.array(train.levels))
        self._run("fit")
        said = json.loads((self.folder / "fitted.json").read_text(encoding="utf-8"))
        self.settings: str = said["settings"]

    def draw(self, rows: np.ndarray, draws: int) -> tuple[np.ndarray, np.ndarray]:
        """See `Imputer`; there may be fewer draws, as the time allows.

        Raises:
            ImputerFailed: not even one draw was made in time.
        """
        np.save(self.folder / "rows.npy", rows)
        (self.folder / "draws.json").write_text(json.dumps(draws), encoding="utf-8")
        self._run("draw")
        out = np.load(self.folder / "drawn.npy")
        gone = np.isnan(rows)
        point = np.where(gone, 0, rows)
        for j, k in enumerate(self.levels):
            point[gone[:, j], j] = point_of(out[:, gone[:, j], j], k)
        return out, point

    def _run(self, what: str) -> None:
        words = [str(self.python), "-m", "benchmarks.rivals.forest_filling", what]
        words += [str(self.folder), str(self.seconds), str(self.seed)]
        alone = {**os.environ, **ONE_THREAD, "TQDM_DISABLE": "1"}
        try:
            subprocess.run(
                words,
                cwd=ROOT,
                env=alone,
                check=True,
                capture_output=True,
                text=True,
                timeout=self.seconds + GRACE,
            )
        except subprocess.TimeoutExpired:
            done = {"fit": "fitted", "draw": "filled the rows once"}[what]
            raise ImputerFailed(f"had not {done} after {self.seconds:g} + {GRACE:g} s") from None
        except subprocess.CalledProcessError as error:
            lines = [line for line in error.stderr.splitlines() if line.strip()]
            reason = lines[-1].strip()[:300] if lines else f"ended {error.returncode}"
            raise ImputerFailed(reason) from None


def environment_of(cache: Path) -> Path:
    """The Python that has ForestDiffusion; its environment lies with those of the other rivals.

    Raises:
        ImputerFailed: its packages cannot be installed.
    """
    method = METHODS["forestdiffusion"]
    try:
        return environment(cache.absolute() / "environments" / method.module, method.packages)
    except subprocess.CalledProcessError as error:
        raise ImputerFailed(
            f"its packages cannot be installed (pip ended {error.returncode})"
        ) from None
