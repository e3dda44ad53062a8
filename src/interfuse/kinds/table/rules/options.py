"""The options of derived columns, as schemas have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interfuse.errors import SchemaError
from interfuse.io.records import short
from interfuse.kinds.table.rules.sums import parse_rule

KINDS = ("number", "datetime", "category")
MOST_DECIMALS = 12

OPTIONS: Mapping[str, dict[str, Any]] = {
    "rule": {
        "type": "string",
        "description": "what it is computed by.",
        "examples": ["added - deleted", "round(bytes / packets, 2) if packets > 0 else 0"],
    },
    "exceptions": {
        "enum": list(KINDS),
        "description": "the kind as which values are learned that are not what the rule says.",
    },
    "missing": {
        "type": "boolean",
        "description": "whether it is learned where it is missing though the rule says a value.",
    },
    "remainder": {
        "type": "integer",
        "minimum": 0,
        "maximum": MOST_DECIMALS,
        "description": "decimals of what the rule leaves over; that is learned and added.",
    },
    "least": {
        "type": "integer",
        "description": "what a remainder may not take it below.",
    },
    "range": {
        "type": "array",
        "items": {"type": "number"},
        "minItems": 2,
        "maxItems": 2,
        "description": "the least and the most that it may be in drawn rows, which are drawn "
        "again where it is beyond.",
    },
    "keeps": {
        "type": "object",
        "additionalProperties": {"type": "string"},
        "description": "rules that hold of columns it is computed from, by column.",
        "examples": [{"mean_size": "round(bytes / packets)"}],
    },
}


def check_options(name: str, options: Mapping[str, Any]) -> None:
    """Check what a person may have edited; the names of the options are known to be right.

    Raises:
        SchemaError: an option has a value that it cannot have, or a rule cannot be read.
    """
    if not isinstance(options.get("rule"), str):
        raise SchemaError(
            f"schema: column {name!r} is derived but has no rule; give it one, for example "
            '"options": {"rule": "added - deleted"}.'
        )
    parse_rule(options["rule"])
    wanted = {
        "exceptions": (options.get("exceptions", KINDS[0]) in KINDS, f"one of {', '.join(KINDS)}"),
        "missing": (isinstance(options.get("missing", True), bool), "true or false"),
        "remainder": (
            type(options.get("remainder", 0)) is int
            and 0 <= options.get("remainder", 0) <= MOST_DECIMALS,
            f"a number of decimals, 0 to {MOST_DECIMALS}",
        ),
        "least": (type(options.get("least", 0)) is int, "a whole number"),
        "range": (_is_range(options.get("range", [0, 0])), "two numbers, the lesser one first"),
        "keeps": (
            isinstance(options.get("keeps", {}), dict)
            and all(isinstance(text, str) for text in options.get("keeps", {}).values()),
            "rules by column",
        ),
    }
    for option, (fine, words) in wanted.items():
        if not fine:
            raise SchemaError(
                f"schema: column {name!r} has {option} {short(options[option])}; expected {words}."
            )
    for text in options.get("keeps", {}).values():
        parse_rule(text)


def _is_range(value: Any) -> bool:
    numbers = isinstance(value, list) and all(type(x) in (int, float) for x in value)
    return numbers and len(value) == 2 and value[0] <= value[1]
