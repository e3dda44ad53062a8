"""`python -m benchmarks.steps`: how near is a training step to the speed of the machine?

The default network is fitted for some seconds, to a table of 1,000,000 rows x 20 columns (made
from Shoppers, see `benchmarks.scale`; there the speed of a step decides how good the fit gets) and
to Shoppers itself, whose batches are eight times smaller. Its steps are timed. Before and after,
the matrix products of such a step are timed alone, in the same precision and sizes: each matrix of
`TableNet.products` forward, its gradient, and that of its input except for the first. The ratio of
both times is 1 for a step that does nothing but multiply; target: 0.5.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import torch

from benchmarks.common import RESULTS, Results, circumstances, console
from benchmarks.protocol import shoppers
from benchmarks.scale import large_table
from interfuse.kinds.table.learn.setup import settings_for
from interfuse.train.precision import choose_device, choose_precision

TARGET = 0.5
LARGE = 1_000_000
WARM_UP = 3  # first events of a fit, left out
BUDGET = 3600.0  # of the fit, which is ended before: held-out evaluations are a 40th of it apart


class Enough(Exception):
    """Ends a fit from its listener."""


def products_alone(
    products: Sequence[tuple[int, int]], batch: int, dtype: torch.dtype, seconds: float
) -> float:
    """Return the median time of the products of one step.

    Args:
        products: (inputs, outputs) of every matrix; the first reads the data.
        batch: rows.
        dtype: of all factors.
        seconds: how long to measure.
    """
    device = choose_device()
    layers = []
    for inputs, outputs in products:
        x = torch.randn(batch, inputs, device=device).to(dtype)
        w = torch.randn(outputs, inputs, device=device).to(dtype)
        g = torch.randn(batch, outputs, device=device).to(dtype)
        layers.append((x, w, g))

    def once() -> None:
        for i, (x, w, g) in enumerate(layers):
            torch.nn.functional.linear(x, w)
            torch.mm(g.t(), x)
            if i:
                torch.mm(g, w)
        if device.type == "cuda":
            torch.cuda.synchronize()

    once()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        once()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure(frame: pl.DataFrame, seconds: float, seed: int) -> dict[str, Any]:
    """Time steps and products in one run."""
    import interfuse

    precision = choose_precision("auto", choose_device())
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    batch = settings_for(frame.height, seed, precision).batch
    speeds: list[float] = []

    def listen(event: Any) -> None:
        if getattr(event, "kind", "") == "tick":
            speeds.append(event.rows_per_second)
            if event.progress.seconds > seconds:
                raise Enough

    # A short fit gives the sizes of the matrices: products are timed before the long one too.
    net = interfuse.fit(frame, examples=batch, seed=seed, precision=precision).net
    share = max(1.0, seconds / 4)
    before = products_alone(net.products(), batch, dtype, share)
    with contextlib.suppress(Enough):
        interfuse.fit(frame, seconds=BUDGET, seed=seed, precision=precision, listener=listen)
    after = products_alone(net.products(), batch, dtype, share)
    if len(speeds) <= WARM_UP:
        raise SystemExit(f"only {len(speeds)} events in {seconds:g} s; give more --seconds")
    step = batch / statistics.median(speeds[WARM_UP:])
    alone = (before + after) / 2
    flops = batch * sum(2 * i * o for i, o in net.products()) * 3
    flops -= batch * 2 * net.products()[0][0] * net.products()[0][1]
    return {
        "precision": precision,
        "batch": batch,
        "parameters": sum(p.numel() for p in net.parameters()),
        "step_seconds": step,
        "products_seconds": alone,
        "products_before_and_after": [before, after],
        "products_tflops": flops / alone / 1e12,
        "ratio": alone / step,
        "target": TARGET,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.steps", description=__doc__)
    parser.add_argument("--seconds", type=float, default=15, help="of training")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=RESULTS / "steps.json")
    options = parser.parse_args(arguments)
    command = f"python -m benchmarks.steps --seconds {options.seconds:g} --seed {options.seed}"
    tables = {"large": large_table(LARGE, options.seed), "shoppers": shoppers(None).train}
    for name, frame in tables.items():
        found = measure(frame, options.seconds, options.seed)
        Results(options.output).add(name, found | circumstances(command, options.seed))
        _print(name, found)
    return 0


def _print(name: str, found: dict[str, Any]) -> None:
    console.print(
        f"{name}: step {1000 * found['step_seconds']:.2f} ms, its products alone "
        f"{1000 * found['products_seconds']:.2f} ms ({found['precision']}, "
        f"{found['products_tflops']:.2f} TFLOP/s): ratio {found['ratio']:.2f}, "
        f"batches of {found['batch']}, to reach {TARGET:g}",
        markup=False,
    )


if __name__ == "__main__":
    raise SystemExit(main())
