"""What a person sees while something runs, and tables on the terminal.

Answers go to standard output, what happens on the way to standard error. Progress is shown on a
terminal only.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from types import FrameType

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.table import Table
from rich.text import Text

errors = Console(stderr=True, highlight=False, soft_wrap=True)
PIPED_WIDTH = 120  # where there is no terminal to ask
output = Console(
    highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else PIPED_WIDTH
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
    """A line on standard output, as it is."""
    output.print(text, markup=False)


def tell(text: str) -> None:
    """A line on standard error, as it is."""
    errors.print(text, markup=False)


def warn(text: str) -> None:
    """A warning on standard error."""
    errors.print(f"[yellow]warning:[/] {escape(text)}")


def fail(text: str) -> None:
    """An error on standard error."""
    errors.print(f"[bold red]error:[/] {escape(text)}")


def table(
    title: str, header: Sequence[str], rows: Iterable[Sequence[object]], *, text: bool = False
) -> None:
    """Print a table: first column to the left, numbers to the right; all to the left if `text`."""
    grid = Table(title=title or None, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for i, name in enumerate(header):
        left = text or i == 0
        grid.add_column(name, justify="left" if left else "right", overflow="fold")
    for row in rows:
        grid.add_row(*(escape(str(cell)) for cell in row))
    output.print(grid)


def facts(title: str, rows: Iterable[tuple[str, object]]) -> None:
    """Print names and values below a title."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(escape(name), escape(str(value)))
    output.print(f"[bold]{escape(title)}[/]")
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
        disable=not sys.stderr.isatty(),
        transient=False,
    )
