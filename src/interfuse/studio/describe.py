"""Kinds, their options and questions, and run folders, as JSON."""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path
from typing import Any

from interfuse.cli.fit import COMMON
from interfuse.errors import RunError
from interfuse.io.schemafile import SHIPPED
from interfuse.kinds import Kind, Option, Verb, all_kinds, of_record
from interfuse.studio.places import read_json

OF_FIT = tuple(
    option for option in COMMON
    if option.name in ("kind", "seconds", "examples", "seed", "precision", "schedule", "device")
)  # fmt: skip
"""What a client may say of any fit: folders, resuming and schemas are the server's."""


def option(one: Option) -> dict[str, Any]:
    """An option as a form has it."""
    return {
        "name": one.name,
        "flag": one.flag,
        "type": "file" if one.reads_file else one.type.__name__,
        "help": one.help,
        "default": one.default if isinstance(one.default, int | float | str) else None,
        "least": one.least,
        "many": one.many,
        "needed": one.needed,
        "choices": list(one.choices),
        "column": one.metavar == "COLUMN",
    }


def verb(one: Verb) -> dict[str, Any]:
    """A question as a form has it."""
    return {
        "name": one.name,
        "summary": one.summary,
        "details": one.details,
        "data": {"name": one.source[0], "help": one.source[1]} if one.source else None,
        "optional": one.optional,
        "format": one.ending,
        "options": [option(o) for o in one.options],
    }


def kind(one: Kind) -> dict[str, Any]:
    """A kind of data."""
    return {
        "name": one.name,
        "words": one.words._asdict(),
        "options": [option(o) for o in (*OF_FIT, *one.options)],
        "columns": choices(one.name),
        "questions": [verb(v) for v in one.questions],
        "judged": one.judged,
    }


def kinds() -> list[dict[str, Any]]:
    """All kinds of data."""
    return [kind(one) for one in all_kinds()]


@functools.cache
def choices(name: str) -> dict[str, str]:
    """What a column of this kind of data can be said to be: from the JSON Schema it ships."""
    one = next(k for k in all_kinds() if k.name == name)
    file = Path(str(sys.modules[type(one).__module__].__file__)).with_name(SHIPPED)
    if not file.exists():
        return {}
    parts = json.loads(file.read_text(encoding="utf-8")).get("$defs", {})
    found = parts.get("ColumnSpec", {}).get("properties", {}).get("kind", {}).get("anyOf", [])
    named = {c["const"]: c.get("description", "") for c in found if "const" in c}
    return {n: words for n, words in named.items() if n != "derived"}


def columns(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The columns of a schema, as far as it has such: name, type, what it is, and why."""
    found = schema.get("columns")
    if not isinstance(found, list):
        return []
    return [
        {
            "name": c["name"],
            "type": _type(c.get("dtype", "")),
            "kind": c.get("kind", ""),
            "note": c.get("note", ""),
        }
        for c in found
        if isinstance(c, dict) and "name" in c
    ]


def _type(written: Any) -> str:
    """A type as it is written in a schema, in few words: of one with parts, its name."""
    return str(written.get("type", "")) if isinstance(written, dict) else str(written)


def _words(run: Path, record: dict[str, Any]) -> dict[str, str]:
    """The kind that a run is of, known here or not, what it is called, and what it counts."""
    try:
        one = of_record(record, run.name)
    except RunError:
        name = str(record.get("kind"))
        return {"kind": name, "kind_words": name, "unit": "rows"}
    return {"kind": one.name, "kind_words": one.words.many, "unit": one.words.rows}


def brief(run: Path, record: dict[str, Any]) -> dict[str, Any]:
    """A run folder in a list."""
    data, training = record.get("data", {}), record.get("training", {})
    return {
        "name": run.name,
        **_words(run, record),
        "source": data.get("source", ""),
        "rows": data.get("rows"),
        "changed": (run / "run.json").stat().st_mtime,
        "held_out_loss": training.get("held_out_loss"),
        "seconds": training.get("seconds"),
    }


def whole(run: Path) -> dict[str, Any]:
    """A run folder: what is in its record and its schema, and what can be asked."""
    record = read_json(run / "run.json") or {}
    schema = read_json(run / "schema.json") or {}
    one = of_record(record, run.name)
    keep = ("data", "seed", "budget", "training", "versions", "machine", "status")
    return {
        **brief(run, record),
        "record": {name: record[name] for name in keep if name in record},
        "columns": columns(schema),
        "questions": [verb(v) for v in one.questions],
        "judged": one.judged,
    }
