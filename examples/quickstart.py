"""Fit the table that comes with interfuse, draw rows under a condition, and check both.

Run it with: python examples/quickstart.py. It takes less than a minute.
"""

from importlib import resources

import polars as pl

import interfuse


def main() -> None:
    with resources.as_file(resources.files("interfuse") / "shipped" / "shoppers.parquet") as path:
        sessions = pl.read_parquet(path)

    model = interfuse.fit(sessions, seconds=20, seed=0)
    print("stopped:", model.record["training"]["reason"])

    # As many rows as there were. A column's mean should come out alike.
    drawn = model.generate(sessions.height, seed=1)
    for name in ("PageValues", "ExitRates", "Revenue"):
        print(f"mean {name}: real {sessions[name].mean():.4f}, drawn {drawn[name].mean():.4f}")

    # A rare condition costs nothing: 15 % of the sessions end with a purchase.
    buyers = model.generate(2_000, given={"Revenue": True, "Month": "Nov"}, seed=1)
    real = sessions.filter(pl.col("Revenue") & (pl.col("Month") == "Nov"))
    print(
        f"mean PageValues of buyers in November: real {real['PageValues'].mean():.1f} "
        f"({real.height} sessions), drawn {buyers['PageValues'].mean():.1f}"
    )


if __name__ == "__main__":
    main()
