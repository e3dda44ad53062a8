"""How odd a record is: the parts of `detect`."""

from interfuse.kinds.table.ask.odd.detector import Detector

__all__ = ["Detector"]
