"""Moved to `interfuse.kinds.table.model`, and `load` to `interfuse`."""

from interfuse._moved import moved

__getattr__ = moved(
    __name__,
    {
        "Model": "interfuse.kinds.table.model",
        "load": "interfuse.api",
    },
)
