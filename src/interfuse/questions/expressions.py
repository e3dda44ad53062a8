"""Moved to `interfuse.kinds.table.ask.expressions`."""

from interfuse._moved import moved

__getattr__ = moved(
    __name__,
    {
        "Range": "interfuse.kinds.table.ask.expressions",
        "parse_expressions": "interfuse.kinds.table.ask.expressions",
    },
)
