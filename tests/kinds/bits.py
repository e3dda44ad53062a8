"""A kind of its own, lines of bits of one length: one file, and no other is edited."""

import hashlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F

from interfuse.core.seeds import generator_for, seed_of
from interfuse.errors import DataError
from interfuse.io.files import write_json
from interfuse.io.schemafile import SchemaFile
from interfuse.kinds import Kind, Option, Verb, Words, register
from interfuse.kinds.option import ROWS, SEED
from interfuse.run.fitting import Notice
from interfuse.run.job import BaseJob, Ready, source_of, whole_record
from interfuse.run.model import BaseModel
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


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2 * width, 32), nn.GELU(), nn.Linear(32, width))

    def forward(self, codes, hidden):
        return self.body(torch.cat([(2.0 * codes - 1) * ~hidden, hidden.float()], 1))


@dataclass(frozen=True)
class BitsModel(BaseModel):
    schema: BitsSchema
    net: Net
    record: dict[str, Any]
    parts: ClassVar = Kind.parts

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

    def write_parts(self, folder):
        self.schema.save(folder / "schema.json")
        write_json(folder / "config.json", {"width": self.schema.width})
        weights = {name: p.detach().clone() for name, p in self.net.named_parameters()}
        save_file(weights, folder / "weights.safetensors")


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
        sha = hashlib.sha256(loaded.values.numpy().tobytes()).hexdigest()
        data = {"source": source_of(self.data), "rows": len(loaded), "path": str(self.data)}
        return {"kind": "bits", "rate": self.rate, "data": {**data, "sha256": sha}}

    def _prepare(self, loaded, budget):
        schema = BitsSchema(loaded.values.shape[1])
        self.listener(Notice("schema", f"{len(loaded)} lines", schema))
        with torch.random.fork_rng([]):
            torch.manual_seed(seed_of(self.seed, WEIGHTS))
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
        net = Net(parts["config.json"]["width"])
        net.load_state_dict(load_file(folder / "weights.safetensors"))
        return BitsModel(BitsSchema.from_json(parts["schema.json"]), net.eval(), record)

    def again(self, record):
        return {"rate": record["rate"]}

    def apart(self, first, again):
        one, two = (m.generate(50, seed=0) for m in (first, again))
        return float((one == two).mean()), float(abs(one - two).max())


KIND = register(BitsKind())
