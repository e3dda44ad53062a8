"""What a question gives back: draws, or scores."""

from interfuse.kinds.table.answer.draws import Draws, Empirical, Filled, Marginal
from interfuse.kinds.table.answer.scores import Scores

__all__ = ["Draws", "Empirical", "Filled", "Marginal", "Scores"]
