"""Moved to `interfuse.kinds.images.model`."""

from interfuse._moved import moved

__getattr__ = moved(
    __name__,
    {
        "ImageModel": "interfuse.kinds.images.model",
        "ImageScores": "interfuse.kinds.images.answer",
    },
)
