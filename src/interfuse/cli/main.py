"""Entry point: builds the command tree and turns errors into exit codes.

Exit codes: 0 done; 1 a check asked for did not hold; 2 bad input or options, or anything else that
went wrong; 130 interrupted. An error is one line on standard error, whether an option, a file or a
column is at fault. What no one foresaw is one line too; with INTERFUSE_TRACEBACK set, all of it.
Every command takes `--quiet` and `--json`: see `interfuse.spoken`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from interfuse import spoken
from interfuse.cli import (
    ask,
    compare,
    demo,
    evaluate,
    fit,
    modes,
    reproduce,
    share,
    show,
    studio,
)
from interfuse.cli.streams import reliable, silence
from interfuse.console import fail, interrupts, tell, warn
from interfuse.errors import InterfuseError, InterfuseWarning
from interfuse.io.scratch import remove_abandoned_rows

# Typer brings its own copy of click in some versions and the package in others.
ClickException = typer.BadParameter.__mro__[2]
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_TRACEBACK = "INTERFUSE_TRACEBACK"

app = typer.Typer(
    name="interfuse",
    help="Fit one diffusion model to a data set, then ask it anything.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(modes.with_modes(demo.demo))
app.command("fit")(modes.with_modes(fit.command()))
for _name, _verbs in ask.questions().items():
    app.command(_name)(modes.with_modes(ask.command(_name, _verbs)))
app.command("evaluate")(modes.with_modes(evaluate.evaluate))
app.command("compare")(modes.with_modes(compare.compare))
app.command("show")(modes.with_modes(show.show))
app.command("reproduce")(modes.with_modes(reproduce.reproduce))
app.command("push")(modes.with_modes(share.push))
app.command("pull")(modes.with_modes(share.pull))
app.command("studio")(modes.with_modes(studio.studio))


def version(value: bool) -> None:
    """Print the version and leave."""
    if value:
        from importlib.metadata import version as installed

        print(f"interfuse {installed('interfuse')}")
        raise typer.Exit


@app.callback()
def root(
    show_version: bool = typer.Option(
        False, "--version", callback=version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """Fit one diffusion model to a data set, then ask it anything."""


def main() -> None:
    """Run the command line and exit."""
    # Torch's threads otherwise wait for each other by spinning, which on a processor that others
    # use as well can make training tens of times slower. Read when torch is loaded, which is later.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    with reliable(), _signals():
        code = execute(sys.argv[1:])
    sys.exit(code)


def execute(arguments: Sequence[str], write: spoken.Write | None = None) -> int:
    """Run a command, and return its exit code.

    Args:
        arguments: as they are typed behind `interfuse`.
        write: where lines of `--json` go, instead of a standard stream.
    """
    begin = time.monotonic()
    with spoken.as_before(), _notes():
        modes.choose(arguments, write)
        code = _exit_code(lambda: _run(arguments))
        spoken.heard(spoken.End(code, round(time.monotonic() - begin, 3)))
    return code


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """End as Ctrl-C does on a termination and on a terminal that is closed; not under nohup."""
    numbers = [signal.SIGTERM, signal.SIGINT]
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
        numbers.append(hangup)
    before = {number: signal.signal(number, interrupts.ask) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _notes() -> Iterator[None]:
    """Show our warnings as one line each, and all of them; others are for programmers."""
    with warnings.catch_warnings():
        show_other = warnings.showwarning

        def show(message: Any, category: Any, *place: Any) -> None:
            if issubclass(category, InterfuseWarning):
                warn(str(message))
            else:
                show_other(message, category, *place)

        warnings.showwarning = show
        warnings.simplefilter("always", InterfuseWarning)
        yield


def _run(arguments: Sequence[str]) -> None:
    remove_abandoned_rows()
    command = typer.main.get_command(app)
    with command.make_context("interfuse", list(arguments) or ["--help"]) as context:
        command.invoke(context)
    sys.stdout.flush()


def _exit_code(run: Callable[[], None]) -> int:
    try:
        run()
    except typer.Exit as done:
        return done.exit_code
    except InterfuseError as error:
        fail(str(error))
        return 2
    except BrokenPipeError:
        # The reader of our answer has left (head, less): that is not an error.
        silence(sys.stdout)
        return 0
    except (KeyboardInterrupt, typer.Abort):
        tell("interrupted")
        return 130
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 2
    except BaseException as error:  # a panic of polars is no Exception
        if os.environ.get(_TRACEBACK):
            traceback.print_exc()
        fail(_words(error))
        if isinstance(error, OSError):
            silence(sys.stdout)
        return 2
    return 0


def _words(error: BaseException) -> str:
    """One line about what went wrong, by the sort of error."""
    if isinstance(error, ClickException):
        return _usage(error)
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return f"there is not enough memory ({_first(error)}). Use fewer rows or a smaller model."
    if isinstance(error, OSError) and error.errno in _FULL:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}the disk is full. Free some space and try again."
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}. Check the name and who may read and write it."
    last = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"this should not happen ({_first(error)}; {Path(last.filename).name}:{last.lineno}). "
        f"{_TRACEBACK}=1 interfuse ... shows more; please report it with that."
    )


def _first(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _usage(error: Any) -> str:
    """One line about a wrong option or argument."""
    message = " ".join(error.format_message().split())
    context = getattr(error, "ctx", None)
    where = context.command_path if context else "interfuse"
    return f"{message.rstrip('.')}. See: {where} --help"
