"""Moved to `interfuse.kinds.series.model`."""

from interfuse._moved import moved

__getattr__ = moved(
    __name__,
    {
        "SeriesModel": "interfuse.kinds.series.model",
    },
)
