"""What fitted models of any kind have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from interfuse.run import store


class BaseModel(ABC):
    """A fitted model that can be kept, and whose fit can be looked at.

    Attributes:
        record: seed, budget, data hash, versions, training curve: what `interfuse show` prints.
    """

    record: dict[str, Any]
    parts: ClassVar[tuple[str, ...]]
    """Files of a run folder that it is made of; `Kind.parts` of its kind."""

    @abstractmethod
    def write_parts(self, folder: Path) -> None:
        """Write all parts but `run.json`."""

    def save(self, folder: str | Path) -> Path:
        """Write the model to a new run folder.

        Raises:
            RunError: the folder holds something already.
        """
        return store.save_model(self, Path(folder))

    def plot_training(self, ax: Any = None) -> Any:
        """Draw the training curve; see `interfuse.plots.training`. Returns matplotlib axes."""
        from interfuse.run.curve import training

        went = self.record["training"]
        return training(went["curve"], best=went["best_examples"], ax=ax)
