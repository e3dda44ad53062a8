"""One fit of images from beginning to end: read, train, keep.

`interfuse.run.job` states what every fit does alike. Besides, a grid of draws of the averaged
weights is written into `previews/` of the run folder now and then: after `PREVIEW_SECONDS`, or
later if drawing the last one took more than a `PREVIEW_SHARE` of the time since. The draws have one
seed, so that the pictures show the same images coming into being; training is the same with or
without them.
"""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from interfuse.errors import DataError
from interfuse.kinds.images.ask.fill import score_pixels
from interfuse.kinds.images.ask.sampler import BLOCK, ImageSampler
from interfuse.kinds.images.data import (
    ImageSchema,
    ImageSet,
    fingerprint,
    grid,
    read_images,
    write_png,
)
from interfuse.kinds.images.data.sources import called
from interfuse.kinds.images.learn import (
    ImageObjective,
    ImageRows,
    image_gaussian,
    image_network_for,
    image_settings_for,
)
from interfuse.kinds.images.model import SCORE_SEED, ImageModel
from interfuse.run import store
from interfuse.run.cost import activation_bytes, peak, weights_bytes
from interfuse.run.fitting import Listener, Notice, as_given
from interfuse.run.job import BaseJob, Ready, source_of, whole_record
from interfuse.train.budget import Budget
from interfuse.train.events import Event
from interfuse.train.hold_out import hold_out
from interfuse.train.precision import choose_device, choose_precision
from interfuse.train.settings import Settings
from interfuse.train.trainer import Trainer

EXAMPLES_PER_IMAGE = 200
FEWEST_EXAMPLES = 100_000
MOST_EXAMPLES = 1_000_000
PREVIEWS = 32
PREVIEW_SECONDS = 15.0
PREVIEW_SHARE = 0.05
MOST_SCORED, FEWER_SCORED = 256, 64
MEASURING, MEASURING_SHORT = 0.1, 0.3
"""Of what is left of a budget in seconds when training begins: for the last preview and for scoring
held-out images, which take as long in a long fit as in one of two minutes."""
SHORT, FEW_HELD, FEW_STEPS = 120.0, 64, 8
"""Fits of fewer seconds judge themselves by so few draws of held-out images, and draw previews in
so few steps."""


@dataclass(frozen=True)
class ImageEstimate:
    """Expected cost of a fit.

    Attributes:
        memory: bytes at the peak.
        budget: in images that will be seen, in seconds of training, or both.
    """

    memory: float
    budget: Budget

    def __str__(self) -> str:
        most = self.budget.limit("images")
        return f"about {self.memory / 1e9:.1f} GB of memory, training for at most {most}"


@dataclass(kw_only=True)
class ImageJob(BaseJob[ImageSet, ImageModel]):
    """The arguments of one fit; see `interfuse.fit`."""

    data: Any
    labels: Any
    schema: ImageSchema | str | Path | None
    size: tuple[int, int] | None
    column: str | None

    def _recall(self, folder: Path, before: dict[str, Any]) -> None:
        self.schema, self.size = ImageSchema.load(folder / "schema.json"), None

    def _between(self, folder: Path, ready: Ready[ImageModel]) -> Previews:
        steps = FEW_STEPS if self._short else None
        return Previews(folder, ready.schema, ready.trainer, self.listener, steps)

    def _load(self) -> ImageSet:
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
        for line in images.lines():
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
            raise DataError(
                f"{called(self.data)}: has {len(images)} image; expected at least 2. Add more."
            )
        return images

    def _budget(self, loaded: ImageSet) -> Budget:
        examples = self.examples
        if self.seconds is None and examples is None:
            examples = min(max(EXAMPLES_PER_IMAGE * len(loaded), FEWEST_EXAMPLES), MOST_EXAMPLES)
        return Budget(self.seconds, examples)

    def _words(self, loaded: ImageSet) -> dict[str, Any]:
        data = {
            "source": source_of(self.data),
            "rows": len(loaded),
            "sha256": fingerprint(loaded),
            **as_given(path=self.data, labels=self.labels, column=self.column),
            "skipped": loaded.skipped.count,
            "skipped_first": [list(pair) for pair in loaded.skipped.first],
        }
        return {"kind": "images", "data": data}

    def _prepare(self, loaded: ImageSet, budget: Budget) -> Ready[ImageModel]:
        schema, n = loaded.schema, len(loaded)
        device = choose_device(self.device)
        precision = choose_precision(self.precision, device)
        classes = len(schema.classes)
        net = image_network_for(schema.shape, classes, n, self.seed)
        net.kernel = image_gaussian(self.noise_schedule())
        pixels = torch.from_numpy(schema.extend(loaded.pixels))
        every = ImageRows(pixels, torch.from_numpy(loaded.labels))
        objective = ImageObjective(classes, gaussian=net.kernel)
        settings = image_settings_for(schema.shape, n, self.seed, precision)
        step = activation_bytes(net, objective, every, settings, device)
        cost = ImageEstimate(peak(1.0 * pixels.numel() + weights_bytes(net) + step), budget)
        self._tell_cost(cost, "Fit fewer images, or smaller ones (--size).")
        rows, held_out = hold_out(every, self.seed)
        trainer = Trainer(
            net=net,
            objective=objective,
            rows=rows,
            held_out=held_out,
            settings=self._quickened(
                image_settings_for(schema.shape, len(rows), self.seed, precision)
            ),
            budget=self.clock.training(budget, MEASURING_SHORT if self._short else MEASURING),
            device=device,
        )
        return Ready(trainer, schema, partial(self._model, schema, trainer))

    @property
    def _short(self) -> bool:
        """Whether a fit would do little but judge itself."""
        return self._limit is not None and self._limit < SHORT

    def _quickened(self, settings: Settings) -> Settings:
        return replace(settings, held_out_draws=FEW_HELD) if self._short else settings

    def _model(self, schema: ImageSchema, trainer: Trainer, record: dict[str, Any]) -> ImageModel:
        """The fitted model: averaged weights of the lowest held-out loss, and how they came."""
        trainer.use_best()
        net = trainer.net.eval()
        most = FEWER_SCORED if self._short else MOST_SCORED
        held = trainer.held_out.take(torch.arange(min(len(trainer.held_out), most)))
        scores: tuple[float, ...] = ()
        if len(held):
            self.listener(Notice("calibrate", "scoring the images that were held out"))
            sampler = ImageSampler(
                net, schema.shape, len(schema.classes), SCORE_SEED, device=trainer.device
            )
            scores = tuple(np.sort(score_pixels(sampler, held.pixels.numpy())).tolist())
        return ImageModel(schema, net.cpu(), scores, whole_record(record, trainer))


class Previews:
    """Writes a grid of draws into the run folder now and then.

    Args:
        folder: the run folder.
        schema: of the images.
        trainer: whose averaged weights draw.
        listener: told of each picture.
        steps: of the sampler; its default if None.
    """

    def __init__(
        self,
        folder: Path,
        schema: ImageSchema,
        trainer: Trainer,
        listener: Listener,
        steps: int | None = None,
    ) -> None:
        self.steps = steps
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
        shape, device = self.schema.shape, self.trainer.device
        sampler = ImageSampler(net, shape, classes, 0, steps=self.steps, device=device)
        labels = torch.arange(BLOCK) % max(classes, 1)
        pixels = sampler.batch(0, labels=labels)[: min(PREVIEWS, BLOCK)]
        return self.schema.cut(pixels.cpu().numpy())
