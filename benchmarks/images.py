"""`python -m benchmarks.images --data FOLDER`: speed and fidelity of images on a CPU.

Fashion-MNIST (Xiao et al. 2017, arXiv 1708.07747; the four idx.gz files in FOLDER), padded from 28
to 32 pixels, beside denoising-diffusion-pytorch 2.3.4 (see `benchmarks.images_rival`), both on this
machine in the same run. Distances are squared Frechet distances to the real test images in the
features of a classifier trained on the real training images (`benchmarks.images_judge`); the floor
is the distance of real training images. Our network is told the class, in equal shares as in the
test set; the rival's knows no classes. All distances that are compared are of equally many images:
a distance of fewer is larger by chance.

What was trained and drawn is kept in --cache; --resume takes it from there.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from benchmarks import images_judge as judge
from benchmarks import images_rival as rival
from benchmarks.common import RESULTS, Results, circumstances, console, show, shown
from benchmarks.environments import environment
from interfuse.kinds.images.ask.sampler import BLOCK, ImageSampler
from interfuse.kinds.images.learn import (
    ImageObjective,
    ImageRows,
    image_network_for,
    image_settings_for,
)
from interfuse.kinds.images.net import UNet
from interfuse.train.budget import Budget
from interfuse.train.hold_out import hold_out
from interfuse.train.precision import choose_device, choose_precision
from interfuse.train.trainer import Trainer

CACHE = Path("build/bench-images")
SHAPE, CLASSES, PAD = (1, 32, 32), 10, 2
STEPS, LONG_STEPS = 20, 1000
LONG_SHARE = 10  # one in so many samples is drawn by the long chain
UTILITY = 6  # times as many images train a classifier
GUIDANCE, GUIDED = 2.0, 2_000
BITS_DRAWS = 16
WARM_UP = 3
PARTS = ("speed", "distance", "utility", "steps", "bits", "classes")


def read_idx(path: Path) -> np.ndarray:
    """An idx.gz file of bytes."""
    content = gzip.decompress(path.read_bytes())
    shape = [int.from_bytes(content[4 + 4 * i : 8 + 4 * i], "big") for i in range(content[3])]
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(shape)


def real(folder: Path, part: str) -> tuple[Tensor, Tensor]:
    """(n, 1, 28, 28) pixels and (n,) labels; `part` is "train" or "t10k"."""
    pixels = torch.from_numpy(read_idx(folder / f"{part}-images-idx3-ubyte.gz").copy())
    labels = torch.from_numpy(read_idx(folder / f"{part}-labels-idx1-ubyte.gz").astype(np.int64))
    return pixels[:, None], labels


def padded(pixels: Tensor) -> Tensor:
    """28 x 28 to 32 x 32."""
    return torch.nn.functional.pad(pixels, (PAD,) * 4)


def cut(pixels: Tensor) -> Tensor:
    """32 x 32 to 28 x 28."""
    return pixels[..., PAD:-PAD, PAD:-PAD]


class Bench:
    """The benchmark's parts; each returns figures, and none is computed twice.

    Args:
        options: of the command line.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.seed: int = options.seed
        self.train, self.train_labels = real(options.data, "train")
        self.test, self.test_labels = real(options.data, "t10k")
        self.folder: Path = options.cache / f"{options.minutes:g}min-seed{options.seed}"
        if not options.resume:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)

    def kept(self, name: str, make: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
        """Tensors from the cache, or made and put there."""
        path = self.folder / f"{name}.safetensors"
        if not path.exists():
            begin = time.monotonic()
            console.print(f"{name} ...")
            save_file({k: v.contiguous() for k, v in make().items()}, path)
            console.print(f"{name}: {time.monotonic() - begin:.0f} s")
        return load_file(path)

    # -- both sides -----------------------------------------------------------------------------

    def trainer(self, budget: Budget) -> Trainer[UNet, ImageObjective, ImageRows]:
        """Ours, with all defaults."""
        device = choose_device()
        rows, held_out = hold_out(ImageRows(padded(self.train), self.train_labels), self.seed)
        precision = choose_precision("auto", device)
        return Trainer(
            net=image_network_for(SHAPE, CLASSES, len(rows), self.seed),
            objective=ImageObjective(CLASSES),
            rows=rows,
            held_out=held_out,
            settings=image_settings_for(SHAPE, len(rows), self.seed, precision),
            budget=budget,
            device=device,
        )

    def net(self) -> UNet:
        """Our network after its minutes of training."""

        def fit() -> dict[str, Tensor]:
            trainer = self.trainer(Budget(seconds=60 * self.options.minutes))
            for event in trainer.run():
                if event.kind != "tick":
                    p = event.progress
                    console.print(
                        f"  {p.seconds:.0f} s, {p.examples:,} images, held-out loss "
                        f"{p.curve[-1][3]:.4f} {event.message}"
                    )
            trainer.use_best()
            count = torch.tensor([trainer.progress.examples], dtype=torch.float64)
            return {**trainer.net.state_dict(), "examples": count}

        found = self.kept("ours", fit)
        self.examples = int(found.pop("examples"))
        net = image_network_for(SHAPE, CLASSES, len(self.train), self.seed)
        net.load_state_dict(found)
        return net

    def rival(self) -> dict[str, Any]:
        """The rival after its minutes of training: its figures, and its samples under "drawn"."""
        path = self.folder / "rival.json"
        drawn = self.folder / "rival.npy"
        if not (path.exists() and drawn.exists()):
            console.print("the rival trains and draws ...")
            data = self.folder / "train.npy"
            np.save(data, padded(self.train).numpy())
            found = rival.call(
                environment(self.options.cache / "rival", rival.PACKAGES),
                data=data,
                seconds=60 * self.options.minutes,
                samples=self.options.samples,
                steps=STEPS,
                seed=self.seed,
                output=drawn,
            )
            path.write_text(json.dumps(found), encoding="utf-8")
        found = json.loads(path.read_text(encoding="utf-8"))
        found["drawn"] = cut(torch.from_numpy(np.load(drawn)))
        return found

    def draw(
        self, name: str, n: int, seed: int, solver: str = "dpm_solver", **options: Any
    ) -> dict[str, Tensor]:
        """Draw n images, classes in turn: "pixels", "labels" and the "seconds" it took."""

        def make() -> dict[str, Tensor]:
            steps = options.pop("steps", STEPS)
            sampler = ImageSampler(
                self.net(), SHAPE, CLASSES, seed, steps, solver=solver, **options
            )
            labels = torch.arange(-(-n // BLOCK) * BLOCK) % CLASSES
            begin, parts = time.perf_counter(), []
            for i, label in enumerate(labels.split(BLOCK)):
                parts.append(cut(sampler.batch(i, labels=label)).cpu())
            seconds = (time.perf_counter() - begin) * n / len(labels)
            return {
                "pixels": torch.cat(parts)[:n],
                "labels": labels[:n],
                "seconds": torch.tensor([seconds]),
            }

        return self.kept(f"{name}-{n}", make)

    # -- the judge ------------------------------------------------------------------------------

    def judge(self) -> judge.Classifier:
        """The classifier trained on real images."""

        def make() -> dict[str, Tensor]:
            return judge.train(self.train, self.train_labels, self.seed).state_dict()

        net = judge.Classifier()
        net.load_state_dict(self.kept("judge", make))
        return net.eval().to(choose_device())

    def distance(self, pixels: Tensor) -> float:
        """To the real test images."""
        net = self.judge()
        return judge.frechet(judge.features(net, pixels), judge.features(net, self.test))

    # -- the parts ------------------------------------------------------------------------------

    def speed(self) -> dict[str, Any]:
        """Images a second in training and in drawing."""
        trainer = self.trainer(Budget(seconds=1e6))
        speeds: list[float] = []
        for event in trainer.run():
            if event.kind == "tick":
                speeds.append(event.rows_per_second)
            trainer.stop_requested = event.progress.seconds > self.options.speed_seconds
        ours = statistics.median(speeds[WARM_UP:] or speeds)
        drawn = self.draw("drawn", self.options.samples, self.seed + 1)
        per_second = self.options.samples / float(drawn["seconds"])
        other = self.rival()
        return {
            "parameters": sum(p.numel() for p in trainer.net.parameters()),
            "rival_parameters": other["parameters"],
            "batch": trainer.settings.batch,
            "precision": trainer.settings.precision,
            "train_per_second": ours,
            "rival_train_per_second": other["train_per_second"],
            "train_ratio": ours / other["train_per_second"],
            "draw_per_second": per_second,
            "rival_draw_per_second": other["draw_per_second"],
            "draw_ratio": per_second / other["draw_per_second"],
            "steps": STEPS,
        }

    def distances(self) -> dict[str, Any]:
        """Frechet distances of ours, of the rival and of real images."""
        n = self.options.samples
        ours = self.distance(self.draw("drawn", n, self.seed + 1)["pixels"])
        other = self.rival()
        theirs = self.distance(other["drawn"])
        chosen = torch.randperm(len(self.train), generator=torch.Generator().manual_seed(0))[:n]
        self.net()
        return {
            "samples": n,
            "ours": ours,
            "rival": theirs,
            "floor": self.distance(self.train[chosen]),
            "ratio": ours / theirs,
            "examples": self.examples,
            "rival_examples": other["examples"],
            "judge_accuracy": judge.accuracy(self.judge(), self.test, self.test_labels),
        }

    def utility(self) -> dict[str, Any]:
        """Accuracy on real test images of a classifier trained on generated ones."""
        n = min(UTILITY * self.options.samples, len(self.train))
        drawn = self.draw("training-set", n, self.seed + 2)
        order = torch.randperm(len(self.train), generator=torch.Generator().manual_seed(1))[:n]
        sets = {
            "generated": (drawn["pixels"], drawn["labels"]),
            "real": (self.train[order], self.train_labels[order]),
        }
        found = {}
        for name, (pixels, labels) in sets.items():
            net = judge.train(pixels, labels, self.seed + 3)
            found[name] = judge.accuracy(net, self.test, self.test_labels)
        return {"images": n, **found, "loss": found["real"] - found["generated"]}

    def steps(self) -> dict[str, Any]:
        """Few steps of DPM-Solver++ beside the long chain."""
        n = max(self.options.samples // LONG_SHARE, BLOCK)
        few = self.distance(self.draw("drawn", self.options.samples, self.seed + 1)["pixels"][:n])
        chain = self.draw("chain", n, self.seed + 1, "ddpm", steps=LONG_STEPS)
        long = self.distance(chain["pixels"])
        return {
            "samples": n,
            "dpm_solver_steps": STEPS,
            "dpm_solver": few,
            "ddpm_steps": LONG_STEPS,
            "ddpm": long,
            "ratio": few / long,
            "floor": self.distance(self.train[:n]),
        }

    def bits(self) -> dict[str, Any]:
        """Bits per dimension of the test images, the class known and not."""
        n = min(self.options.samples, len(self.test))
        sampler = ImageSampler(self.net(), SHAPE, CLASSES, self.seed)
        pixels = padded(self.test[:n])
        free = sampler.bits_per_dim(pixels, draws=BITS_DRAWS)
        given = sampler.bits_per_dim(pixels, self.test_labels[:n], draws=BITS_DRAWS)
        scale = math.prod(SHAPE) / math.prod(self.test.shape[1:])
        return {
            "images": n,
            "draws": BITS_DRAWS,
            "bits_per_dim": free.mean,
            "standard_error": free.error,
            "bits_per_dim_given_class": given.mean,
            "standard_error_given_class": given.error,
            "bits_per_dim_unpadded": free.mean * scale,
        }

    def classes(self) -> dict[str, Any]:
        """How often the judge sees the class that was asked for."""
        n = min(GUIDED, self.options.samples)
        net = self.judge()
        found: dict[str, Any] = {"images": n, "guidance": GUIDANCE}
        for name, guidance in (("plain", 1.0), ("guided", GUIDANCE)):
            drawn = self.draw(f"guidance-{guidance:g}", n, self.seed + 4, guidance=guidance)
            found[name] = judge.accuracy(net, drawn["pixels"], drawn["labels"])
        return found


def table(found: dict[str, Any]) -> list[list[str]]:
    """The figures beside those to reach."""

    def at_least(name: str, value: float | None, target: float, note: str) -> list[str]:
        met = value is not None and value >= target
        return [name, f"at least {target:g}", shown(value), "reached" if met else "short", note]

    def at_most(name: str, value: float | None, target: float, note: str) -> list[str]:
        met = value is not None and value <= target
        return [name, f"at most {target:.3g}", shown(value), "reached" if met else "short", note]

    rows: list[list[str]] = []
    if s := found.get("speed"):
        train = f"{s['train_per_second']:.0f} beside {s['rival_train_per_second']:.1f} images/s"
        draw = f"{s['draw_per_second']:.1f} beside {s['rival_draw_per_second']:.2f} images/s"
        rows.append(at_least("training speed, times the rival's", s["train_ratio"], 8, train))
        rows.append(at_least("drawing speed, times the rival's", s["draw_ratio"], 5, draw))
    if s := found.get("distance"):
        note = f"{s['ours']:.2f} beside {s['rival']:.2f}; real images {s['floor']:.2f}"
        rows.append(at_least("accuracy of the judge", s["judge_accuracy"], 0.91, ""))
        rows.append(at_most("Frechet distance, times the rival's", s["ratio"], 1 / 3, note))
    if s := found.get("utility"):
        note = f"{s['generated']:.4f} beside {s['real']:.4f} of {s['images']:,} real images"
        rows.append(at_most("accuracy lost by training on generated", s["loss"], 0.04, note))
    if s := found.get("steps"):
        note = f"{s['dpm_solver']:.2f} beside {s['ddpm']:.2f}, {s['samples']:,} images"
        rows.append(at_most("distance at 20 steps, times 1000 steps'", s["ratio"], 1.1, note))
    if s := found.get("classes"):
        note = f"{s['plain']:.3f} without guidance"
        rows.append(at_least("asked class is seen, guidance 2", s["guided"], 0.95, note))
    if s := found.get("bits"):
        note = f"± {s['standard_error']:.3f}; {s['bits_per_dim_given_class']:.3f} given the class"
        rows.append(["bits per dimension, test images", "", shown(s["bits_per_dim"]), "", note])
    return rows


def parser() -> argparse.ArgumentParser:
    """The options."""
    out = argparse.ArgumentParser(prog="python -m benchmarks.images", description=__doc__)
    out.add_argument("--data", type=Path, required=True, help="folder of the idx.gz files")
    out.add_argument("--minutes", type=float, default=15, help="of training, each side")
    out.add_argument("--samples", type=int, default=10_000, help="of each distance")
    out.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    out.add_argument("--speed-seconds", type=float, default=30)
    out.add_argument("--seed", type=int, default=0)
    out.add_argument("--resume", action="store_true", help="use what is in the cache")
    out.add_argument("--cache", type=Path, default=CACHE)
    out.add_argument("--output", type=Path, default=RESULTS / "images.json")
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write."""
    options = parser().parse_args(arguments)
    bench, results = Bench(options), Results(options.output)
    # Not the paths: they say nothing to others.
    command = f"python -m benchmarks.images --minutes {options.minutes:g}"
    command += f" --samples {options.samples} --seed {options.seed}"
    parts = {name: getattr(bench, name) for name in PARTS if name != "distance"}
    parts["distance"] = bench.distances
    found: dict[str, Any] = {}
    for name in PARTS:
        if name in options.only:
            console.print(f"[bold]{name}[/bold]")
            found[name] = parts[name]()
            results.add(name, found[name] | circumstances(command, options.seed))
    show("Images", ("figure", "to reach", "got", "", "how"), table(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
