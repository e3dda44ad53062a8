"""A process that has imported what commands need, and forks whenever one is asked for.

`processes.python` starts it, with one end of a socket and the modules to import. Each request is a
pickled dictionary with the descriptors of three standard streams and of a pipe, which gets the
fork's number and at last its exit code. A fork has its own streams, environment, folder and
signals, and ends as a Python of its own does; unlike a fresh interpreter it has the modules
already, and what they read from the environment when they were imported.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import os
import pickle
import select
import signal
import socket
import sys
import tempfile
import threading
import types
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

LARGEST = 1 << 20
"""Bytes of a request: code, arguments and the environment."""


IDLE = ("jemalloc_bg_thd", "polars-ooc-clea")
"""Threads that importing polars and pyarrow begins: allocators begin theirs anew in a fork, and the
other one waits for what no test does."""


def safe() -> bool:
    """Whether a fork misses no thread: it takes only the one that forks along."""
    number = str(os.getpid())
    tasks = Path("/proc/self/task").iterdir()
    return all(t.name == number or (t / "comm").read_text().strip() in IDLE for t in tasks)


def serve(control: socket.socket) -> dict[str, Any]:
    """Fork for each request; returns what was asked for in the forks only."""
    running: dict[int, tuple[int, int]] = {}  # by the descriptor of the process: number and pipe
    poll = select.poll()
    poll.register(control, select.POLLIN)
    while True:
        for ready, _ in poll.poll():
            if ready in running:
                number, said = running.pop(ready)
                poll.unregister(ready)
                os.close(ready)
                code = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
                with contextlib.suppress(BrokenPipeError):
                    os.write(said, b"%d\n" % code)
                os.close(said)
                continue
            message, passed, _, _ = socket.recv_fds(control, LARGEST, 4)
            if not message:
                os._exit(0)  # forks go on by themselves
            number = os.fork()
            if number == 0:
                control.close()
                for process, (_, said) in running.items():
                    os.close(process)
                    os.close(said)
                *streams, said = passed
                os.close(said)
                return {**pickle.loads(message), "streams": streams}  # noqa: S301 (from our parent)
            *streams, said = passed
            for stream in streams:
                os.close(stream)
            os.write(said, b"%d\n" % number)
            process = os.pidfd_open(number)
            running[process] = number, said
            poll.register(process, select.POLLIN)


def become(asked: dict[str, Any]) -> dict[str, Any]:
    """Be the process that was asked for; returns the names for its code to run in."""
    for number, stream in enumerate(asked["streams"]):
        os.dup2(stream, number)
    for stream in asked["streams"]:
        if stream > 2:
            os.close(stream)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    # As subprocess does for a new process: only what is ignored stays so.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if asked["preexec_fn"] is not None:
        asked["preexec_fn"]()
    sys.argv[:] = ["-c", *asked["arguments"]]
    paths = [part for part in asked["env"].get("PYTHONPATH", "").split(os.pathsep) if part]
    sys.path[:] = ["", *(part for part in paths if part not in sys.path), *sys.path[1:]]
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = _text(number)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    tempfile.tempdir = None
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    return vars(main)


def _text(number: int) -> io.TextIOWrapper | None:
    """A standard stream as Python makes it; None if it is closed."""
    with contextlib.suppress(OSError):
        os.fstat(number)
        encoding, _, errors = os.environ.get("PYTHONIOENCODING", "").partition(":")
        usual = "backslashreplace" if number == 2 else "strict"
        return io.TextIOWrapper(
            open(number, "rb" if number == 0 else "wb", closefd=False),
            encoding or "utf-8",
            errors or usual,
            line_buffering=number == 2 or os.isatty(number),
        )
    return None


def run(code: str, names: dict[str, Any]) -> NoReturn:
    """Run the code and end as Python does, but leave the memory to the system."""
    ended = 0
    try:
        exec(compile(code, "<string>", "exec"), names)  # noqa: S102 (as python -c)
    except SystemExit as done:
        ended = done.code if isinstance(done.code, int) else int(done.code is not None)
        if not isinstance(done.code, int | None):
            print(done.code, file=sys.stderr)
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        ended = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except Exception as error:
            _complain(f"Exception ignored in: {stream!r}\n{error!r}")
            ended = 120
    os._exit(ended & 0xFF)


def _complain(words: str) -> None:
    with contextlib.suppress(Exception):
        print(words, file=sys.stderr, flush=True)


def warm_up() -> None:
    """Run what imports the rest: pages of help, and a command that fails."""
    from interfuse.cli.main import execute

    with contextlib.ExitStack() as stack:
        nowhere = stack.enter_context(open(os.devnull, "w"))
        stack.enter_context(contextlib.redirect_stdout(nowhere))
        stack.enter_context(contextlib.redirect_stderr(nowhere))
        execute(["--help"])
        execute(["show", os.devnull])


if __name__ == "__main__":
    _control = socket.socket(fileno=int(sys.argv[1]))
    for _name in sys.argv[2:]:
        import_module(_name)
    warm_up()
    gc.collect()
    gc.freeze()  # a collection in a fork would copy all memory
    _control.send(b"yes" if hasattr(os, "pidfd_open") and safe() else b"no")
    _asked = serve(_control)
    run(_asked["code"], become(_asked))
