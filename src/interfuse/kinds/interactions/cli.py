"""What the commands do where the model is one of interactions."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interfuse.console import counted, summary, table, tell, warn
from interfuse.errors import OptionError
from interfuse.kinds.option import called, check_below, check_share

if TYPE_CHECKING:
    from interfuse.kinds.interactions.model import InteractionsModel
    from interfuse.kinds.verb import Asked


def show_experts(model: InteractionsModel) -> list[tuple[str, str]]:
    """Names and values for `interfuse show`."""
    went = model.record["training"]
    rows = [("Order", "used" if model.fitted.panel.ordered else "not used")]
    for expert in model.record.get("experts", went.get("experts", [])):  # of older runs the latter
        figure = expert["alone"]
        alone = "" if figure is None else f", nDCG@20 {figure:.4f} alone on held-out touches"
        tau = "" if expert["tau"] is None else f", the last {expert['tau']:g} touches count most"
        rows.append((expert["name"], f"weight {expert['weight']:g}{tau}{alone}"))
    error = went.get("rating_error")
    if error is not None:
        rows.append(("Ratings", f"root mean square error {error['model']:.4f} on held-out ones, "
                                f"{error['item_means']:.4f} of item means"))  # fmt: skip
    return rows


def generate(
    model: InteractionsModel,
    asked: Asked,
    *,
    rows: int | None = None,
    given: Sequence[str] = (),
    seed: int = 0,
) -> None:
    """Draw users and write their touches while they are drawn."""
    from interfuse.io.write import check_target, write
    from interfuse.io.written import Writing
    from interfuse.kinds.interactions.ask.generate import generate as frames_of
    from interfuse.kinds.interactions.ask.given import given_of

    check_target(asked.target)
    known = given_of(model.fitted, given)
    count = rows if rows is not None else int(model.record["data"]["users"])
    begin = time.monotonic()
    done = 0

    def touches() -> Any:
        nonlocal done
        for frame in frames_of(model.fitted, count, given=known, seed=seed):
            done += frame.height
            yield frame

    shown = counted(touches(), count, "generating", "touches")
    write(shown, asked.target, Writing.of(model.schema.origin))
    tell(f"{count:,} users: {summary(done, time.monotonic() - begin, asked.target)}")


def recommend(
    model: InteractionsModel,
    asked: Asked,
    *,
    rows: int | None = None,
    exclude_known: bool = True,
) -> None:
    """Recommend and write while it is done."""
    from interfuse.io.write import check_target, write
    from interfuse.kinds.interactions.ask.recommend import N, recommendation

    check_target(asked.target)
    with called(asked.source):
        question = recommendation(
            model.fitted, asked.source, n=rows or N, exclude_known=exclude_known, where=asked.source
        )
    for line in question.warnings:
        warn(line)
    begin = time.monotonic()
    write(counted(question.frames(), question.rows, "recommending", "rows"), asked.target)
    users = f"{len(question.baskets):,} users"
    tell(f"{users}: {summary(question.rows, time.monotonic() - begin, asked.target)}")


def similar(model: InteractionsModel, asked: Asked, *, rows: int | None = None) -> None:
    """Items that go with those of a file, or with one."""
    from interfuse.io.write import check_target, write
    from interfuse.kinds.interactions.ask.reading import as_names
    from interfuse.kinds.interactions.ask.recommend import N
    from interfuse.kinds.interactions.data.files import read

    check_target(asked.target)
    items: Any = asked.source
    name = model.schema.item
    if Path(asked.source).is_file():
        frame, _ = read(asked.source)
        if name not in frame.columns:
            raise OptionError(f"{asked.source}: there is no column {name!r}; expected the items.")
        items = as_names(frame, name, model.items.dtype).drop_nulls().unique(maintain_order=True)
    write(model.similar_items(items, n=rows or N), asked.target)


def detect(
    model: InteractionsModel,
    asked: Asked,
    *,
    below: float | None = None,
    per_user: bool = False,
) -> None:
    """Score touches or users and write them."""
    from interfuse.io.write import check_target, write

    check_below(below)
    check_target(asked.target)
    begin = time.monotonic()
    with called(asked.source):
        odd = model.detect(asked.source)
    frame = odd.users if per_user else odd.touches
    if below is not None:
        frame = frame.filter(frame["p_value"] <= below)
    rows = write(frame, asked.target)
    tell(summary(rows, time.monotonic() - begin, asked.target))


def impute(model: InteractionsModel, asked: Asked, *, interval: float | None = None) -> None:
    """Fill ratings and write the rows."""
    from interfuse.io.write import check_target, write

    check_share(interval)
    check_target(asked.target)
    begin = time.monotonic()
    with called(asked.source):
        frame = model.impute(asked.source, interval=interval)
    rows = write(frame, asked.target)
    tell(summary(rows, time.monotonic() - begin, asked.target))


def judge(
    model: InteractionsModel, asked: Asked, *, real: str, holdout: str | None = None, seed: int = 0
) -> None:
    """Judge drawn users, print the figures and write them."""
    from interfuse.io.write import check_target, write

    check_target(asked.target)
    with called(asked.source):
        frame = model.judge(asked.source, real, holdout, seed=seed)
    rows = [
        tuple("" if v is None else v if isinstance(v, str) else f"{v:.4f}" for v in row)
        for row in frame.rows()
    ]
    table("Drawn users", ("figure", "drawn", "held out", "by popularity", "best"), rows)
    write(frame, asked.target)


def backtest(
    model: InteractionsModel,
    asked: Asked,
    *,
    split: str | None = None,
    at: int = 20,
    seed: int = 0,
) -> None:
    """Judge on held-out touches, print the figures and write them."""
    from interfuse.io.files import write_json
    from interfuse.io.write import check_target, write
    from interfuse.kinds.interactions.judge.backtest import backtest as judged

    as_json = asked.target.endswith(".json")
    if not as_json:
        check_target(asked.target)
    with called(asked.source):
        report = judged(
            asked.source, schema=model.schema, split=split, at=at, seed=seed,
            order=model.fitted.panel.ordered, tell=tell,
        )  # fmt: skip
    for line in report.notes:
        warn(line)
    frame = report.frame
    rows = [tuple(v if isinstance(v, str) else f"{v:.4f}" for v in row) for row in frame.rows()]
    table(report.title, tuple(frame.columns), rows)
    if as_json:
        write_json(asked.target, json.loads(json.dumps(report.to_json())))
    else:
        write(frame, asked.target)
