"""A loop over epochs that ends when the time is over, put in the place of a package's own."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any


class Until:
    """Iterates over `epochs` until `seconds` after its making; `done` counts.

    It stops before an epoch that would end too late, judged by the mean of those before.
    """

    def __init__(self, seconds: float) -> None:
        self.start = time.perf_counter()
        self.seconds = seconds
        self.done = 0
        self._first: float | None = None

    def __call__(self, epochs: Iterable[int], *args: Any, **options: Any) -> Until:
        """Stand in for `tqdm(epochs)`."""
        self._epochs = epochs
        return self

    def set_description(self, *args: Any) -> None:
        """Say nothing, as a quiet `tqdm` does."""

    def __iter__(self) -> Iterator[int]:
        for epoch in self._epochs:
            now = time.perf_counter()
            self._first = now if self._first is None else self._first
            mean = (now - self._first) / max(self.done, 1)
            if self.done and now + mean > self.start + self.seconds:
                return
            yield epoch
            self.done += 1
