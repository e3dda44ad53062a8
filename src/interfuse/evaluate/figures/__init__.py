"""The figures of a report, a file a family. Each registers itself; a new file is found by itself.

`figure` says what a figure is; `FIGURES` holds them all, in the order of a report.
"""

from importlib import import_module
from pkgutil import iter_modules

from interfuse.evaluate.figure import FIGURES, floor_text, interval, shown

# The order within a family is that of these files, of the others that of their names.
_FIRST = ("shape", "trend", "missing", "support", "rules", "detection", "utility", "copying")
_found = {module.name for module in iter_modules(__path__)}
for _name in [*_FIRST, *sorted(_found - set(_FIRST))]:
    import_module(f"{__name__}.{_name}")

__all__ = ["FIGURES", "floor_text", "interval", "shown"]
