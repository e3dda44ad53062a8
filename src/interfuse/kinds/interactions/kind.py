"""Interactions, as the rest of interfuse sees them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interfuse.kinds.kind import Kind, Words
from interfuse.kinds.option import BELOW, GIVEN, INTERVAL, ROWS, SEED, Option
from interfuse.kinds.verb import Verb, late
from interfuse.run import store

if TYPE_CHECKING:
    from interfuse.kinds.interactions.job import InteractionsJob
    from interfuse.kinds.interactions.model import InteractionsModel

DRAWN = 64
"""Users that `reproduce` draws of both models."""
_CLI = "interfuse.kinds.interactions.cli"

OPTIONS = (
    Option("user", "The column that says who; else found by its name.", metavar="COLUMN"),
    Option("item", "The column that says what; else found by its name.", metavar="COLUMN"),
    Option("time", "The column that says when; else found by its name.", metavar="COLUMN"),
    Option("rating", "The column of ratings; else found by its name.", metavar="COLUMN"),
    Option("users", "A table with attributes of users, by the same column.", metavar="FILE"),
    Option("items", "A table with attributes of items; may have items that nobody touched.",
           metavar="FILE"),
    Option("order", "Use no order of touches, though there are times.", bool, True,
           flag="--no-order"),
)  # fmt: skip

GENERATE = Verb(
    "generate",
    "Draw the touches of new users.",
    "Of interactions -n counts users, as many as were fitted unless given; --given ITEM=NAME lets "
    "all of them touch that item.",
    ("interfuse generate shop-run -n 1000 -o new-users.csv --given item_id=B00004",),
    late(_CLI, "generate"),
    (ROWS, GIVEN, SEED),
)

RECOMMEND = Verb(
    "recommend",
    "Recommend items to users.",
    "A run keeps no user: USERS holds the touches of those who are asked about, in the columns of "
    "the fit. What is written: for every user -n rows (10 unless given) with the item, a score (1 "
    "is what an item has on average), the rank, and the known items that it is because of. A user "
    "of whom no item is known is recommended what is popular.",
    ("interfuse recommend run users.csv -n 10 -o out.csv",
     "interfuse recommend run users.parquet -o - --with-known"),
    late(_CLI, "recommend"),
    (
        ROWS,
        Option("exclude_known", "Also recommend what a user touched already.", bool, True,
               flag="--with-known"),
    ),
    ("USERS", "The touches of users; - is CSV typed in."),
)  # fmt: skip

SIMILAR = Verb(
    "similar",
    "List the items that go with items.",
    "ITEMS is a file with the items in the column of the fit, or the name of one item.",
    ("interfuse similar run B00004 -n 20 -o like-it.csv",),
    late(_CLI, "similar"),
    (ROWS,),
    ("ITEMS", "A file of items, or one item's name."),
)

DETECT = Verb(
    "detect",
    "Say how odd users and their touches are.",
    "Of interactions a row is a touch: its score is how surprising it is beside the user's others, "
    "in nats, and expected is what was likelier. --per-user writes a row for each user instead.",
    ("interfuse detect shop-run today.csv -o odd-users.csv --per-user --below .01",),
    late(_CLI, "detect"),
    (BELOW, Option("per_user", "A row for each user.", bool, False)),
    ("DATA", "The touches of users; - is CSV typed in."),
)

IMPUTE = Verb(
    "impute",
    "Fill missing ratings.",
    "Of interactions, the missing ratings of known items are filled, by the user's other ratings.",
    ("interfuse impute films-run ratings.csv -o filled.csv --interval .8",),
    late(_CLI, "impute"),
    (INTERVAL,),
    ("DATA", "Touches, users or items with missing cells; - is CSV typed in."),
)

BACKTEST = Verb(
    "backtest",
    "Judge recommendations on touches that are held out.",
    "The methods and their mixture are fitted anew to a part of DATA, and judged on the rest: "
    "recall, nDCG and MRR, how much of the catalogue is recommended, and how little known it is. "
    "What the run learned is not used, only which column says what.",
    ("interfuse backtest run touches.csv -o figures.csv --split last",
     "interfuse backtest run touches.parquet -o figures.json --split fold --at 20"),
    late(_CLI, "backtest"),
    (
        Option("split", "time, last, random, or a column that says train or test; default: time "
               "if there is one, else random."),
        Option("at", "Length of the lists; default 20.", int, least=1),
        SEED,
    ),
    ("DATA", "Touches, as for fit."),
)  # fmt: skip


JUDGE = Verb(
    "judge",
    "Judge drawn users beside real ones.",
    "MADE are touches that generate drew. What is written is a row for each figure: shares of "
    "items, lengths, pairs of items, whether boosted trees tell drawn from real users; with "
    "--holdout also whether drawn users lie nearer to fitted ones than to others, and what a "
    "recommender learns "
    "from them. Beside each stand held-out users and users who touch by popularity alone.",
    ("interfuse judge run new-users.csv --real touches.csv --holdout later.csv -o figures.csv",),
    late(_CLI, "judge"),
    (
        Option("real", "The touches that were fitted.", metavar="FILE", needed=True),
        Option("holdout", "Touches of real users that were not fitted.", metavar="FILE"),
        SEED,
    ),
    ("MADE", "Touches of drawn users; - is CSV typed in."),
)  # fmt: skip


class InteractionsKind(Kind):
    """Users and the items that they touch."""

    name = "interactions"
    words = Words(
        "interactions", "interactions", "of interactions", "users", "rows", "touches", "a role",
        " --kind interactions",
    )  # fmt: skip
    parts = store.PARTS
    options = OPTIONS
    verbs = (GENERATE, RECOMMEND, SIMILAR, DETECT, IMPUTE, BACKTEST, JUDGE)

    def looks(self, data: Any) -> float:
        """Where there are a user and an item and hardly anything else."""
        from interfuse.kinds.interactions.data.roles import SURE, looks_like

        return SURE if looks_like(data) else 0.0

    def hint(self, data: Any) -> str:
        """Where a table has a user and an item among other columns."""
        from interfuse.kinds.interactions.data.roles import may_be

        if not may_be(data):
            return ""
        return "This table has users and items. To fit who touched what, and recommend:"

    def job(self, **options: Any) -> InteractionsJob:
        """One fit."""
        from interfuse.kinds.interactions.job import InteractionsJob

        return InteractionsJob(**options)

    def open(
        self, folder: Path, record: dict[str, Any], parts: Mapping[str, dict[str, Any]]
    ) -> InteractionsModel:
        """A model from its parts."""
        from interfuse.kinds.interactions.model import open_interactions

        return open_interactions(folder, record, parts)

    def again(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Whether the order was used, and what was chosen by the clock."""
        beside = record["data"].get("beside", {})
        given = {name: words["path"] for name, words in beside.items() if "path" in words}
        chosen = {name: record.get(name) for name in ("experts", "folds")}
        return {"order": bool(record.get("order", True)), **chosen, **given}

    def apart(self, first: Any, again: Any) -> tuple[float, float]:
        """Share of equal touches of drawn users, and 1 if any differs."""
        import polars as pl

        one, two = (pl.DataFrame(m.fitted_draw(DRAWN)) for m in (first, again))
        if one.shape != two.shape:
            return 0.0, 1.0
        unequal = pl.Series([False] * one.height)
        for a, b in zip(one.iter_columns(), two.iter_columns(), strict=True):
            unequal = unequal | a.ne_missing(b)
        share = 1 - float(unequal.mean() or 0)  # pyright: ignore[reportArgumentType]
        return share, float(share < 1)

    def how_much(self, data: Mapping[str, Any]) -> str:
        """Touches, items and users."""
        return f"{data['touches']:,} touches of {data['items']:,} items by {data['users']:,} users"

    def print_schema(self, schema: Any, found: str) -> None:
        """What is what."""
        from interfuse.console import facts

        facts("", [("Data", found), *schema.describe()])

    def holds(self) -> str:
        """What of the data is in a run folder."""
        return (
            "It holds the names of items that enough users touched and weights between "
            "them; no name and no row of a user. A weight of two items may rest on one "
            "user."
        )

    def show(self, run: Path, model: Any) -> list[tuple[str, str]]:
        """The network and the experts."""
        from interfuse.kinds.interactions.cli import show_experts

        return [*super().show(run, model), *show_experts(model)]

    def next_commands(self, data: str, run: str, rows: int) -> list[str]:
        """Recommend, draw, find what is odd."""
        return [
            f"interfuse recommend {run} {data} -n 10 -o recommended.csv",
            f"interfuse generate {run} -n 1000 -o new-users.csv",
            f"interfuse detect {run} {data} --per-user -o odd.csv",
            f"interfuse backtest {run} {data} -o figures.csv",
        ]


KIND = InteractionsKind()
