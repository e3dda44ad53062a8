"""Made touches with known structure: three tastes, popularity, an order, ratings."""

import numpy as np
import polars as pl


def touches(users=300, items=30, seed=0, tastes=3):
    """Each user walks among the items of one taste, one or two on at a time, with few jumps."""
    rng = np.random.default_rng(seed)
    size = items // tastes
    popular = 1 / (1 + np.arange(size))
    rows = []
    for u in range(users):
        taste, place = u % tastes, int(rng.choice(size, p=popular / popular.sum()))
        now = 1_600_000_000 + int(rng.integers(10_000_000))
        seen = []
        for _ in range(rng.integers(3, 9)):
            jump = rng.random() < 0.1
            i = int(rng.integers(items)) if jump else taste * size + place % size
            place += int(rng.integers(1, 3))
            if i in seen:
                continue
            seen.append(i)
            now += int(rng.exponential(50_000))
            liked = np.clip(round(3 + (i % 3 - 1) + (u % 2 - 0.5) + 0.5 * rng.normal()), 1, 5)
            rows.append((f"user-{u:04d}-x", f"i{i:02d}", now, int(liked)))
    names = ["user_id", "item_id", "timestamp", "rating"]
    return pl.DataFrame(rows, schema=names, orient="row")


def steps(frame):
    """Share of a user's steps that lead one or two on within a taste of ten items."""
    item, user = (
        frame["item_id"].str.slice(1).cast(pl.Int64).to_numpy(),
        frame["user_id"].to_numpy(),
    )
    same = user[1:] == user[:-1]
    on = (np.diff(item) % 10 <= 2) & (np.diff(item) != 0) & (item[1:] // 10 == item[:-1] // 10)
    return on[same].mean()


def matrix(users=60, items=8, seed=0, share=0.4):
    """A sparse matrix of users by items with no empty row or column."""
    from scipy import sparse

    rng = np.random.default_rng(seed)
    dense = (rng.random((users, items)) < share).astype(np.float32)
    dense[np.arange(users), np.arange(users) % items] = 1
    return sparse.csr_matrix(dense)


def baskets(lists, size):
    """Baskets of lists of item numbers."""
    from interfuse.kinds.interactions.data.baskets import Baskets

    indptr = np.concatenate([[0], np.cumsum([len(b) for b in lists])]).astype(np.int64)
    return Baskets(indptr, np.array([i for b in lists for i in b], np.int32), size)
