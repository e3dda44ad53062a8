"""What a person sees while something runs, and tables on the terminal.

Answers go to standard output, what happens on the way to standard error. Progress is shown on a
terminal only. `--quiet` and `--json` change that for a whole command: see `interfuse.spoken`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import FrameType
from typing import Any, TypeVar

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.table import Table
from rich.text import Text

from interfuse import spoken
from interfuse.spoken import Facts, Failure, Message, Progressed, Tabled, Warned
from interfuse.visible import visible

T = TypeVar("T")

TOLD_EVERY = 0.5
"""Seconds between two events of progress in JSON."""
PIPED_WIDTH = 120  # where there is no terminal to ask


class _Lasting(Console):
    """A console that goes on when its reader has left; rich would end the process."""

    def on_broken_pipe(self) -> None:
        """Be silent from now on."""
        self.quiet = True


def is_terminal(stream: Any) -> bool:
    """Whether people look at it; a stream that is closed is looked at by nobody."""
    try:
        return stream is not None and stream.isatty()
    except (OSError, ValueError):
        return False


errors = _Lasting(stderr=True, highlight=False, soft_wrap=True)
output = _Lasting(
    highlight=False, soft_wrap=True, width=None if is_terminal(sys.stdout) else PIPED_WIDTH
)


class Interrupts:
    """Remembers that someone asked to stop.

    The exception alone can be lost: Python ignores one that is raised while it calls back from
    another library or takes an object apart. Long loops therefore ask at every turn.
    """

    def __init__(self) -> None:
        self.asked = False

    def ask(self, number: int, frame: FrameType | None) -> None:
        """A signal handler: end as Ctrl-C does, so that what is half-written is removed."""
        self.asked = True
        raise KeyboardInterrupt

    def check(self) -> None:
        """Raise again what was lost."""
        if self.asked:
            raise KeyboardInterrupt


interrupts = Interrupts()


def clock(seconds: float) -> str:
    """A duration as people write it: 8 s, 3:05, 1:02:03."""
    whole = int(seconds + 0.5)
    if whole < 60:
        return f"{whole} s"
    minutes, s = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{s:02}" if hours else f"{minutes}:{s:02}"


def say(text: str) -> None:
    """A line on standard output, as it is but for control characters."""
    if not spoken.heard(Message(text)):
        return
    output.print(visible(text, layout=True), markup=False)


def tell(text: str) -> None:
    """A line on standard error, as it is but for control characters."""
    if not spoken.heard(Message(text)):
        return
    errors.print(visible(text, layout=True), markup=False)


def warn(text: str) -> None:
    """A warning on standard error."""
    if not spoken.heard(Warned(text)):
        return
    errors.print(f"[yellow]warning:[/] {plain(text)}")


def fail(text: str) -> None:
    """An error on standard error."""
    if not spoken.heard(Failure(text)):
        return
    errors.print(f"[bold red]error:[/] {plain(text)}")


def table(
    title: str, header: Sequence[str], rows: Iterable[Sequence[object]], *, text: bool = False
) -> None:
    """Print a table: first column to the left, numbers to the right; all to the left if `text`."""
    rows = [tuple(str(cell) for cell in row) for row in rows]
    if not spoken.heard(Tabled(title, tuple(header), rows)):
        return
    grid = Table(
        title=plain(title) or None, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False
    )
    for i, name in enumerate(header):
        left = text or i == 0
        grid.add_column(plain(name), justify="left" if left else "right", overflow="fold")
    for row in rows:
        grid.add_row(*(plain(cell) for cell in row))
    output.print(grid)


def facts(title: str, rows: Iterable[tuple[str, object]]) -> None:
    """Print names and values below a title."""
    rows = [(name, str(value)) for name, value in rows]
    if not spoken.heard(Facts(title, rows)):
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(plain(name), plain(value))
    output.print(f"[bold]{plain(title)}[/]")
    output.print(grid)


class _Remaining(ProgressColumn):
    def render(self, task: Task) -> Text:
        left = task.fields.get("remaining")
        return Text("" if left is None else f"{clock(left)} left", style="cyan")


def bar() -> Progress:
    """A progress bar on standard error; silent when that is not a terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[status]}"),
        _Remaining(),
        console=errors,
        disable=not is_terminal(sys.stderr) or spoken.mode() != "text",
        transient=False,
    )


def counted(
    batches: Iterable[T], total: int, doing: str, unit: str, size: Callable[[T], int] = len
) -> Iterator[T]:
    """The same batches, counted on a progress bar; a Ctrl-C that was lost is raised here.

    Args:
        batches: to hand on.
        total: of all.
        doing: "generating".
        unit: what is counted: "rows".
        size: how many a batch has.
    """
    begin, done, told = time.monotonic(), 0, 0.0
    with bar() as progress:
        task = progress.add_task(doing, total=total, status="", remaining=None)
        for batch in batches:
            interrupts.check()
            yield batch
            done += size(batch)
            now = time.monotonic()
            speed = done / max(now - begin, 1e-9)
            if now - told >= TOLD_EVERY:
                spoken.heard(Progressed(doing, done, total, unit))
                told = now
            progress.update(
                task,
                completed=done,
                status=f"{done:,} {unit}  {_speed(speed)} {unit}/s",
                remaining=(total - done) / speed,
            )


def summary(count: int, seconds: float, place: object, unit: str = "rows") -> str:
    """How many went where, and how fast."""
    where = "standard output" if str(place) == "-" else visible(place)
    speed = count / max(seconds, 1e-9)
    return f"{count:,} {unit} in {clock(seconds)} ({_speed(speed)} {unit}/s): {where}"


def plain(text: object) -> str:
    """Markup that shows the text and nothing else, on one line."""
    return escape(visible(text))


def _speed(a_second: float) -> str:
    return f"{a_second:,.0f}" if a_second >= 20 else f"{a_second:,.1f}"
