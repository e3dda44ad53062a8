"""What a fit will cost, said before it starts.

Memory is counted, not guessed: what the process has (`run.cost`), the frame, the encoded cells (4
bytes a code, 8 bytes a number's interval; four copies while rows are held out and put back), the
weights in training and one batch of activations. For four tables of 12,000 to 1,000,000 rows and 10
to 100 columns it was 1 % below to 9 % above the measured peak. Time to the first step is that of
reading and encoding, measured at about 0.7 microseconds a cell on one core of 2023; training takes
what the budget says.
"""

from __future__ import annotations

from dataclasses import dataclass

from interfuse.kinds.table.net.network import TableNet
from interfuse.run.cost import peak, weights_bytes
from interfuse.train.budget import Budget

ENCODE_SECONDS_PER_CELL = 0.7e-6
SUSTAINED_FLOPS = {"bf16": 1.0e11, "fp32": 0.5e11}
CODE_COPIES = 4
IN_MEMORY = 1 << 18
"""Encoded rows that a fit out of core has in memory: a piece, later a sample."""
PASSES = 3
"""Out of core, in units of the one pass in memory: looked at, learned, encoded and shuffled."""


@dataclass(frozen=True)
class Estimate:
    """Expected cost of a fit.

    Attributes:
        memory: bytes at the peak.
        prepare_seconds: until the first step.
        train_seconds: at most; a plateau may end it earlier.
        examples: records that will be seen, at most.
        disk: bytes of the temporary folder; 0 in memory.
    """

    memory: float
    prepare_seconds: float
    train_seconds: float
    examples: int
    disk: float = 0.0

    def __str__(self) -> str:
        minutes = self.train_seconds / 60
        time = f"{self.train_seconds:.0f} s" if minutes < 2 else f"{minutes:.0f} min"
        disk = f" and {self.disk / 1e9:.1f} GB of disk, out of core" if self.disk else ""
        return (
            f"about {self.memory / 1e9:.1f} GB of memory{disk}, {self.prepare_seconds:.0f} s to "
            f"prepare and at most {time} to train ({self.examples:,} examples)"
        )


def estimate(
    rows: int,
    columns: int,
    frame_bytes: float,
    net: TableNet,
    batch: int,
    budget: Budget,
    precision: str,
    disk: float = 0.0,
) -> Estimate:
    """Cost of a fit of `net` to a table.

    Args:
        rows: rows of the table.
        columns: its columns.
        frame_bytes: of the table that are not in memory yet.
        net: the network.
        batch: records a step.
        budget: of seconds, examples or both.
        precision: "bf16" or "fp32".
        disk: bytes of encoded rows that are not in memory; `frame_bytes` are of a piece then.
    """
    q, p = len(net.sizes), net.numbers
    encoded = (rows if not disk else min(rows, IN_MEMORY)) * (4.0 * q + 8.0 * p)
    activations = 4.0 * batch * (4 * net.values + net.depth * 6 * net.width)
    speed = _speed(net, precision)
    examples = int(budget.left(0, 0, speed))
    passes = PASSES if disk else 1
    return Estimate(
        memory=peak(frame_bytes + CODE_COPIES * encoded + weights_bytes(net) + activations),
        prepare_seconds=1 + passes * rows * columns * ENCODE_SECONDS_PER_CELL,
        train_seconds=examples / speed,
        examples=examples,
        disk=disk,
    )


def expected_examples(net: TableNet, budget: Budget, precision: str) -> float:
    """How many records a fit on one core will see; the same whatever else the machine does."""
    return budget.left(0, 0, _speed(net, precision))


def _speed(net: TableNet, precision: str) -> float:
    """Records a second that a core of 2023 trains on."""
    return SUSTAINED_FLOPS[precision] / (6 * sum(i * o for i, o in net.products()))
