"""Old places of names and modules: they work for one minor version, with a warning.

A module that moved is not made anew: whoever imports it gets a stand-in that fetches each name from
where it is now, the first of several places that has it.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

GOES = "0.3"
"""The version that has none of the old names any more."""


def moved(old: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """A module's `__getattr__` that fetches names from where they are now, with a warning.

    Args:
        old: the module's name.
        homes: for each public name the module that has it now.
    """

    def fetch(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {old!r} has no attribute {name!r}")
        return _fetched(old, name, homes[name])

    return fetch


def moved_modules(old: str, homes: Mapping[str, Sequence[str]]) -> list[str]:
    """A module's `__path__`: its former submodules are found where they are now.

    Args:
        old: the module's name.
        homes: for the former name of a module, or of what it was in, the places that have it now,
            in the order in which they are tried.
    """
    sys.meta_path.append(_Finder(old, homes))
    return []


def _fetched(old: str, name: str, home: str) -> Any:
    warnings.warn(
        f"{old}.{name} is now {home}.{name}; the old name goes with version {GOES}.",
        DeprecationWarning,
        stacklevel=3,
    )
    return getattr(import_module(home), name)


class _Finder(MetaPathFinder):
    def __init__(self, old: str, homes: Mapping[str, Sequence[str]]) -> None:
        self.old = old
        self.homes = sorted(homes.items(), key=lambda item: -len(item[0]))

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The stand-in of a module that moved."""
        if not fullname.startswith(f"{self.old}."):
            return None
        for begin, places in self.homes:
            if fullname != begin and not fullname.startswith(f"{begin}."):
                continue
            more = fullname.removeprefix(begin).removeprefix(".")
            found = [new for p in places if _there(new := f"{p}.{more}" if more else p)]
            if found:
                return ModuleSpec(fullname, _StandIn(found), is_package=True)
        return None


class _StandIn(Loader):
    def __init__(self, homes: Sequence[str]) -> None:
        self.homes = homes

    def exec_module(self, module: ModuleType) -> None:
        """Give the module a `__getattr__`."""

        def fetch(name: str) -> Any:
            if not name.startswith("__"):
                for home in self.homes:
                    if hasattr(import_module(home), name):
                        return _fetched(module.__name__, name, home)
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

        module.__dict__["__getattr__"] = fetch


def _there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
