"""The rows that a model keeps so that it can say how odd another row is.

Up to `MOST` training rows and, to calibrate p-values, the rows that were held back from training,
as cells. They are rows of the data: who must not pass these on leaves them out
(`dataclasses.replace(model, reference=None)` before saving, or delete `reference.safetensors`), and
rows drawn from the model take their place, at some cost in accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.fields import Encoded
from interfuse.kinds.table.learn.objective import Rows

MOST = 8192
MOST_HELD = 4096


@dataclass(frozen=True)
class Reference:
    """Cells of the rows kept.

    Attributes:
        codes, z: of training rows, in their order; z is NaN where a number is absent.
        held_codes, held_z: of rows that were not trained on; may be none.
    """

    codes: np.ndarray
    z: np.ndarray
    held_codes: np.ndarray
    held_z: np.ndarray

    @classmethod
    def of(cls, rows: Rows, held_out: Rows, seed: int) -> Reference:
        """Choose rows at random, the same for the same seed.

        Args:
            rows: what was trained on.
            held_out: what was not.
            seed: of the choice.
        """
        rng = np.random.default_rng([seed, 71])
        return cls(*_some(rows, MOST, rng), *_some(held_out, MOST_HELD, rng))

    def frames(self, codec: TableCodec) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows, and the rows held back."""
        return _frame(codec, self.codes, self.z), _frame(codec, self.held_codes, self.held_z)

    def arrays(self) -> dict[str, np.ndarray]:
        """What is stored."""
        return {k: np.ascontiguousarray(v) for k, v in vars(self).items()}


def _some(rows: Rows, most: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    n = len(rows)
    at = np.arange(n) if n <= most else np.sort(rng.choice(n, most, replace=False))
    codes, low, high = (t.cpu().numpy()[at] for t in (rows.codes, rows.low, rows.high))
    cells = Encoded(codes.astype(np.int32), low, high)
    return cells.codes, cells.scores.astype(np.float32)


def _frame(codec: TableCodec, codes: np.ndarray, z: np.ndarray) -> pl.DataFrame:
    return codec.decode(codes.astype(np.int64), z.astype(float), np.arange(len(codes)), keys=False)
