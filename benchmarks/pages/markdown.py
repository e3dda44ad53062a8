"""Figures as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

OURS = "interfuse"
ABOUT = ("command", "seed", "date", "machine", "versions")
_MOST_PLAIN = 60

Found = Mapping[str, Any]


def plain(found: Found) -> list[str]:
    """Every figure of every result, by its path."""
    rows = [
        (name, path, value)
        for name, one in found.items()
        for path, value in _leaves({k: v for k, v in one.items() if k not in ABOUT})
    ]
    left = len(rows) - _MOST_PLAIN
    lines = table(("Result", "Figure", "Value"), rows[:_MOST_PLAIN])
    return [*lines, "", f"{left} more figures are in the results file."] if left > 0 else lines


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path} {key}".strip().replace("_", " "))
    elif isinstance(value, list):
        text = ", ".join(number(v) for v in value if not isinstance(v, dict | list))
        if text:
            yield path, text
    else:
        yield path, number(value)


def circumstances_of(found: Found) -> list[str]:
    """Commands, seeds, machines and versions, those that are alike said once."""
    commands = list(dict.fromkeys(one["command"] for one in found.values() if "command" in one))
    if not commands:
        return []
    lines = ["```sh", *commands, "```", ""]
    dates = sorted({str(one["date"])[:10] for one in found.values() if "date" in one})
    seeds = sorted({str(one["seed"]) for one in found.values() if "seed" in one})
    about = [f"seed {', '.join(seeds)}", " to ".join(dict.fromkeys((dates[0], dates[-1])))]
    for machine in _unlike(one.get("machine") for one in found.values()):
        about.append(computer(machine))
    for versions in _unlike(one.get("versions") for one in found.values()):
        about.append(", ".join(f"{k} {v}" for k, v in versions.items()))
    return [*lines, *(f"- {line}" for line in about)]


def computer(machine: Found) -> str:
    """A machine in a line."""
    accelerator = machine.get("accelerator") or "no accelerator"
    return (
        f"{machine['processor']}, {machine['cores']} core{'s' * (machine['cores'] != 1)}, "
        f"{machine['instructions']}, {machine['memory_gib']:g} GiB, {accelerator}"
    )


def _unlike(values: Iterable[Any]) -> list[Any]:
    out: list[Any] = []
    for value in values:
        if value is not None and value not in out:
            out.append(value)
    return out


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table: first column to the left, the others to the right."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" + " ---: |" * (len(header) - 1)]
    for row in rows:
        lines.append("| " + " | ".join(str(c).replace("|", r"\|") for c in row) + " |")
    return lines


def number(value: Any, digits: int = 3, sd: float | None = None) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    text = f"{value:.{digits}f}"
    return text if sd is None else f"{text} ± {sd:.{digits}f}"


def best_of(values: Sequence[float | None], digits: int, higher: bool = True) -> list[str]:
    """Numbers, the best of them in bold."""
    there = [v for v in values if v is not None]
    best = (max if higher else min)(there, default=None)
    shown = [number(v, digits) for v in values]
    return [
        f"**{t}**" if v is not None and v == best else t for t, v in zip(shown, values, strict=True)
    ]
