"""What a question gives back: draws, or scores."""

from interfuse.kinds.table.answer.draws import Draws
from interfuse.kinds.table.answer.filled import Empirical, Filled
from interfuse.kinds.table.answer.scores import Scores
from interfuse.kinds.table.fields.marginals import Marginal

__all__ = ["Draws", "Empirical", "Filled", "Marginal", "Scores"]
