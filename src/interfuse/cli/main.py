"""Entry point: builds the command tree and turns errors into exit codes.

Exit codes: 0 done; 1 a check asked for did not hold; 2 bad input or options; 130 interrupted.
An error is one line on standard error, whether an option, a file or a column is at fault.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from collections.abc import Callable

import typer

from interfuse.cli import ask, demo, evaluate, fit, reproduce, show
from interfuse.console import fail, interrupts
from interfuse.errors import InterfuseError

# Typer brings its own copy of click in some versions and the package in others.
ClickException = typer.BadParameter.__mro__[2]
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

app = typer.Typer(
    name="interfuse",
    help="Fit one diffusion model to a data set, then ask it anything.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("fit")(fit.command())
for _name, _verbs in ask.questions().items():
    app.command(_name)(ask.command(_name, _verbs))
app.command("evaluate")(evaluate.evaluate)
app.command("show")(show.show)
app.command("reproduce")(reproduce.reproduce)


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
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, interrupts.ask) for number in numbers}
    try:
        code = _exit_code(_run)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    sys.exit(code)


def _run() -> None:
    command = typer.main.get_command(app)
    with command.make_context("interfuse", sys.argv[1:] or ["--help"]) as context:
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
        # The reader of our output has left (head, less): that is not an error.
        _silence()
        return 0
    except OSError as error:
        if error.errno not in _FULL:
            raise
        fail("the disk is full. Free some space and try again.")
        _silence()
        return 2
    except (KeyboardInterrupt, typer.Abort):
        print("interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        if not isinstance(error, ClickException):
            raise
        fail(_usage(error))
        return 2
    return 0


def _silence() -> None:
    """Keep Python from trying once more, at exit, to write what could not be written."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _usage(error: Exception) -> str:
    """One line about a wrong option or argument."""
    message = " ".join(error.format_message().split())  # type: ignore[attr-defined]
    context = getattr(error, "ctx", None)
    where = context.command_path if context else "interfuse"
    return f"{message.rstrip('.')}. See: {where} --help"
