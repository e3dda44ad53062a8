"""Forecast the traffic of two network links a day ahead, and draw the fan of what may come.

Run it with: python examples/traffic_forecast.py [FOLDER]. The data is made here, with a seed: eight
weeks of bits per second on two links, every 30 minutes, with days, weekends and bursts. It takes
two minutes on two cores and leaves in FOLDER ("traffic", if none is given):

    traffic.csv      the series
    run/             the model
    tomorrow.csv     for each link and time the median, and the bounds of nine in ten
    traffic.png      the fan chart
"""

import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

import interfuse

SECONDS = 60
DAY = 48
WEEKS = 8
LINKS = {"core": 9e9, "branch": 4e8}


def links(steps: int, seed: int = 1) -> pl.DataFrame:
    """Traffic: a day with two humps, quiet weekends, noise that lasts, and bursts."""
    rng = np.random.default_rng(seed)
    t = np.arange(steps)
    hour, day = (t % DAY) / 2, t // DAY % 7
    humps = np.exp(-((hour - 10.5) ** 2) / 8) + 1.25 * np.exp(-((hour - 20) ** 2) / 10)
    shape = (0.25 + humps) * np.where(day >= 5, 0.65, 1.0)
    frames = []
    for name, level in LINKS.items():
        slow = np.zeros(steps)
        for i in range(1, steps):
            slow[i] = 0.92 * slow[i - 1] + rng.normal(0, 0.045)
        burst = (rng.random(steps) < 0.004) * rng.uniform(0.3, 1.0, steps)
        bits = level * shape * np.exp(slow + rng.normal(0, 0.04, steps)) + level * burst
        time = [datetime(2024, 1, 1) + timedelta(minutes=30) * int(i) for i in t]
        frames.append(pl.DataFrame({"time": time, "link": [name] * steps, "bits": bits.round()}))
    return pl.concat(frames)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "traffic")
    folder.mkdir(exist_ok=True)
    whole = links((7 * WEEKS + 1) * DAY)
    now = whole["time"].max() - timedelta(days=1)
    history, after = whole.filter(pl.col("time") <= now), whole.filter(pl.col("time") > now)
    history.write_csv(folder / "traffic.csv")

    # 1. One model of both links.
    model = interfuse.fit(
        history, kind="series", seconds=SECONDS, folder=folder / "run", overwrite=True
    )
    print(f"periods found: {model.schema.periods} steps; stopped: "
          f"{model.record['training']['reason']}")  # fmt: skip

    # 2. A day ahead: 300 futures, each one joint draw of all 48 steps.
    ahead = model.forecast(history, DAY, draws=300)
    low, high = ahead.interval(0.9)
    median = ahead.median()
    median.with_columns(bits_low=low["bits"], bits_high=high["bits"]).write_csv(
        folder / "tomorrow.csv"
    )

    # 3. How good is it? Against the same time a day and a week before.
    truth = after["bits"].to_numpy()
    inside = ((low["bits"] <= after["bits"]) & (after["bits"] <= high["bits"])).mean()
    error = np.abs(median["bits"].to_numpy() - truth) / truth.mean()
    print(f"mean error {error.mean():.1%}; in the interval of nine in ten: {inside:.0%}")
    for back, what in ((1, "yesterday"), (7, "a week ago")):
        day = [t - timedelta(days=back) for t in after["time"].unique(maintain_order=True)]
        copied = history.filter(pl.col("time").is_in(day))["bits"].to_numpy()
        print(f"  as {what}: {(np.abs(copied - truth) / truth.mean()).mean():.1%}")

    # 4. A question about the whole day, which needs joint draws: its peak.
    for i, name in enumerate(ahead.names):
        peak = ahead.values[i][..., 0].max(1)
        print(f"  peak of {name}: {np.median(peak):.3g}, below {np.quantile(peak, 0.95):.3g} "
              f"with 95 %; was {after.filter(link=name)['bits'].max():.3g}")  # fmt: skip
    draw(history, after, ahead, folder / "traffic.png")
    print(f"pictures in {folder}")


def draw(history: pl.DataFrame, after: pl.DataFrame, ahead, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.dates as dates
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(len(LINKS), 1, figsize=(9, 5.2), sharex=True, layout="constrained")
    for i, (name, axis) in enumerate(zip(ahead.names, axes, strict=True)):
        past = history.filter(link=name).tail(2 * DAY)
        then = after.filter(link=name)
        unit, word = (1e9, "Gbit/s") if LINKS[name] > 1e9 else (1e6, "Mbit/s")
        values = ahead.values[i][..., 0] / unit
        for share, shade in ((0.9, 0.22), (0.5, 0.4)):
            ends = np.quantile(values, [(1 - share) / 2, (1 + share) / 2], axis=0)
            axis.fill_between(then["time"], *ends, color="#3b6fb6", alpha=shade, lw=0,
                              label=f"{share:.0%} of draws")  # fmt: skip
        axis.plot(then["time"], np.median(values, 0), color="#1d3f73", lw=1.6, label="median")
        axis.plot(past["time"], past["bits"] / unit, color="#333333", lw=1.1, label="history")
        axis.plot(then["time"], then["bits"] / unit, color="#d1495b", lw=1.1, label="what came")
        axis.axvline(then["time"][0], color="#999999", lw=0.8, ls=":")
        axis.set_title(f"{name} link", loc="left", fontsize=10)
        axis.set_ylabel(word)
        axis.set_ylim(0)
        axis.spines[["top", "right"]].set_visible(False)
    axes[-1].xaxis.set_major_locator(dates.HourLocator(byhour=(0, 12)))
    axes[-1].xaxis.set_major_formatter(dates.DateFormatter("%a %H:%M"))
    axes[-1].margins(x=0.01)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False, fontsize=9)
    figure.savefig(path, dpi=120)
    plt.close(figure)


if __name__ == "__main__":
    main()
