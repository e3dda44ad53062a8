"""What type checkers make of `fit` and `load`; checked by pyright, never run."""

from typing import Any, assert_type

import numpy as np
import polars as pl

import interfuse
from interfuse import ImageModel, Model, SeriesModel
from interfuse.kinds.interactions.model import InteractionsModel

frame = pl.DataFrame({"a": [1, 2]})
assert_type(interfuse.fit(frame, keep_rows=False), Model)
assert_type(interfuse.fit(np.zeros((9, 8, 8)), labels=list("aab" * 3)), ImageModel)
assert_type(interfuse.fit(frame, kind="series", time="t", channels=["a"]), SeriesModel)
assert_type(interfuse.fit("photos", kind="images", size=(32, 32)), ImageModel)
assert_type(interfuse.fit("flows.csv", seconds=60, seed=1), Model | ImageModel)
assert_type(interfuse.load("run", kind="table"), Model)
assert_type(interfuse.load("run"), Model | ImageModel | SeriesModel | InteractionsModel)
assert_type(interfuse.load("run", kind="bits"), Any)  # of another package
interfuse.fit(frame, zone="Europe/Vienna")  # pyright: ignore[reportCallIssue, reportArgumentType]
