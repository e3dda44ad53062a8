"""What a question gives back: draws, or scores."""

from interfuse.answers.draws import Draws, Empirical, Filled, Marginal
from interfuse.answers.scores import Scores

__all__ = ["Draws", "Empirical", "Filled", "Marginal", "Scores"]
