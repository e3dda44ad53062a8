"""`interfuse animate`: an image becoming noise, and noise becoming images, as moving pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from interfuse.console import tell
from interfuse.errors import OptionError
from interfuse.kinds.images.cli import parse_class
from interfuse.kinds.images.data.pictures import check_moving

if TYPE_CHECKING:
    import numpy as np

    from interfuse.kinds.images.model import ImageModel
    from interfuse.kinds.verb import Asked

FRAMES = 40
MOST_IMAGES = 64
MOST_STEPS = 1000


def animate(
    model: ImageModel,
    asked: Asked,
    *,
    forward: Path | None = None,
    images: int = 16,
    given: Sequence[str] = (),
    seed: int = 0,
    steps: int = FRAMES,
    guidance: float = 1.0,
    device: str | None = None,
) -> None:
    """Write a moving picture.

    Args:
        model: a fitted model of images.
        asked: where to.
        forward: images that are to be noised; None for images that come into being.
        images: how many, side by side.
        given: `class=VALUE`.
        seed: of all draws.
        steps: of the sampler, and pictures.
        guidance: see `ImageModel.generate`.
        device: where to compute.

    Raises:
        OptionError: an option is out of range, or for the other direction.
    """
    target = Path(asked.target)
    check_moving(target)
    if images > MOST_IMAGES:
        raise OptionError(f"--images: is {images}; expected 1 to {MOST_IMAGES}.")
    if steps > MOST_STEPS:
        raise OptionError(f"--steps: is {steps}; expected 1 to {MOST_STEPS}.")
    if forward is not None:
        if given:
            raise OptionError("--forward, --given: the images are yours. Drop --given.")
        _forward(model, forward, target, images, steps, seed)
        return
    known = parse_class(given)
    frames = model.denoising(
        images, given=known or None, seed=seed, steps=steps, guidance=guidance, device=device
    )
    _write(list(frames), target)
    tell(f"{images} images in {steps} steps: {target}")


def _forward(
    model: ImageModel, source: Path, target: Path, images: int, frames: int, seed: int
) -> None:
    from interfuse.kinds.images.ask.chain import forward_frames, nats_from_noise

    found = model.read(source)
    pixels = found.pixels[:images]
    _write([frame for _, frame in forward_frames(pixels, frames + 1, seed)], target)
    nats = nats_from_noise(pixels)
    tell(
        f"{len(pixels)} images, 1,000 steps: {target}. At the end no pixel is further than "
        f"{nats:.2g} nats (Kullback-Leibler) from N(0, 1)."
    )


def _write(frames: list[np.ndarray], target: Path) -> None:
    from interfuse.kinds.images.data import animation, grid

    animation([grid(frame) for frame in frames], target)
