"""How odd a record is: the parts of `detect`."""

from interfuse.questions.odd.detector import Detector

__all__ = ["Detector"]
