"""How long experts may take where a fit has a budget in seconds.

Each expert is fitted once to be judged and again for each fold and for the model. What is not begun
is not waited for: an expert whose fits would not end in time is left out, by the seconds that its
first one took, and settings are no longer tried when the time is over.
"""

from __future__ import annotations

import math
from time import monotonic


class Patience:
    """The time there is for experts.

    Args:
        until: when all must be fitted, by `time.monotonic`; infinite for no limit.
        again: how often an expert that is kept is fitted later.
    """

    def __init__(self, until: float = math.inf, again: int = 0) -> None:
        self.until, self.again = until, again
        self.kept = 0.0

    @property
    def over(self) -> bool:
        """Whether what is kept needs all the time that is left."""
        return monotonic() + self.again * self.kept > self.until

    def keeps(self, seconds: float) -> bool:
        """Whether there is time for an expert of so many seconds a fit; if so it is counted."""
        if monotonic() + self.again * (self.kept + seconds) > self.until:
            return False
        self.kept += seconds
        return True

    def allows(self, panels: int) -> bool:
        """Whether there is time to fit all that are kept so many times."""
        return monotonic() + panels * self.kept <= self.until
