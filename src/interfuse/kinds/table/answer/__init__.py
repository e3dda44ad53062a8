"""What a question gives back: draws, or scores."""

from interfuse.kinds.table.answer.comparison import Comparison
from interfuse.kinds.table.answer.draws import Draws
from interfuse.kinds.table.answer.explanation import Explanation
from interfuse.kinds.table.answer.filled import Empirical, Filled
from interfuse.kinds.table.answer.scores import Scores
from interfuse.kinds.table.fields.marginals import Marginal

__all__ = ["Comparison", "Draws", "Empirical", "Explanation", "Filled", "Marginal", "Scores"]
