"""Fit who bought what, and ask every question.

Run it with: python examples/interactions.py [FOLDER]. The data is made here, with a seed: 1,500
users of a shop with 240 things of six sorts, who go from one thing to the next of its line, and
ratings. It takes about a minute on two cores and leaves in FOLDER ("shop", if none is given):

    touches.csv      the data
    run/             the model
    recommended.csv  ten things for each user, and the known ones that it is because of
    new-users.csv    drawn users
    odd.csv          how odd each user is; forty who buy at random are among them
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl

import interfuse

USERS, SORTS, SIZE, RANDOM = 1_500, 6, 40, 40


def shop(seed: int = 1) -> pl.DataFrame:
    """Touches: each user keeps to a sort or two, popular things first, and walks along its line."""
    rng = np.random.default_rng(seed)
    popular = 1 / (1 + np.arange(SIZE)) ** 0.7
    rows = []
    for u in range(USERS):
        sorts = rng.choice(SORTS, 2, replace=False)
        now = 1_700_000_000 + int(rng.integers(20_000_000))
        place = int(rng.choice(SIZE, p=popular / popular.sum()))
        for _ in range(3 + int(rng.geometric(0.12))):
            place += int(rng.integers(1, 4))
            sort = sorts[int(rng.random() < 0.2)]
            item = int(sort) * SIZE + place % SIZE
            now += int(rng.exponential(200_000))
            stars = np.clip(round(3.2 + item % 3 - 1 + (u % 5 - 2) / 4 + 0.6 * rng.normal()), 1, 5)
            rows.append((f"u{u}", f"thing-{item:03d}", now, int(stars)))
    names = ["user_id", "item_id", "timestamp", "rating"]
    return pl.DataFrame(rows, schema=names, orient="row")


def at_random(seed: int = 2) -> pl.DataFrame:
    """Users who buy anything."""
    rng = np.random.default_rng(seed)
    rows = [(f"random-{u}", f"thing-{i:03d}") for u in range(RANDOM)
            for i in rng.permutation(SORTS * SIZE)[:12]]  # fmt: skip
    return pl.DataFrame(rows, schema=["user_id", "item_id"], orient="row")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    touches = shop()
    touches.write_csv(folder / "touches.csv")
    model = interfuse.fit(folder / "touches.csv", kind="interactions", folder=folder / "run")
    found = model.recommend(touches, n=10)
    found.write_csv(folder / "recommended.csv")
    print(found.head(5))
    model.generate(500, seed=1).write_csv(folder / "new-users.csv")
    print(model.similar_items("thing-007", n=3))
    odd = model.detect(pl.concat([touches.select("user_id", "item_id"), at_random()]))
    odd.users.write_csv(folder / "odd.csv")
    first = odd.top(RANDOM)["user_id"].str.starts_with("random-")
    print(f"Of the {RANDOM} oddest users {first.sum()} buy at random.")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "shop"))
