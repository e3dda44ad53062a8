"""What ForestDiffusion is told when it fills cells, and how its answer is read."""

import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks.imputer_forest import Forest
from benchmarks.imputers import ImputerFailed, Matrix
from benchmarks.rivals.forest_filling import narrow, widen

LEVELS = [0, 2, 4, 3]
ROWS = np.array([[1.5, 0, 0, 2], [-2.0, 1, 3, 0], [0.0, 0, 1, 1]])


def test_indicators_and_back():
    wide = widen(ROWS, LEVELS)
    assert wide.shape == (3, 1 + 1 + 3 + 2)
    assert wide[1].tolist() == [-2.0, 1, 0, 0, 1, 0, 0]
    assert (narrow(wide, LEVELS) == ROWS).all()


def test_a_missing_category_is_missing_in_all_its_indicators():
    rows = ROWS.copy()
    rows[0, 2] = rows[1, 0] = np.nan
    gone = np.isnan(widen(rows, LEVELS))
    assert gone[0].tolist() == [False, False, True, True, True, False, False]
    assert gone[1].tolist() == [True, *[False] * 6]


def test_a_category_is_the_largest_indicator_above_one_half():
    wide = np.array([[0.0, 0.0, 0.4, 0.3, 0.2, 0.6, 0.9]])
    assert narrow(wide, LEVELS).tolist() == [[0.0, 0.0, 0.0, 2.0]]


def test_a_rival_that_cannot_be_fitted_says_why():
    # This Python has no ForestDiffusion.
    with pytest.raises(ImputerFailed, match="ForestDiffusion"):
        Forest(Matrix(ROWS, LEVELS), 0, Path(sys.executable), 1.0)
