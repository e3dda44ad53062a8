"""One fit of any kind of data, in the order that lets it be resumed.

Kinds differ in what they load, in the trainer that they prepare, and in the model that they make of
it when training is over: `job` in the folder of each. `interfuse.run.fitting` has the single steps.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from interfuse.core.schedule import Schedule, schedule_of, schedule_to_json
from interfuse.errors import DataError, OptionError
from interfuse.io.databases import shown
from interfuse.io.many import called, is_many
from interfuse.run import store
from interfuse.run.clock import Clock
from interfuse.run.cost import check_memory
from interfuse.run.fitting import (
    CHECKPOINT_SECONDS,
    FitStopped,
    Listener,
    Notice,
    drive,
    machine,
    resume,
    same_data,
    start,
    training_record,
    versions,
)
from interfuse.train.budget import Budget
from interfuse.train.events import Event
from interfuse.train.ranks import ranks
from interfuse.train.state import Checkpoint
from interfuse.train.trainer import Trainer

Loaded = TypeVar("Loaded")
Made = TypeVar("Made", bound=store.Saved)
Record = dict[str, Any]


@dataclass(frozen=True)
class Ready(Generic[Made]):
    """A fit that is ready to train.

    Attributes:
        trainer: new.
        schema: of the data.
        finish: makes the fitted model of the record of the beginning, once training is over.
        also: what was decided by the clock, for the record.
    """

    trainer: Trainer
    schema: Any
    finish: Callable[[Record], Made]
    also: Record = field(default_factory=dict)


@dataclass(kw_only=True)
class BaseJob(ABC, Generic[Loaded, Made]):
    """The arguments that all fits have; see `interfuse.fit`.

    `schedule` is a noise schedule, its name (`interfuse.core.SCHEDULES`), or its name and numbers.
    A `budget` takes the place of the one asked for, when a fit is repeated; `asked` are the seconds
    of the first one then: how much is measured goes with them.
    """

    seconds: float | None
    examples: int | None
    seed: int
    device: str | None
    precision: str
    listener: Listener
    budget: Budget | None = None
    asked: float | None = None
    schedule: Schedule | str | Mapping[str, Any] | None = None
    clock: Clock = field(default_factory=Clock, init=False)

    together: ClassVar[bool] = False
    """Whether several processes can train it (`interfuse.train.ranks`)."""

    def run(self) -> Made:
        """Fit without a folder."""
        ready, record = self._begin(None, None)
        drive(ready.trainer, None, self.listener)
        return ready.finish(record)

    def run_in(self, folder: Path, *, again: bool) -> Made:
        """Fit in a folder that is locked and prepared; go on with what is there if `again`."""
        checkpoint, before = self._recalled(folder) if again else (None, None)
        ready, record = self._begin(folder, before)
        if checkpoint is not None:
            resume(ready.trainer, checkpoint, self.listener)
        else:
            start(folder, ready.schema, record)
        between = self._between(folder, ready)
        drive(ready.trainer, folder, self.listener, every=CHECKPOINT_SECONDS, between=between)
        model = ready.finish(record)
        model.write_parts(folder)
        store.finish(folder, model)
        return model

    def beside(self, folder: Path | None) -> None:
        """Train as one of several processes but the first, which alone writes and speaks.

        Args:
            folder: of the fit that goes on; None for a new one.
        """
        checkpoint, before = (None, None) if folder is None else self._recalled(folder)
        ready, _ = self._begin(folder, before)
        if checkpoint is not None:
            ready.trainer.restore(checkpoint)
        with suppress(FitStopped):
            drive(ready.trainer, None, self.listener)

    def _recalled(self, folder: Path) -> tuple[Checkpoint, Record]:
        """The state of an interrupted fit, whose seed, budget and so on become this one's."""
        before = store.unfinished(folder)
        checkpoint = Checkpoint.load(folder / store.CHECKPOINT)
        self.seed = int(before["seed"])
        self.seconds, self.examples = before["budget"]["seconds"], before["budget"]["examples"]
        self.schedule = before.get("schedule")
        self.precision = self._precision_of(checkpoint, folder)
        self._recall(folder, before)
        return checkpoint, before

    def fingerprint(self) -> str:
        """SHA-256 of the data as `run.json` has it."""
        return self._words(self._load())["data"]["sha256"]

    def _precision_of(self, checkpoint: Checkpoint, folder: Path) -> str:
        """That of the interrupted fit, whatever this machine would choose.

        Raises:
            OptionError: another one is asked for.
        """
        began = str(checkpoint.settings.get("precision", self.precision))
        if self.precision not in ("auto", began):
            raise OptionError(
                f"precision: the fit in {folder} began with {began}; {self.precision!r} would not "
                "go on with the same fit. Leave it out."
            )
        return began

    def _recall(self, folder: Path, before: Record) -> None:
        """Take the schema and whatever else belongs to the kind from an interrupted fit."""
        return

    @property
    def _limit(self) -> float | None:
        """Seconds that were asked for, also where a fit is repeated."""
        return self.seconds if self.seconds is not None else self.asked

    def noise_schedule(self) -> Schedule | None:
        """The noise schedule asked for; None for the kind's own.

        Raises:
            OptionError: there is no such schedule.
        """
        return None if self.schedule is None else schedule_of(self.schedule)

    @abstractmethod
    def _load(self) -> Loaded:
        """The data, after words about what it is."""

    @abstractmethod
    def _budget(self, loaded: Loaded) -> Budget:
        """The budget asked for, or the default for this data."""

    @abstractmethod
    def _words(self, loaded: Loaded) -> Record:
        """What `run.json` says of the beginning, besides seed and budget: `data` and others."""

    @abstractmethod
    def _prepare(self, loaded: Loaded, budget: Budget) -> Ready[Made]:
        """Encode the data, say what the fit will cost, and set up the trainer."""

    def _tell_cost(self, cost: Any, advice: str) -> None:
        """Say what the fit will cost, and hold it against what is free.

        Args:
            cost: with its bytes at the peak as `memory`.
            advice: how the fit could need less, as a sentence.

        Raises:
            DataError: it does not fit.
        """
        self.listener(Notice("estimate", str(cost), cost))
        warning = check_memory(cost.memory, advice)
        if warning:
            self.listener(Notice("warning", warning))

    def _between(self, folder: Path, ready: Ready[Made]) -> Callable[[Event], None] | None:
        """What is called after each event of training."""
        return None

    def _begin(self, folder: Path | None, before: Record | None) -> tuple[Ready[Made], Record]:
        """All that comes before training; the data as it was loaded is not kept."""
        if ranks().size > 1 and not self.together:
            raise OptionError(
                "WORLD_SIZE: several processes train models of tables alone. Start one process."
            )
        loaded = self._load()
        budget = self.budget or self._budget(loaded)
        record = {"seed": self.seed, "budget": asdict(budget), **self._words(loaded)}
        if ranks().size > 1:
            _same_everywhere(record["data"]["sha256"])
        schedule = self.noise_schedule()
        if schedule is not None:
            record["schedule"] = schedule_to_json(schedule)
        if before is not None and folder is not None:
            same_data(folder, before, record["data"])
        ready = self._prepare(loaded, budget)
        return ready, {**record, **ready.also}


def _same_everywhere(sha256: str) -> None:
    """Check that all processes have the data of the first one.

    Raises:
        DataError: this one has other data.
    """
    own = float(int(sha256[:12], 16))
    if ranks().agreed(own) != (own,):
        raise DataError(
            f"the data: process {ranks().rank} has other data than the first one (checksum "
            "differs). Give all of them the same file."
        )


def whole_record(record: Record, trainer: Trainer, **more: Any) -> Record:
    """`run.json` of a fit that is done.

    Args:
        record: of the beginning.
        trainer: what trained.
        more: goes to the part on training.
    """
    training = {**training_record(trainer), **more}
    return {**record, "versions": versions(), "machine": machine(), "training": training}


def source_of(data: Any) -> str:
    """The name of a file, or the package that a frame or an array is of."""
    if is_many(data):
        return called(data) if isinstance(data, list | tuple) else Path(data).name
    return (
        Path(shown(str(data))).name
        if isinstance(data, str | Path)
        else type(data).__module__.split(".")[0]
    )
