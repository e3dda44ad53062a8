"""Questions to a table as a whole, as commands."""

from __future__ import annotations

from pathlib import Path

from interfuse.kinds.option import DEVICE, GIVEN, LANGUAGE, SEED, Option
from interfuse.kinds.verb import Verb, late

_CLI = "interfuse.kinds.table.cli_knowledge"

TARGET = Option(
    "of",  # `target` is where the answer goes
    "A column to explain: what drives it, how, and in which rows.",
    flag="--target",
    metavar="COLUMN",
)
BLOCKS = Option(
    "blocks",
    "A column that is the same in rows which are not independent of each other, such as a day.",
    metavar="COLUMN",
)
MOST_ROWS = Option(
    "rows", "How many rows are asked at most; default: 4096.", int, flag="--rows", least=200
)
PROBES = Option(
    "probes",
    "Draw edges above what so many shuffled columns come up to in a fit like this one, which is "
    "made first; default: above .005 nats, without a fit.",
    int,
    0,
    least=0,
)

EXPLAIN = Verb(
    "explain",
    "Say what depends on what, and what drives a column.",
    "Asked of the rows that the fit held out, or of fresh rows in DATA: which columns depend on "
    "each other when all others are known, how far each is determined and by which, which rows "
    "stand out. With --target, what drives that column and how. FILE is one page; JSON is written "
    "beside it.",
    (
        "interfuse explain run -o explain.html",
        "interfuse explain run --target label -o explain.html",
        "interfuse explain run fresh.csv --target label --given proto=udp -o explain.html",
        "interfuse explain run --language zh -o explain.html",
    ),
    late(_CLI, "explain"),
    (
        TARGET,
        GIVEN,
        Option(
            "groups",
            'JSON {"name": ["column", ...]} with columns that count as one.',
            Path,
            metavar="FILE",
        ),
        BLOCKS,
        MOST_ROWS,
        PROBES,
        SEED,
        DEVICE,
        LANGUAGE,
    ),
    ("[DATA]", "Rows that the model was not fitted to; default: those that the fit held out."),
    target="A page, .html; its JSON is written beside it.",
    optional=True,
    ending="html",
)

COMPARE = Verb(
    "compare",
    "Say what changed since the rows that were fitted.",
    "",
    (),
    late(_CLI, "compare"),
    (BLOCKS, SEED, DEVICE, LANGUAGE),
    ("DATA", "The rows that are held against those that the fit held out."),
    target="A page, .html; its JSON is written beside it.",
    ending="html",
)
"""Of a run and rows; the command `interfuse compare` takes two tables as well."""
