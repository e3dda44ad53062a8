"""Moved to the folders of the kinds."""

from interfuse._moved import moved, moved_modules

__getattr__ = moved(
    __name__,
    {
        "Draws": "interfuse.kinds.table.answer",
        "Empirical": "interfuse.kinds.table.answer",
        "Filled": "interfuse.kinds.table.answer",
        "Marginal": "interfuse.kinds.table.answer",
        "Scores": "interfuse.kinds.table.answer",
    },
)

__path__ = moved_modules(
    __name__,
    {
        "interfuse.answers.series": ("interfuse.kinds.series.answer",),
        "interfuse.answers": ("interfuse.kinds.table.answer",),
    },
)
