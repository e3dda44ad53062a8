"""What is shown of a fit: the schema, the estimate, a line that lives while it trains, its end.

Without a terminal the living line is three lines: when training starts, when the learning rate
starts to fall, and when it ends. With `--json` every notice and event is a line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.progress import Progress

from interfuse import spoken
from interfuse.console import bar, clock, errors, plain, say, tell

if TYPE_CHECKING:
    from types import TracebackType

    from interfuse.kinds import Kind
    from interfuse.run.fitting import Notice
    from interfuse.run.model import BaseModel
    from interfuse.train.events import Event

_OF_DATA = ("schema", "reading", "preview")


class Training:
    """Listens to a fit and shows it; a context manager.

    Args:
        kind: of the data.
        schema_hint: how to change the schema, printed under it; nothing if empty.
        quiet: whether to say nothing of the data: neither schema nor pictures.
    """

    def __init__(self, kind: Kind, schema_hint: str = "", quiet: bool = False) -> None:
        self.kind = kind
        self.hint = schema_hint
        self.quiet = quiet or spoken.mode() == "quiet"
        self.unit = kind.words.unit
        self.bar: Progress = bar()
        self.task: Any = None
        self.previews = spoken.mode() == "json"

    def __enter__(self) -> Training:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.task is not None:
            self.bar.stop()

    def __call__(self, said: Notice | Event) -> None:
        """Take in what the fit says."""
        if spoken.mode() == "json":
            if getattr(said, "stage", "") != "warning":  # it is a Python warning, which is shown
                spoken.heard(self._spoken(said))
            if getattr(said, "stage", "") == "schema":
                self.kind.print_schema(said.value, said.message)  # type: ignore[union-attr]
        elif hasattr(said, "stage"):
            self._notice(said)  # type: ignore[arg-type]
        else:
            self._event(said)  # type: ignore[arg-type]

    def _spoken(self, said: Any) -> spoken.Event:
        """A notice or an event as one of JSON."""
        if stage := getattr(said, "stage", ""):
            if stage == "schema":
                found = said.value.to_json()
                return spoken.Described(self.kind.name, said.message, found)
            if stage == "preview" and isinstance(said.value, list):
                return spoken.Previewed(said.message, said.value)
            return spoken.Noticed(stage, said.message)
        p, last = said.progress, said.progress.curve[-1:]
        held_out = last[0][3] if last and said.kind != "tick" else None
        return spoken.Trained(
            said.kind, p.step, p.examples, round(p.seconds, 3), said.loss, held_out,
            said.rows_per_second, round(said.remaining, 1), said.message,
        )  # fmt: skip

    def _notice(self, notice: Notice) -> None:
        if notice.stage in _OF_DATA:
            if not self.quiet:
                self._data(notice)
        elif notice.stage == "estimate":
            say(f"Estimate: {notice.message}.")
        elif notice.stage == "resumed":
            tell(f"Resuming: {notice.message}.")
        elif notice.stage == "calibrate" and self.task is not None:
            self.bar.update(self.task, description="calibrating", remaining=None)
            if not errors.is_terminal:
                tell(f"calibrating: {notice.message}")

    def _data(self, notice: Notice) -> None:
        """What is said of the data, and of pictures on the way."""
        if notice.stage == "schema":
            self.kind.print_schema(notice.value, notice.message)
            if self.hint:
                say(self.hint)
        elif notice.stage == "reading" and errors.is_terminal:
            errors.print(f"reading: {plain(notice.message)}", end="\r")
        elif notice.stage == "preview" and errors.is_terminal:
            errors.print(f"[dim]{plain(notice.message)}[/]")
        elif notice.stage == "preview":
            tell(notice.message)

    def _event(self, event: Event) -> None:
        live = errors.is_terminal
        if self.task is None:
            self.task = self.bar.add_task("training", total=1.0, status="", remaining=None)
            self.bar.start()
            if not live and event.kind not in ("decay", "stopped"):
                tell(f"training: {status(event, self.unit)}, {clock(event.remaining)} left at most")
        p = event.progress
        total = p.seconds + event.remaining
        self.bar.update(
            self.task,
            completed=1.0 if event.kind == "stopped" else p.seconds / max(total, 1e-9),
            status=status(event, self.unit),
            remaining=event.remaining,
            description="settling" if p.decay_from is not None else "training",
        )
        if event.kind == "decay" and not live:
            tell(
                f"settling: {event.message}; {status(event, self.unit)}, "
                f"{clock(event.remaining)} left"
            )
        elif event.kind == "stopped" and not live:
            tell(f"stopped: {status(event, self.unit)}")


def status(event: Event, unit: str = "rows") -> str:
    """Loss, held-out loss and speed, in one line."""
    parts = [] if event.loss is None else [f"loss {event.loss:.4f}"]
    curve = event.progress.curve
    if curve and curve[-1][3] == curve[-1][3]:
        parts.append(f"held out {curve[-1][3]:.4f}")
    return "  ".join([*parts, f"{event.rows_per_second:,.0f} {unit}/s"])


def print_end(model: BaseModel, unit: str = "rows") -> None:
    """Say why training stopped and what came of it."""
    t = model.record["training"]
    speed = t["examples"] / max(t["seconds"], 1e-9)
    say(f"Stopped: {t['reason']}.")
    line = f"{t['examples']:,} examples in {clock(t['seconds'])} ({speed:,.0f} {unit}/s)"
    if t["held_out_loss"] is not None:
        line = (
            f"Held-out loss {t['held_out_loss']:.4f}, the lowest, after "
            f"{t['best_examples']:,} examples; {line}"
        )
    say(f"{line}.")
