"""`interfuse animate`: an image becoming noise, and noise becoming images, as moving pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interfuse.cli.kinds import OF
from interfuse.console import tell, warn
from interfuse.errors import DataError, OptionError

if TYPE_CHECKING:
    import numpy as np

    from interfuse.kinds.images.model import ImageModel

FRAMES = 40


def animate(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="What interfuse fit -o made of images.")
    ],
    target: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="A .webp or a .gif.")
    ],
    forward: Annotated[
        Path | None,
        typer.Option(
            "--forward",
            metavar="IMAGES",
            help="Show these images being noised by the chain of 1,000 steps instead.",
        ),
    ] = None,
    images: Annotated[
        int, typer.Option("--images", "-n", min=1, max=64, help="How many, side by side.")
    ] = 16,
    given: Annotated[
        list[str] | None,
        typer.Option("--given", metavar="class=VALUE", help="Of this class."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of every random draw.")] = 0,
    steps: Annotated[
        int, typer.Option("--steps", min=1, max=1000, help="Of the sampler, and of the picture.")
    ] = FRAMES,
    guidance: Annotated[
        float, typer.Option("--guidance", min=0, help="Above 1: more typical of the class.")
    ] = 1.0,
    device: Annotated[
        str | None, typer.Option("--device", help="cpu, cuda or mps; default: the best there is.")
    ] = None,
) -> None:
    """Show how a model of images draws: from noise to images, step by step.

    With --forward, the other way: real images of yours, walked through the forward chain until they
    are noise; what is left of them is printed.

    [bold]Examples[/]

    interfuse animate run -o denoising.webp

    interfuse animate run -o sevens.gif --given class=7 --guidance 2 -n 9

    interfuse animate run -o noising.webp --forward photos
    """
    import interfuse
    from interfuse.kinds.images.cli import parse_class
    from interfuse.kinds.images.data.pictures import check_moving

    check_moving(target)
    model = interfuse.load(run)
    if model.schema.kind != "images":
        raise DataError(f"{run}: is a model {OF[model.schema.kind]}; expected one of images.")
    if forward is not None:
        if given:
            raise OptionError("--forward, --given: the images are yours. Drop --given.")
        _forward(model, forward, target, images, steps, seed)
        return
    known = parse_class(given or ())
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
    for line in found.skipped.lines():
        warn(line)
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
