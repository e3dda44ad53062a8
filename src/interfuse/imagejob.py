"""One fit of images from beginning to end: read, train, keep.

`interfuse.fitting` states what every fit does alike. Besides, a grid of draws of the averaged
weights is written into `previews/` of the run folder now and then: after `PREVIEW_SECONDS`, or
later if drawing the last one took more than a `PREVIEW_SHARE` of the time since. The draws have one
seed, so that the pictures show the same images coming into being; training is the same with or
without them.
"""

from __future__ import annotations

import copy
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from interfuse import store
from interfuse.data.images import (
    ImageSchema,
    ImageSet,
    fingerprint,
    grid,
    read_images,
    write_png,
)
from interfuse.errors import DataError
from interfuse.fitting import (
    CHECKPOINT_SECONDS,
    Listener,
    Notice,
    as_given,
    drive,
    machine,
    resume,
    same_data,
    start,
    training_record,
    versions,
)
from interfuse.imagemodel import SCORE_SEED, ImageModel, score_pixels
from interfuse.questions.images import BLOCK, STEPS, ImageSampler
from interfuse.training.budget import Budget
from interfuse.training.images import (
    ImageObjective,
    ImageRows,
    image_network_for,
    image_settings_for,
)
from interfuse.training.precision import choose_device, choose_precision
from interfuse.training.setup import hold_out
from interfuse.training.state import Checkpoint
from interfuse.training.trainer import Event, Trainer

EXAMPLES_PER_IMAGE = 200
FEWEST_EXAMPLES = 100_000
MOST_EXAMPLES = 1_000_000
PREVIEWS = 32
PREVIEW_SECONDS = 15.0
PREVIEW_SHARE = 0.05
MOST_SCORED = 256
RUNTIME_BYTES = 350e6
WEIGHT_COPIES = 8


@dataclass(frozen=True)
class ImageEstimate:
    """Expected cost of a fit.

    Attributes:
        memory: bytes at the peak, activations of a batch left out.
        examples: images that will be seen, at most; None where the budget is in seconds.
        seconds: of training, at most; None where the budget is in examples.
    """

    memory: float
    examples: int | None
    seconds: float | None

    def __str__(self) -> str:
        most = f"{self.examples:,} images" if self.seconds is None else f"{self.seconds:.0f} s"
        return f"about {self.memory / 1e9:.1f} GB of memory, training for at most {most}"


@dataclass
class ImageJob:
    """The arguments of one fit; see `interfuse.fit`."""

    data: Any
    labels: Any
    schema: ImageSchema | str | Path | None
    size: tuple[int, int] | None
    column: str | None
    seconds: float | None
    examples: int | None
    seed: int
    device: str | None
    precision: str
    listener: Listener
    budget: Budget | None = None
    _budget: Budget = field(init=False)

    def run(self) -> ImageModel:
        """Fit without a folder."""
        images = self._load()
        record = self._record(images)
        trainer, schema = self._prepare(images), images.schema
        del images
        drive(trainer, None, self.listener)
        return self._model(schema, trainer, record)

    def run_in(self, folder: Path, *, again: bool) -> ImageModel:
        """Fit in a folder that is locked and prepared; go on with what is there if `again`."""
        checkpoint, before = None, None
        if again:
            before = store.unfinished(folder)
            checkpoint = Checkpoint.load(folder / store.CHECKPOINT)
            self.seed = int(before["seed"])
            self.schema, self.size = ImageSchema.load(folder / "schema.json"), None
            self.seconds, self.examples = before["budget"]["seconds"], before["budget"]["examples"]
        images = self._load()
        record = self._record(images)
        if before is not None:
            same_data(folder, before, record["data"])
        trainer, schema = self._prepare(images), images.schema
        del images
        if checkpoint is not None:
            resume(trainer, checkpoint, self.listener)
        else:
            start(folder, schema, record)
        previews = Previews(folder, schema, trainer, self.listener)
        drive(trainer, folder, self.listener, every=CHECKPOINT_SECONDS, between=previews)
        model = self._model(schema, trainer, record)
        model.write_parts(folder)
        store.finish(folder, model.record)
        return model

    def _load(self) -> ImageSet:
        """The images, and words about what they are."""
        schema = self.schema
        if schema is not None and not isinstance(schema, ImageSchema):
            schema = ImageSchema.load(schema)

        def tell(done: int, total: int) -> None:
            self.listener(Notice("reading", f"{done:,} of {total:,} images", (done, total)))

        images = read_images(
            self.data,
            labels=self.labels,
            schema=schema,
            size=self.size,
            column=self.column,
            tell=tell,
        )
        s = images.schema
        self.listener(Notice("schema", f"{len(images):,} images", s))
        for line in images.skipped.lines():
            self.listener(Notice("warning", line))
        if images.reduced:
            self.listener(
                Notice(
                    "warning",
                    f"{images.reduced:,} images show more than the schema's channels hold and were "
                    "converted; set 'channels' in the schema to keep it",
                )
            )
        alone = [name for name, k in zip(s.classes, s.counts, strict=False) if k == 1]
        if alone:
            names = ", ".join(map(repr, alone[:5])) + (", ..." if len(alone) > 5 else "")
            self.listener(
                Notice("warning", f"one image only of class {names}: draws of it will be copies")
            )
        if len(images) < 2:
            raise DataError(f"{self.data}: has {len(images)} image; expected at least 2. Add more.")
        return images

    def fingerprint(self) -> str:
        """SHA-256 of the data as `run.json` has it."""
        return fingerprint(self._load())

    def _record(self, images: ImageSet) -> dict[str, Any]:
        """What `run.json` says of the beginning; also settles the budget."""
        n = len(images)
        examples = self.examples
        if self.seconds is None and examples is None:
            examples = min(max(EXAMPLES_PER_IMAGE * n, FEWEST_EXAMPLES), MOST_EXAMPLES)
        self._budget = self.budget or Budget(self.seconds, examples)
        is_path = isinstance(self.data, str | Path)
        source = Path(self.data).name if is_path else type(self.data).__module__.split(".")[0]
        return {
            "kind": "images",
            "seed": self.seed,
            "budget": asdict(self._budget),
            "data": {
                "source": source,
                "rows": n,
                "sha256": fingerprint(images),
                **as_given(path=self.data, labels=self.labels, column=self.column),
                "skipped": images.skipped.count,
                "skipped_first": [list(pair) for pair in images.skipped.first],
            },
        }

    def _prepare(self, images: ImageSet) -> Trainer:
        schema, n = images.schema, len(images)
        device = choose_device(self.device)
        precision = choose_precision(self.precision, device)
        classes = len(schema.classes)
        net = image_network_for(schema.shape, classes, n, self.seed)
        pixels = torch.from_numpy(schema.extend(images.pixels))
        weights = 4.0 * sum(p.numel() for p in net.parameters()) * WEIGHT_COPIES
        cost = ImageEstimate(
            RUNTIME_BYTES + 2.0 * pixels.numel() + weights,
            self._budget.examples,
            self._budget.seconds,
        )
        self.listener(Notice("estimate", str(cost), cost))
        rows, held_out = hold_out(ImageRows(pixels, torch.from_numpy(images.labels)), self.seed)
        return Trainer(
            net=net,
            objective=ImageObjective(classes),
            rows=rows,
            held_out=held_out,
            settings=image_settings_for(schema.shape, len(rows), self.seed, precision),
            budget=self._budget,
            device=device,
        )

    def _model(self, schema: ImageSchema, trainer: Trainer, record: dict[str, Any]) -> ImageModel:
        """The fitted model: averaged weights of the lowest held-out loss, and how they came."""
        trainer.use_best()
        net = trainer.net.eval()
        held = trainer.held_out.take(torch.arange(min(len(trainer.held_out), MOST_SCORED)))
        scores: tuple[float, ...] = ()
        if len(held):
            self.listener(Notice("calibrate", "scoring the images that were held out"))
            sampler = ImageSampler(
                net, schema.shape, len(schema.classes), SCORE_SEED, STEPS, 1.0, trainer.device
            )
            scores = tuple(np.sort(score_pixels(sampler, held.pixels.numpy())).tolist())
        full = {
            **record,
            "versions": versions(),
            "machine": machine(),
            "training": training_record(trainer),
        }
        return ImageModel(schema, net.cpu(), scores, full)


class Previews:
    """Writes a grid of draws into the run folder now and then.

    Args:
        folder: the run folder.
        schema: of the images.
        trainer: whose averaged weights draw.
        listener: told of each picture.
    """

    def __init__(
        self, folder: Path, schema: ImageSchema, trainer: Trainer, listener: Listener
    ) -> None:
        self.folder = folder / store.PREVIEWS
        self.schema = schema
        self.trainer = trainer
        self.listener = listener
        self.cost = 0.0
        self.last = time.monotonic()

    def __call__(self, event: Event) -> None:
        """Take in what happened; draw if it is time."""
        waited = time.monotonic() - self.last
        due = waited >= max(PREVIEW_SECONDS, self.cost / PREVIEW_SHARE)
        if not (due or event.kind == "stopped"):
            return
        begin = time.monotonic()
        self.folder.mkdir(exist_ok=True)
        path = self.folder / f"{event.progress.examples:010d}.png"
        write_png(grid(self.draw(), columns=8), path)
        self.last = time.monotonic()
        self.cost = self.last - begin
        self.listener(Notice("preview", f"preview: {path}", path))

    @torch.no_grad()
    def draw(self) -> np.ndarray:
        """(n, c, h, w): classes in turn, or no class if there are none."""
        net = copy.deepcopy(self.trainer.net).eval()
        average = (
            self.trainer.weights() if self.trainer.progress.reason else (self.trainer.ema.state())
        )
        for name, parameter in net.named_parameters():
            parameter.copy_(average[name])
        classes = len(self.schema.classes)
        sampler = ImageSampler(net, self.schema.shape, classes, 0, STEPS, 1.0, self.trainer.device)
        labels = torch.arange(BLOCK) % max(classes, 1)
        pixels = sampler.batch(0, labels=labels)[: min(PREVIEWS, BLOCK)]
        return self.schema.cut(pixels.cpu().numpy())
