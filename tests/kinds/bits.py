"""A kind of its own, lines of bits of one length: one file, and no other is edited."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from interfuse.core.seeds import generator_for, seeded
from interfuse.errors import DataError
from interfuse.io.read import fingerprint
from interfuse.io.schemafile import SchemaFile
from interfuse.kinds import Kind, Option, Verb, Words, register
from interfuse.kinds.option import ROWS, SEED
from interfuse.run.fitting import Notice
from interfuse.run.job import BaseJob, Ready, source_of, whole_record
from interfuse.run.plain import PlainModel
from interfuse.train.budget import Budget
from interfuse.train.hold_out import hold_out
from interfuse.train.plain import Mean, Tensors
from interfuse.train.settings import Settings
from interfuse.train.trainer import Trainer

WEIGHTS, DRAW = 1000, 1001  # streams of kinds from outside begin at 1000


@dataclass(frozen=True)
class BitsSchema(SchemaFile):
    width: int
    kind = "bits"

    def to_json(self):
        return {"width": self.width}

    @classmethod
    def from_json(cls, d):
        return cls(int(d["width"]))


class Goal:
    """Hide a random share of the bits and predict them: the bound of the masked chain."""

    names, advice = ("bits",), "use a smaller rate"

    def corrupt(self, rows, generator):
        share = torch.rand(len(rows), 1, generator=generator)
        return rows.values, torch.rand(rows.values.shape, generator=generator) < share

    def loss(self, net, noisy):
        said, truth = net(*noisy)[noisy[1]], noisy[0][noisy[1]].float()
        return Mean(F.binary_cross_entropy_with_logits(said, truth)[None])


class Net(nn.Sequential):
    def __init__(self, width):
        super().__init__(nn.Linear(2 * width, 32), nn.GELU(), nn.Linear(32, width))

    def config(self):
        return {"width": self[2].out_features}

    def forward(self, codes, hidden):  # pyright: ignore[reportIncompatibleMethodOverride]
        return super().forward(torch.cat([(2.0 * codes - 1) * ~hidden, hidden.float()], 1))


class BitsModel(PlainModel):
    def impute(self, codes, *, seed=0):
        """Unknown bits are -1; in each row they appear one after the other, in random order."""
        out = torch.tensor(np.asarray(codes))
        for i, row in enumerate(out):
            g = generator_for(seed, DRAW, i)
            for j in torch.randperm(self.schema.width, generator=g).tolist():
                if row[j] < 0:
                    said = self.net(row.clamp_min(0)[None], (row < 0)[None])[0, j]
                    row[j] = int(torch.rand((), generator=g) < said.detach().sigmoid())
        return out.numpy()

    def generate(self, n, *, seed=0):
        return self.impute(np.full((n, self.schema.width), -1), seed=seed)


@dataclass(kw_only=True)
class BitsJob(BaseJob[Tensors, BitsModel]):
    data: Any
    schema: Any = None
    rate: float = 0.01

    def _load(self):
        lines = Path(self.data).read_text(encoding="utf-8").split()
        if {c for line in lines for c in line} != {"0", "1"} or len(set(map(len, lines))) != 1:
            raise DataError(f"{self.data}: is not bits; expected lines of 0 and 1 of one length.")
        return Tensors(torch.tensor([[int(c) for c in line] for line in lines]))

    def _budget(self, loaded):
        return Budget(self.seconds, self.examples or (None if self.seconds else 20_000))

    def _words(self, loaded):
        data = {"source": source_of(self.data), "rows": len(loaded), "path": str(self.data)}
        data["sha256"] = fingerprint(self.data)
        return {"kind": "bits", "rate": self.rate, "data": data}

    def _prepare(self, loaded, budget):
        schema = BitsSchema(loaded.values.shape[1])
        self.listener(Notice("schema", f"{len(loaded)} lines", schema))
        with seeded(self.seed, WEIGHTS, device=torch.device("cpu")):
            net = Net(schema.width)
        settings = Settings(seed=self.seed, batch=64, rate=self.rate, warm_up=500)
        rows = hold_out(loaded, self.seed)
        trainer = Trainer(net, Goal(), *rows, settings, budget, torch.device("cpu"))
        return Ready(trainer, schema, partial(self._model, schema, trainer))

    def _model(self, schema, trainer, record):
        trainer.use_best()
        return BitsModel(schema, trainer.net.eval(), whole_record(record, trainer))


def write(model, asked, *, rows=10, seed=0, reverse=False):
    drawn = model.generate(rows, seed=seed)[:, :: -1 if reverse else 1]
    Path(asked.target).write_text("".join("".join(map(str, row)) + "\n" for row in drawn))


class BitsKind(Kind):
    name = "bits"
    words = Words("bits", "bits", "of bits", "lines", "lines", "bits", "nothing")
    options = (Option("rate", "Of learning.", float),)
    reverse = Option("reverse", "Last bit first.", bool, False)
    verbs = (Verb("generate", "Draw lines.", "", (), write, (ROWS, SEED, reverse)),)

    def looks(self, data):
        return float(str(data).endswith(".bits"))

    def job(self, **options):
        return BitsJob(**options)

    def open(self, folder, record, parts):
        return BitsModel.opened(folder, record, parts, BitsSchema, Net)

    def again(self, record):
        return {"rate": record["rate"]}

    def apart(self, first, again):
        one, two = (m.generate(50, seed=0) for m in (first, again))
        return float((one == two).mean()), float(abs(one - two).max())


KIND = register(BitsKind())
