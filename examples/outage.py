"""Find an outage in the metrics of a server, and show what was expected instead.

Run it with: python examples/outage.py [FOLDER]. The data is made here, with a seed: requests,
errors and latency of one server every 15 minutes. Three weeks are fitted; in the week after, the
cache fails for three hours: requests go on, but they are slow, and some fail. It takes a minute and
a half on two cores and leaves in FOLDER ("outage", if none is given):

    normal.csv       three weeks without an outage
    week.csv         the week in which it happened
    run/             the model
    scores.csv       the week with a score for every row
    outage.png       the picture
"""

import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

import interfuse

SECONDS = 60
DAY = 96
OUTAGE = slice(3 * DAY + 56, 3 * DAY + 68)  # Thursday from 14:00 to 17:00


def metrics(steps: int, seed: int = 2) -> pl.DataFrame:
    """Requests by time of day, latency that rises with load, errors in proportion."""
    rng = np.random.default_rng(seed)
    t = np.arange(steps)
    daily = 1.1 + np.sin(2 * np.pi * (t / DAY - 0.33)) + 0.25 * np.sin(4 * np.pi * t / DAY)
    requests = rng.poisson(900 * np.maximum(daily, 0.05) * rng.lognormal(0, 0.05, steps))
    latency = 35 + 0.02 * requests + rng.gamma(4, 1.2, steps)
    errors = rng.poisson(0.004 * requests)
    time = [datetime(2024, 3, 4) + timedelta(minutes=15) * int(i) for i in t]
    return pl.DataFrame(
        {"time": time, "requests": requests, "latency": latency.round(2), "errors": errors}
    )


def with_outage(week: pl.DataFrame, seed: int = 3) -> pl.DataFrame:
    """The same week, had the cache failed."""
    rng = np.random.default_rng(seed)
    columns = {n: week[n].to_numpy().copy() for n in ("requests", "latency", "errors")}
    size = OUTAGE.stop - OUTAGE.start
    columns["latency"][OUTAGE] *= rng.uniform(1.25, 1.6, size)
    columns["errors"][OUTAGE] += rng.poisson(0.006 * columns["requests"][OUTAGE])
    return week.with_columns(pl.Series(n, v.round(2)) for n, v in columns.items())


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "outage")
    folder.mkdir(exist_ok=True)
    whole = metrics(28 * DAY)
    normal, week = whole[: 21 * DAY], with_outage(whole[21 * DAY :])
    normal.write_csv(folder / "normal.csv")
    week.write_csv(folder / "week.csv")

    model = interfuse.fit(
        normal, kind="series", seconds=SECONDS, folder=folder / "run", overwrite=True
    )
    print(f"stopped: {model.record['training']['reason']}")
    # Means over an hour find when; what the normal weeks reach says how high is high.
    scores = model.detect(week, window=4)
    most = model.detect(normal, window=4).score.max()
    scores.frame().write_csv(folder / "scores.csv")

    odd = scores.score > most
    edges = np.flatnonzero(np.diff(np.concatenate([[0], odd.astype(int), [0]])))
    frame = scores.frame()
    print(f"above {most:.1f}, the most of three normal weeks:")
    for first, last in edges.reshape(-1, 2).tolist():
        print(f"  {week['time'][first]} to {week['time'][last - 1]}, channels "
              f"{frame['channel'][first:last].value_counts(sort=True).rows()}")  # fmt: skip
    print(f"the cache failed from {week['time'][OUTAGE.start]} to {week['time'][OUTAGE.stop - 1]}")
    draw(week, scores, folder / "outage.png")
    print(f"pictures in {folder}")


def draw(week: pl.DataFrame, scores, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.dates as dates
    import matplotlib.pyplot as plt

    names = list(scores.channels)
    figure, axes = plt.subplots(
        len(names) + 1, 1, figsize=(9, 7), sharex=True, layout="constrained",
        height_ratios=[1] * len(names) + [0.8],
    )  # fmt: skip
    part = slice(2 * DAY, 5 * DAY)
    time = week["time"].to_numpy()
    units = {"requests": "requests / 15 min", "latency": "latency, ms", "errors": "errors / 15 min"}
    for name, axis in zip(names, axes, strict=False):
        j = names.index(name)
        axis.fill_between(
            time[part],
            scores.low[0][part, j],
            scores.high[0][part, j],
            color="#3b6fb6",
            alpha=0.28,
            lw=0,
            label="where nine of ten were expected",
        )
        axis.plot(
            time[part], week[name].to_numpy()[part], color="#333333", lw=0.9, label="measured"
        )
        axis.set_ylabel(units[name])
        axis.set_ylim(0)
    axes[-1].plot(time[part], scores.score[part], color="#d1495b", lw=1.1, label="score")
    axes[-1].set_ylabel("score, 1 is usual")
    axes[-1].set_ylim(0)
    for axis in axes:
        axis.axvspan(time[OUTAGE.start], time[OUTAGE.stop], color="#f2c14e", alpha=0.3, lw=0,
                     label="the cache fails")  # fmt: skip
        axis.spines[["top", "right"]].set_visible(False)
    axes[-1].xaxis.set_major_locator(dates.HourLocator(byhour=(0, 12)))
    axes[-1].xaxis.set_major_formatter(dates.DateFormatter("%a %H:%M"))
    axes[-1].margins(x=0.01)
    handles, labels = axes[0].get_legend_handles_labels()
    extra, names_ = axes[-1].get_legend_handles_labels()
    figure.legend([*handles, extra[0]], [*labels, names_[0]], loc="outside lower center", ncols=4,
                  frameon=False, fontsize=9)  # fmt: skip
    figure.savefig(path, dpi=120)
    plt.close(figure)


if __name__ == "__main__":
    main()
