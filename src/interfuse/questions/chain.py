"""Moved to `interfuse.kinds.images.ask.chain`."""

from interfuse._moved import moved

_NAMES = ("forward_chain", "forward_frames", "nats_from_noise")

__getattr__ = moved(__name__, dict.fromkeys(_NAMES, "interfuse.kinds.images.ask.chain"))
