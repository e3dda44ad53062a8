"""Processes that are waited for as long as they work: no clock, as the machine may be busy."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import pickle
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

import psutil

HERE = Path(__file__).parent
PRELOADED = (
    "interfuse.cli",
    "interfuse.kinds.table.job",
    "interfuse.kinds.table.model",
    "interfuse.kinds.series.job",
    "interfuse.kinds.series.model",
    "interfuse.kinds.images.job",
    "interfuse.kinds.images.model",
    "interfuse.kinds.interactions",
)
"""What takes longest to import of what tests run."""


@dataclass
class Result:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


class watched:
    """A process that is waited for as long as it works, however busy the machine.

    Args:
        process: of which no output was read.
    """

    IDLE = 120
    """Seconds without any work after which it hangs: no load makes a process wait so long."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self._work, self._since = -1.0, time.monotonic()

    def wait_for_end(self) -> Result:
        """Its exit code and words."""
        while True:
            try:
                out, err = self.process.communicate(timeout=1)
                return Result(self.process.wait(), out or "", err or "")
            except subprocess.TimeoutExpired:
                self._look()

    def wait_until(self, condition: Callable[[], object]) -> None:
        """Until something has happened that the process does."""
        while not condition():
            ended = self.process.poll() is not None
            assert not ended or condition(), "it ended before it happened"
            self._look()
            time.sleep(0.02)

    def _look(self) -> None:
        done = worked(self.process.pid)
        if done > self._work:
            self._work, self._since = done, time.monotonic()
        elif time.monotonic() - self._since > self.IDLE:
            self.process.kill()
            raise AssertionError("it hangs")


def worked(process: int) -> float:
    """Seconds of processor time that a process has had; 0 once it has ended."""
    with contextlib.suppress(psutil.Error):
        spent = psutil.Process(process).cpu_times()
        return spent.user + spent.system
    return 0.0


def python(code: str, *arguments: object, **options: Any) -> Process:
    """`python -c code arguments` in a process of its own, which a test can hurt.

    Where that is safe (Linux) it is a fork of one that has torch, polars and the package loaded
    (`forks`): to import them anew takes seconds of a processor. What needs a new interpreter (a
    test of what is imported or of how much memory is taken) asks for one that is `fresh`.

    Args:
        code: to run.
        arguments: in `sys.argv`, behind "-c".
        options: of `subprocess.Popen`: stdin, stdout, stderr, env, cwd, and a preexec_fn that can
            be pickled. Streams are text; threads of OpenMP are one.
    """
    words = [str(word) for word in arguments]
    options["env"] = {**options.get("env", os.environ), "OMP_NUM_THREADS": "1"}
    if _server() is not None:
        return Forked(code, words, **options)
    return fresh(code, *words, **options)


def fresh(code: str, *arguments: object, **options: Any) -> subprocess.Popen[str]:
    """The same by a new interpreter."""
    options["env"] = {**options.get("env", os.environ), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, text=True, **options)


def ran(code: str, *arguments: object, **options: Any) -> Result:
    """How `python` ended, and what it said."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return watched(python(code, *arguments, **{**pipes, **options})).wait_for_end()


def closing(*numbers: int) -> Callable[[], None]:
    """A `preexec_fn`: standard streams are closed."""
    return functools.partial(_each, os.close, numbers)


def ignoring(*signals: int) -> Callable[[], None]:
    """A `preexec_fn`: signals are ignored, as by nohup."""
    return functools.partial(_each, functools.partial(_set, signal.SIG_IGN), signals)


def limiting_files(size: int) -> Callable[[], None]:
    """A `preexec_fn`: it may write files of at most so many bytes, as on a disk that fills up."""
    return functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE, (size, size))


def _each(do: Callable[[int], object], numbers: tuple[int, ...]) -> None:
    for number in numbers:
        do(number)


def _set(handler: Any, number: int) -> None:
    signal.signal(number, handler)


class Forked:
    """A fork of a process that has imported all, with what tests use of `subprocess.Popen`.

    Args:
        code: to run.
        arguments: of it.
        stdin, stdout, stderr, env, cwd, preexec_fn: as there.
    """

    def __init__(
        self,
        code: str,
        arguments: list[str],
        *,
        stdin: Any = None,
        stdout: Any = None,
        stderr: Any = None,
        env: dict[str, str],
        cwd: Any = None,
        preexec_fn: Callable[[], object] | None = None,
    ) -> None:
        self.returncode: int | None = None
        self.stdin: IO[str] | None = None
        self.stdout: IO[str] | None = None
        self.stderr: IO[str] | None = None
        self._readers: list[tuple[threading.Thread, list[str]]] | None = None
        said, report = os.pipe()
        self._said = os.fdopen(said, "rb", buffering=0)
        asked = {
            "code": code,
            "arguments": arguments,
            "env": env,
            "cwd": os.fspath(cwd or os.getcwd()),
            "preexec_fn": preexec_fn,
        }
        with contextlib.ExitStack() as ours:
            ours.callback(os.close, report)
            given = [self._stream(0, "stdin", stdin, ours), self._stream(1, "stdout", stdout, ours)]
            one = stderr == subprocess.STDOUT
            given.append(given[1] if one else self._stream(2, "stderr", stderr, ours))
            server = _server()
            assert server is not None
            socket.send_fds(server, [pickle.dumps(asked)], [*given, report])
        self.pid = int(self._line())

    def _stream(self, number: int, name: str, wanted: Any, ours: contextlib.ExitStack) -> int:
        """The descriptor for the fork's stream; what of it is ours is closed behind the request."""
        if wanted is None:
            return number
        if wanted == subprocess.DEVNULL:
            nowhere = os.open(os.devnull, os.O_RDWR)
            ours.callback(os.close, nowhere)
            return nowhere
        if wanted == subprocess.PIPE:
            read, write = os.pipe()
            mine, other = (write, read) if number == 0 else (read, write)
            ours.callback(os.close, other)
            setattr(self, name, os.fdopen(mine, "w" if number == 0 else "r", encoding="utf-8"))
            return other
        return wanted if isinstance(wanted, int) else wanted.fileno()

    def _line(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            part = self._said.read(1)
            assert part, "the process that forks has ended"
            line += part
        return line

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None as long as it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        if self.returncode is None:
            if not select.select([self._said], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("fork", timeout or 0)
            self.returncode = int(self._line())
            self._said.close()
        return self.returncode

    def communicate(
        self, input: str | None = None, timeout: float | None = None
    ) -> tuple[str | None, str | None]:
        """All that it says, once it has ended; may be called again after a timeout.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        end = time.monotonic() + (threading.TIMEOUT_MAX / 2 if timeout is None else timeout)
        if self._readers is None:
            if self.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    self.stdin.write(input or "")
                    self.stdin.close()
            self._readers = []
            for stream in (self.stdout, self.stderr):
                words: list[str] = []
                thread = threading.Thread(target=_read, args=(stream, words), daemon=True)
                thread.start()
                self._readers.append((thread, words))
        for thread, _ in self._readers:
            thread.join(max(0.0, end - time.monotonic()))
            if thread.is_alive():
                raise subprocess.TimeoutExpired("fork", timeout or 0)
        self.wait(None if timeout is None else max(0.0, end - time.monotonic()))
        out, err = ("".join(words) for _, words in self._readers)
        return out if self.stdout else None, err if self.stderr else None

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


Process: TypeAlias = "subprocess.Popen[str] | Forked"


def _read(stream: IO[str] | None, words: list[str]) -> None:
    if stream is not None:
        with stream:
            words.append(stream.read())


@functools.cache
def _server() -> socket.socket | None:
    """The socket of the process that forks, which ends with this one; None where it cannot."""
    if sys.platform != "linux":
        return None
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, str(HERE / "forks.py"), str(theirs.fileno()), *PRELOADED]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        pass_fds=[theirs.fileno()],
    )
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours if ours.recv(8) == b"yes" else None
