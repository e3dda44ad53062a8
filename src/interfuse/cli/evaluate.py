"""`interfuse evaluate`: is a synthetic table like the real one?

Prints the figures beside their floor and their baseline, says what is off, writes the report, and
holds the figures against the checks that were asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interfuse import spoken
from interfuse.console import bar, output, say, table
from interfuse.errors import OptionError
from interfuse.kinds import all_kinds, named
from interfuse.language import LANGUAGES, speaking, t
from interfuse.visible import visible

if TYPE_CHECKING:
    from interfuse.evaluate import Report

_CHECK = re.compile(
    r"\s*([a-z_.]+)\s*(<=|>=|<|>)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*%?\s*"
)
_FINDINGS = "findings"


@dataclass(frozen=True)
class Check:
    """A bound on one figure, such as `fidelity.shape<1.5`.

    Attributes:
        key: of a figure of the report, or "findings" for how many things were found to be off.
        sign: "<", "<=", ">" or ">=".
        bound: the number it is held against, in the figure's own unit.
    """

    key: str
    sign: str
    bound: float

    @classmethod
    def parse(cls, text: str) -> Check:
        """Read a check from the command line.

        Raises:
            OptionError: it is no comparison, or names no figure.
        """
        from interfuse.evaluate.figures import FIGURES

        found = _CHECK.fullmatch(text)
        if not found:
            raise OptionError(
                f"--check: {text!r} is not a check; expected FIGURE, one of < <= > >=, and a "
                "number, in quotes: --check 'fidelity.shape<1.5'."
            )
        key, sign, bound = found.groups()
        known = [*FIGURES, _FINDINGS]
        if key not in known:
            near = _near(key, known)
            meant = f"did you mean {' or '.join(near)}? " if near else ""
            raise OptionError(f"--check: no figure {key!r}; {meant}There are {', '.join(known)}.")
        return cls(key, sign, float(bound))

    def value(self, report: Report) -> float | None:
        """What is held against the bound; None where the report has no such figure."""
        if self.key == _FINDINGS:
            return float(len(report.findings))
        return next((row["value"] for row in report.table() if row["key"] == self.key), None)

    def holds(self, value: float | None) -> bool:
        """Whether the figure keeps the bound; one that was not measured does not."""
        if value is None:
            return False
        less = value < self.bound or ("=" in self.sign and value == self.bound)
        more = value > self.bound or ("=" in self.sign and value == self.bound)
        return less if self.sign[0] == "<" else more

    def __str__(self) -> str:
        return f"{self.key} {self.sign} {self.bound:g}"


def _near(key: str, known: Sequence[str]) -> list[str]:
    """Return the known names that are like `key`, nearest first."""
    inside = [name for name in known if key in name.split(".") or key in name.split("_")]
    alike = get_close_matches(key, known, n=3, cutoff=0.5)
    tails = {name.rpartition(".")[2]: name for name in known}
    alike += [tails[tail] for tail in get_close_matches(key.rpartition(".")[2], tails, cutoff=0.6)]
    return list(dict.fromkeys(inside + alike))[:3]


def evaluate(
    real: Annotated[
        str, typer.Argument(metavar="REAL", help="The table that was fitted; - is standard input.")
    ],
    synthetic: Annotated[
        str, typer.Argument(metavar="SYNTHETIC", help="The synthetic table, of the same columns.")
    ],
    holdout: Annotated[
        str | None,
        typer.Option("--holdout", metavar="FILE", help="Real rows that were not fitted."),
    ] = None,
    report: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="The page; a .json goes beside it."),
    ] = Path("report.html"),
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="COLUMN", help="What the utility figures predict."),
    ] = None,
    schema: Annotated[
        Path | None,
        typer.Option("--schema", metavar="FILE|RUN", help="The columns' kinds; else inferred."),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option("--run", metavar="RUN", help="Take schema and training curve from this run."),
    ] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(
            "--secret",
            metavar="COLUMN",
            help="Try to guess this column of fitted rows; needs --holdout; may be repeated.",
        ),
    ] = None,
    thorough: Annotated[
        bool,
        typer.Option("--thorough", help="More rows, more draws, every target: takes far longer."),
    ] = False,
    check: Annotated[
        list[str] | None,
        typer.Option(
            "--check", metavar="CHECK", help="Exit with 1 unless this holds; may be repeated."
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of every random draw.")] = 0,
    language: Annotated[
        str, typer.Option("--language", metavar="en|zh", help="Of the report's sentences.")
    ] = "en",
) -> None:
    """Measure how close, how useful and how private a synthetic table is.

    Each figure stands beside its floor (resampled real rows: no method does better) and what
    independent columns and a Gaussian copula would get. Rules that every real row keeps are found
    and checked. Keys and free text are not compared.

    [bold]Examples[/]

    interfuse evaluate train.csv synthetic.csv

    interfuse evaluate train.parquet synthetic.parquet --holdout test.parquet --run flows-run

    interfuse evaluate train.csv synthetic.csv --holdout test.csv --secret income

    interfuse evaluate train.csv synthetic.csv --language zh

    interfuse evaluate a.csv b.csv --check 'fidelity.shape<1.5' --check 'detection.boosted<0.6'
    """
    if language not in LANGUAGES:
        raise OptionError(f"--language: {language!r} is not known; expected en or zh.")
    checks = [Check.parse(text) for text in check or ()]
    sources = [source for source in (real, synthetic, holdout) if source is not None]
    if sources.count("-") > 1:
        raise OptionError("- (standard input): can be only one of the tables. Name files.")

    if secret and holdout is None:
        raise OptionError(
            "--secret: needs real rows that were not fitted, as the control. Give --holdout FILE."
        )

    import interfuse
    from interfuse.io.read import read_sheet
    from interfuse.io.textforms import said_of

    judging = next(kind for kind in all_kinds() if kind.judged)
    kinds, curve, unit = _known_of_columns(schema, run)
    said = kinds.said() if kinds is not None else None
    frames = []
    file = kinds.origin.file if kinds is not None else {}
    for source in sources:
        sheet = read_sheet(source, said, file=file)
        frames.append(sheet.frame.collect())
        file = file or sheet.columns.get("", {})
        if said is None:  # the others as the first
            said = said_of(frames[0].schema, sheet.columns)
    if kinds is None:
        kinds = interfuse.infer_schema(frames[0])
    with measuring() as tell:
        found = interfuse.evaluate(
            *frames,
            schema=kinds,
            target=target,
            seed=seed,
            training_curve=curve,
            training_unit=unit,
            rules=judging.rules(frames[0], frames[1]),
            secrets=secret or (),
            thorough=thorough,
            progress=tell,
            language=language,
            names=[_name(source) for source in (real, synthetic)],
        )
    page, data = map(visible, found.save(report))
    print_report(found)
    with speaking(language):
        say("\n" + t("Report: {page} (the same as JSON: {data})", page=page, data=data))
    if not _all_hold(checks, found):
        raise typer.Exit(1)


def _name(source: str) -> str:
    """What a table is called at the head of a report."""
    return "–" if source == "-" else Path(source).name or source


def _known_of_columns(schema: Path | None, run: Path | None) -> tuple[Any, Any, str]:
    """Return schema, training curve and the curve's unit, as far as they are given."""
    import interfuse

    kinds, curve, unit = None, None, "examples"
    if run is not None:
        model = interfuse.load(run)
        if not named(model.schema.kind).judged:
            raise OptionError(
                f"--run: {run} is a model of {model.schema.kind}; this command judges tables. Name "
                "the run of a table."
            )
        kinds, curve = model.schema, curve_of(model.record)
    if schema is not None:
        path = schema / "schema.json" if schema.is_dir() else schema
        kinds = interfuse.Schema.load(path)
    return kinds, curve, unit


def curve_of(record: dict[str, Any]) -> list[tuple[float, float, float]]:
    """Return (examples, training loss, held-out loss) at each evaluation of a fit."""
    return [(p[0], p[2], p[3]) for p in record.get("training", {}).get("curve", ())]


@contextmanager
def measuring() -> Iterator[Any]:
    """Give the progress callback of `interfuse.evaluate`, shown as a bar."""
    with bar() as progress:
        task = progress.add_task("measuring", total=1.0, status="", remaining=None)
        yield lambda what, share: progress.update(task, completed=share, status=what)


def print_report(report: Report) -> None:
    """Print figures, verdict and findings."""
    with speaking(report.data.get("language", "en")):
        _print_figures(report)
        for sentence in report.verdict:
            say(sentence)
        say("")
        if report.findings:
            say(t("What is off ({count})", count=len(report.findings)) + t(":"))
            for line in report.findings:
                say(f"  - {visible(line)}")
        else:
            say(report.nothing_found)


def _print_figures(report: Report) -> None:
    from interfuse.evaluate.figures import floor_text, interval, shown

    rows: list[Sequence[str]] = []
    words: dict[str, str] = {}
    for row in report.table():
        better = t({"lower": "lower", "higher": "higher", "to 0.5": "0.5"}[row["better"]])
        loose, copula = (shown(row.get(name), row["unit"]) for name in ("independent", "copula"))
        said = row.get("independent_is") if row.get("independent") is not None else None
        if said:
            loose += " " + words.setdefault(said, "*" * (len(words) + 1))
        value = shown(row["value"], row["unit"])
        rows.append((row["name"], value, interval(row), floor_text(row), loose, copula, better))
    head = [t("Figure"), t("Synthetic"), "95%", t("Floor"), t("Independent columns")]
    head += [t("Copula"), t("Better")]
    table("", head, rows)
    for said, mark in words.items():
        say(f"{mark} {said}")


def _all_hold(checks: Sequence[Check], report: Report) -> bool:
    kept = []
    for check in checks:
        value = check.value(report)
        kept.append(check.holds(value))
        found = "not measured" if value is None else f"{value:.4g}"
        colour, word = ("green", "holds") if kept[-1] else ("red", "FAILS")
        if spoken.heard(spoken.Message(f"check {word}: {check} ({found})")):
            output.print(f"check [{colour}]{word}[/]: {check} ({found})")
    return all(kept)
