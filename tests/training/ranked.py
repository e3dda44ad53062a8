"""One small fit, by one process or by several; as a program, what torchrun starts."""

import sys
from typing import cast

import numpy as np
import polars as pl
import torch

from interfuse.io.origin import Origin
from interfuse.kinds.table.infer import schema_of
from interfuse.kinds.table.learn.objective import Rows, TableObjective, table_gaussian
from interfuse.kinds.table.learn.setup import network_for
from interfuse.kinds.table.prepared import in_memory
from interfuse.train.budget import Budget
from interfuse.train.ranks import ranks
from interfuse.train.settings import Settings
from interfuse.train.trainer import Trainer

STEPS = 12


def trained(parts=None):
    """A trainer that is done: each batch is cut into so many parts, one a process if None."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=600)
    frame = pl.DataFrame({"x": x, "y": x + rng.normal(size=600), "c": (x > 0.3).astype(int)})
    frame = frame.with_columns(y=pl.when(pl.col("c") == 1).then(None).otherwise("y"))
    made = in_memory(frame, schema_of(frame, Origin()), 0)
    net = network_for(made.layout, 600, 0, made.scores, width=64)
    net.kernel = table_gaussian()
    trainer = Trainer(
        net,
        TableObjective(made.layout, net.kernel),
        cast(Rows, made.rows),
        made.held_out,
        Settings(batch=64),
        Budget(examples=64 * STEPS),
        torch.device("cpu"),
        ranks=ranks(),
        parts=parts,
    )
    list(trainer.run())
    return trainer


if __name__ == "__main__":
    torch.set_num_threads(1)
    done = trained()
    torch.save(
        {"weights": done.parameters.weight.detach(), "curve": done.progress.curve},
        f"{sys.argv[1]}/{ranks().rank}.pt",
    )
