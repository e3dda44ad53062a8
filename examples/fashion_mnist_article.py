"""Train a U-Net by the article's own procedure, then draw images with it.

    python examples/fashion_mnist_article.py --data FOLDER --seconds 600 --output grid.png

The procedure is the article's: draw t, draw noise, descend |noise - eps_theta(x_t, t)|^2 until the
time is spent; then walk all T = 1000 steps back from noise. FOLDER holds Fashion-MNIST's
train-images-idx3-ubyte.gz. Without it, scikit-learn's handwritten digits are used, each pixel four
times as wide and high.

The package's own way (v-prediction, a cosine schedule, classes, 20 steps) is faster and better;
this shows that the article's works with the same network.
"""

import argparse
import gzip
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits

from interfuse import DiffusionModel
from interfuse.kinds.images.net import IntegerTime, UNet
from interfuse.train.precision import autocast, choose_device, choose_precision

BATCH = 64
RATE = 1e-3


def images(folder: Path | None) -> torch.Tensor:
    """(n, 1, 32, 32) in [-1, 1]."""
    if folder is None:
        digits = load_digits().images / 16
        pixels = torch.from_numpy(digits).float().repeat_interleave(4, 1).repeat_interleave(4, 2)
    else:
        content = gzip.decompress((folder / "train-images-idx3-ubyte.gz").read_bytes())
        raw = np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28, 28)
        pixels = torch.from_numpy(np.pad(raw, ((0, 0), (2, 2), (2, 2)))).float() / 255
    return 2 * pixels[:, None] - 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of Fashion-MNIST; digits without it")
    parser.add_argument("--seconds", type=float, default=120, help="of training")
    parser.add_argument("--samples", type=int, default=36)
    parser.add_argument("--steps", type=int, default=1000, help="T")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("grid.png"))
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    device = choose_device()
    precision = choose_precision("auto", device)
    data = images(options.data)
    # beta is stated for T = 1000; with fewer steps each adds as much more.
    scale = 1000 / options.steps
    ddpm = DiffusionModel(data.shape[1:], options.steps, 1e-4 * scale, min(0.02 * scale, 0.999)).to(
        device
    )
    net = IntegerTime(UNet(1, (32, 32), classes=0), options.steps).to(device)
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE)
    average = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99)
    )

    begin, step, losses = time.monotonic(), 0, []
    while (spent := (time.monotonic() - begin) / options.seconds) < 1:
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / 200, (1 - spent) / 0.3)
        x_0 = data[torch.randint(len(data), (BATCH,))].to(device)
        with autocast(device, precision):
            loss = ddpm.p_losses(x_0, ddpm.sample_timesteps(BATCH), net)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        average.update_parameters(net)
        losses.append(float(loss.detach()))
        step += 1
        if step % 100 == 0:
            print(f"step {step}: loss {np.mean(losses[-100:]):.4f}", flush=True)
    print(f"{step} steps of {BATCH} images, loss {np.mean(losses[-100:]):.4f}")

    with autocast(device, precision):
        drawn = ddpm.sample(average.eval(), batch_size=options.samples)
    save_grid(drawn, options.output)
    print(f"{options.samples} images in {options.output}")


def save_grid(x: torch.Tensor, path: Path) -> None:
    """Write grey images in [-1, 1] side by side."""
    from PIL import Image

    columns = int(np.ceil(np.sqrt(len(x))))
    pixels = ((x.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).cpu().numpy()[:, 0]
    rows = -(-len(pixels) // columns)
    height, width = pixels.shape[1:]
    sheet = np.zeros((rows * height, columns * width), np.uint8)
    for i, image in enumerate(pixels):
        top, left = i // columns * height, i % columns * width
        sheet[top : top + height, left : left + width] = image
    Image.fromarray(sheet).save(path)


if __name__ == "__main__":
    main()
