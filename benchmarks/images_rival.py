"""The rival of `benchmarks.images`: denoising-diffusion-pytorch 2.3.4, in its own environment.

The package and a few small ones that it needs are in an environment of `benchmarks.environments`.
torch, numpy, scipy and pillow are those of the environment that runs the benchmark, so that both
sides multiply with the same library. torchvision and pytorch-fid are not installed: the package
imports them for its folder of pictures and its own distance, neither of which is used here; empty
modules stand in for them (`stub`).

Run by that environment's Python, this file trains and draws. All is left at the package's defaults:
`Unet(dim=32, dim_mults=(1, 2, 4))`, `GaussianDiffusion` (v, sigmoid schedule, 1000 steps), and its
`Trainer`'s Adam (1e-4, betas .9, .99), gradient norm 1 and average (.995 every 10 steps). Only the
batch is 64, as in its README's example, and drawing is its DDIM with the steps asked for.
"""

from __future__ import annotations

import argparse
import importlib.machinery
import json
import subprocess
import sys
import time
import types
from pathlib import Path
from typing import Any

PACKAGES = (
    "denoising-diffusion-pytorch==2.3.4",
    "einops==0.8.2",
    "ema-pytorch==0.8.3",
    "accelerate==1.15.0",
    "psutil",
    "tqdm",
)
BATCH = 64
WARM_UP = 3  # steps left out of the speed
DRAW_BATCH = 250


def call(python: Path, **options: Any) -> dict[str, Any]:
    """Run this file with the rival's Python; what it printed as JSON in its last line."""
    words = [str(python), str(Path(__file__).resolve())]
    words += [f"--{name}={value}" for name, value in options.items()]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def stub(name: str, **content: Any) -> types.ModuleType:
    """Put an empty module in the place of one that is not installed."""
    module = types.ModuleType(name)
    module.__spec__ = importlib.machinery.ModuleSpec(name, None)
    module.__path__ = []
    module.__dict__.update(content)
    sys.modules[name] = module
    return module


def diffusion(steps: int) -> Any:
    """The rival's network and process."""
    parts = {name: stub(f"torchvision.{name}") for name in ("transforms", "utils")}
    stub("torchvision", **parts)
    stub("pytorch_fid")
    stub("pytorch_fid.fid_score", calculate_frechet_distance=None)
    stub("pytorch_fid.inception", InceptionV3=None)
    from denoising_diffusion_pytorch import GaussianDiffusion, Unet  # pyright: ignore[reportMissingImports]

    net = Unet(dim=32, dim_mults=(1, 2, 4), channels=1)
    return GaussianDiffusion(net, image_size=32, sampling_timesteps=steps)


def main() -> None:
    """Train for some seconds, then draw; times and speeds go to standard output as JSON."""
    import numpy as np
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help=".npy, (n, 1, 32, 32) uint8")
    parser.add_argument("--seconds", type=float, required=True, help="of training")
    parser.add_argument("--samples", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True, help="of the sampler")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True, help=".npy of the samples")
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    model = diffusion(options.steps)
    from ema_pytorch import EMA  # pyright: ignore[reportMissingImports]

    average = EMA(model, beta=0.995, update_every=10)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-4, betas=(0.9, 0.99))
    images = torch.from_numpy(np.load(options.data))
    times: list[float] = []
    begin = time.perf_counter()
    while time.perf_counter() - begin < options.seconds or len(times) <= WARM_UP:
        start = time.perf_counter()
        batch = images[torch.randint(len(images), (BATCH,))].float() / 255
        loss = model(batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        average.update()
        times.append(time.perf_counter() - start)
    drawn, begin = [], time.perf_counter()
    for start in range(0, options.samples, DRAW_BATCH):
        with torch.inference_mode():
            x = average.ema_model.sample(batch_size=min(DRAW_BATCH, options.samples - start))
        drawn.append((x * 255).round().clamp(0, 255).to(torch.uint8).numpy())
        print(f"rival: {start + len(drawn[-1])} images drawn", file=sys.stderr, flush=True)
    seconds = time.perf_counter() - begin
    np.save(options.output, np.concatenate(drawn))
    found = {
        "parameters": sum(p.numel() for p in model.parameters()),
        "examples": BATCH * len(times),
        "train_per_second": BATCH / float(np.median(times[WARM_UP:])),
        "draw_per_second": options.samples / seconds,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
