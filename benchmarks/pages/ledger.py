"""Who was better, figure by figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Ledger:
    """Who was better, figure by figure.

    Attributes:
        wins: of a section, figures in which no rival was better.
        losses: of a section, those in which one was: figure, ours, the best rival and its value.
    """

    wins: dict[str, int] = field(default_factory=dict)
    losses: dict[str, list[tuple[str, str, str, str]]] = field(default_factory=dict)

    def compare(
        self, section: str, figure: str, ours: float | None, rivals: Mapping[str, float]
    ) -> None:
        """Enter a figure of which less is better; without ours or a rival there is nothing."""
        if ours is None or not rivals:
            return
        best = min(rivals, key=lambda name: rivals[name])
        if rivals[best] < ours:
            mine, theirs = (f"{abs(v):.5g}" for v in (ours, rivals[best]))
            self.losses.setdefault(section, []).append((figure, mine, best, theirs))
        else:
            self.wins[section] = self.wins.get(section, 0) + 1
