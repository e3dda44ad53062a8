"""Evaluation of a synthetic table: how close, how useful, how private.

`evaluate` does everything and returns a `Report`. The parts can be called on their own, on tables
made by `encode`:

>>> import polars as pl
>>> real = pl.DataFrame({"bytes": [1.0, 2.0, 3.0, 4.0], "proto": ["tcp", "tcp", "udp", "udp"]})
>>> a, b, _ = encode(real, real)
>>> column_shapes(a, b).score
1.0

The package shares its name with its main function, and whichever was imported first would hide the
other in ``interfuse``. So the package itself can be called: ``interfuse.evaluate(real, synthetic)``
works in every order of imports.
"""

import sys
from types import ModuleType
from typing import Any

from interfuse.evaluate.columns import kinds_of
from interfuse.evaluate.copula import copula_table
from interfuse.evaluate.detection import Detection, boosted_detection, logistic_detection
from interfuse.evaluate.figure import Compared, Figure, Measurement, Words, register, unregister
from interfuse.evaluate.inference import Inference, attribute_inference
from interfuse.evaluate.limits import Limits
from interfuse.evaluate.membership import Membership, membership
from interfuse.evaluate.missing import Missing, missing
from interfuse.evaluate.pair import Pair
from interfuse.evaluate.privacy import Closest, Copies, closest, exact_copies
from interfuse.evaluate.report import Report
from interfuse.evaluate.rule_search import find_rules
from interfuse.evaluate.rules import Kept, Rule, check_rules
from interfuse.evaluate.run import evaluate
from interfuse.evaluate.shapes import ColumnShape, Shapes, column_shapes
from interfuse.evaluate.study import Study
from interfuse.evaluate.support import Support, support
from interfuse.evaluate.table import Table, encode
from interfuse.evaluate.trends import PairTrend, Trends, pair_trends
from interfuse.evaluate.utility import Score, default_target, utility

__all__ = [
    "Closest",
    "ColumnShape",
    "Copies",
    "Detection",
    "Inference",
    "Kept",
    "Limits",
    "Measurement",
    "Pair",
    "Study",
    "Words",
    "Compared",
    "Figure",
    "register",
    "unregister",
    "Membership",
    "Missing",
    "PairTrend",
    "Report",
    "Rule",
    "Score",
    "Shapes",
    "Support",
    "Table",
    "Trends",
    "attribute_inference",
    "boosted_detection",
    "check_rules",
    "closest",
    "column_shapes",
    "copula_table",
    "default_target",
    "encode",
    "evaluate",
    "exact_copies",
    "find_rules",
    "kinds_of",
    "logistic_detection",
    "membership",
    "missing",
    "pair_trends",
    "support",
    "utility",
]


class _Callable(ModuleType):
    """A module that is called as its function `evaluate`."""

    def __call__(self, *args: Any, **options: Any) -> Report:
        return evaluate(*args, **options)


sys.modules[__name__].__class__ = _Callable
