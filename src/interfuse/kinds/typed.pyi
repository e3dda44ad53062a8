"""`fit` and `load` as type checkers see them: which model comes back.

For type checkers alone; `interfuse.api` does the work. The options are those that each kind
declares (`interfuse.kinds.Kind.options`).
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, TypedDict, Unpack, overload

import numpy as np

from interfuse.core.schedule import Schedule
from interfuse.kinds.images.data import ImageSchema
from interfuse.kinds.images.model import ImageModel
from interfuse.kinds.interactions.model import InteractionsModel
from interfuse.kinds.interactions.schema import InteractionsSchema
from interfuse.kinds.series.data import SeriesSchema
from interfuse.kinds.series.model import SeriesModel
from interfuse.kinds.table.model import Model
from interfuse.kinds.table.schema import Schema
from interfuse.run.fitting import Notice
from interfuse.train.events import Event

class Frame(Protocol):
    @property
    def columns(self) -> Any: ...

class Common(TypedDict, total=False):
    seconds: float | None
    examples: int | None
    seed: int
    folder: str | Path | None
    resume: bool
    overwrite: bool
    device: str | None
    precision: str
    schedule: Schedule | str | None
    listener: Callable[[Notice | Event], None] | None

class TableOptions(Common, total=False):
    schema: Schema | str | Path | None
    keep_rows: bool
    real_networks: bool
    kinds: Mapping[str, str] | None
    event_type: str | None
    idle_timeout: float | None
    active_timeout: float | None
    balance: str | None
    out_of_core: bool | None

class ImagesOptions(Common, total=False):
    schema: ImageSchema | str | Path | None
    labels: Any
    size: tuple[int, int] | None
    column: str | None

class SeriesOptions(Common, total=False):
    schema: SeriesSchema | str | Path | None
    time: str | None
    series: str | None
    channels: Sequence[str] | None
    known_future: Sequence[str]
    zone: str | None
    events: bool
    every: str | None

class InteractionsOptions(Common, total=False):
    schema: InteractionsSchema | str | Path | None
    user: str | None
    item: str | None
    time: str | None
    rating: str | None
    users: Any
    items: Any
    order: bool

class PathOptions(Common, total=False):
    schema: Schema | ImageSchema | str | Path | None
    keep_rows: bool
    real_networks: bool
    kinds: Mapping[str, str] | None
    event_type: str | None
    idle_timeout: float | None
    active_timeout: float | None
    balance: str | None
    out_of_core: bool | None
    labels: Any
    size: tuple[int, int] | None
    column: str | None

@overload
def fit(data: Any, *, kind: Literal["table"], **options: Unpack[TableOptions]) -> Model: ...
@overload
def fit(data: Any, *, kind: Literal["images"], **options: Unpack[ImagesOptions]) -> ImageModel: ...
@overload
def fit(data: Any, *, kind: Literal["series"], **options: Unpack[SeriesOptions]) -> SeriesModel: ...
@overload
def fit(
    data: Any, *, kind: Literal["interactions"], **options: Unpack[InteractionsOptions]
) -> InteractionsModel: ...
@overload
def fit(data: np.ndarray, *, kind: None = None, **options: Unpack[ImagesOptions]) -> ImageModel: ...
@overload
def fit(data: Frame, *, kind: None = None, **options: Unpack[TableOptions]) -> Model: ...
@overload
def fit(
    data: str | Path, *, kind: None = None, **options: Unpack[PathOptions]
) -> Model | ImageModel: ...
@overload
def load(folder: str | Path, *, kind: Literal["table"]) -> Model: ...
@overload
def load(folder: str | Path, *, kind: Literal["images"]) -> ImageModel: ...
@overload
def load(folder: str | Path, *, kind: Literal["series"]) -> SeriesModel: ...
@overload
def load(folder: str | Path, *, kind: Literal["interactions"]) -> InteractionsModel: ...
@overload
def load(folder: str | Path, *, kind: str) -> Any: ...
@overload
def load(
    folder: str | Path, *, kind: None = None
) -> Model | ImageModel | SeriesModel | InteractionsModel: ...
