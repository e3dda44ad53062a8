"""A few processes that answer questions; questions wait for one that is free."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from interfuse.studio.problems import Problem

Event = dict[str, Any]
ENVIRONMENT = {"PYTHONUNBUFFERED": "1", "PYTHONSAFEPATH": "1"}
"""Of every process: a file torch.py in the folder that is served is no module."""
LARGEST_LINE = 64 * 2**20
"""Bytes of one event: a schema of thousands of columns."""
MOST_MEMORY = 3 * 2**30
"""Bytes at which a worker is replaced before its next question."""


class Workers:
    """A pool.

    Args:
        count: processes at most; each is started when it is first needed.
        waiting: questions that may wait.
        folder: where they work: relative paths in their arguments begin here.
    """

    def __init__(self, count: int, waiting: int, folder: Path) -> None:
        self.folder, self.waiting = folder, waiting
        self._free: asyncio.LifoQueue[_Worker] = asyncio.LifoQueue()
        self._all = [_Worker(folder) for _ in range(count)]
        for worker in self._all:
            self._free.put_nowait(worker)
        self._queued = 0

    async def warm(self) -> None:
        """Start one."""
        worker = await self._free.get()
        try:
            await worker.start()
        finally:
            self._free.put_nowait(worker)

    async def run(self, arguments: list[str], listen: Callable[[Event], None]) -> int:
        """Run a command, and return its exit code.

        Args:
            arguments: behind `interfuse`.
            listen: told each event.

        Raises:
            Problem: too many wait already.
        """
        if self._queued >= self.waiting:
            raise Problem(429, f"{self._queued} questions wait already. Ask again in a while.")
        self._queued += 1
        try:
            worker = await self._free.get()
        finally:
            self._queued -= 1
        try:
            return await worker.run(arguments, listen)
        except asyncio.CancelledError:
            await worker.end()
            raise
        finally:
            self._free.put_nowait(worker)

    async def close(self) -> None:
        """End all processes."""
        for worker in self._all:
            await worker.end()


class _Worker:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> asyncio.subprocess.Process:
        if self.process is not None and self.process.returncode is None:
            if _memory(self.process.pid) < MOST_MEMORY:
                return self.process
            await self.end()
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "interfuse.studio.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=self.folder,
            limit=LARGEST_LINE,
            env=os.environ | ENVIRONMENT,
            start_new_session=True,
        )
        return self.process

    async def run(self, arguments: list[str], listen: Callable[[Event], None]) -> int:
        process = await self.start()
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(ConnectionError):  # it ended: no line will come
            process.stdin.write(json.dumps(arguments).encode() + b"\n")
            await process.stdin.drain()
        while line := await process.stdout.readline():
            event = json.loads(line)
            listen(event)
            if event["event"] == "end":
                return int(event["exit_code"])
        await process.wait()
        why = "it was killed, perhaps because memory ran out" if process.returncode else "it ended"
        listen({"event": "error", "text": f"the process that computed this is gone ({why}). "
                                          "Ask for less at once, or again."})  # fmt: skip
        return 2

    async def end(self) -> None:
        process, self.process = self.process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _memory(pid: int) -> int:
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).memory_info().rss
    return 0
