"""The studio under load: how soon it is there, what it keeps, what it survives.

    python -m benchmarks.studio [start] [upload] [kill] [clients] [fuzz]

Each part starts a studio of its own on this machine's loopback, in a folder that is removed again.
`fuzz` needs schemathesis, which is no dependency: name its program with --schemathesis.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from benchmarks.common import RESULTS, Results, circumstances, console

FILE = RESULTS / "studio.json"
MIB = 2**20
PARTS = ("start", "upload", "kill", "clients", "fuzz")


class Server:
    """A studio in a process of its own."""

    def __init__(self, folder: Path, port: int = 0, *words: str) -> None:
        begin = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "interfuse", "studio", str(folder), "--port", str(port),
             "--no-browser", *words],
            stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        assert self.process.stdout is not None
        line = next(line for line in self.process.stdout if "token=" in line).strip()
        self.base, self.token = line.split("/?token=")
        self.port = int(self.base.rsplit(":", 1)[1])
        self.client = httpx.Client(
            base_url=self.base, timeout=300, headers={"Authorization": f"Bearer {self.token}"}
        )
        self.client.get("/").raise_for_status()
        self.seconds = time.monotonic() - begin
        spent = psutil.Process(self.process.pid).cpu_times()
        self.cpu_seconds = spent.user + spent.system

    def memory(self) -> float:
        """MiB of the server itself."""
        return psutil.Process(self.process.pid).memory_info().rss / MIB

    def all_memory(self) -> float:
        """MiB of the server and the processes that answer."""
        one = psutil.Process(self.process.pid)
        return self.memory() + sum(p.memory_info().rss for p in one.children(True)) / MIB

    def close(self) -> None:
        """End it."""
        self.client.close()
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        if self.process.poll() is None:
            self.process.kill()


@contextlib.contextmanager
def serving(*words: str) -> Iterator[tuple[Server, Path]]:
    """A studio and its folder."""
    folder = Path(tempfile.mkdtemp(prefix="studio-"))
    server = Server(folder, 0, *words)
    try:
        yield server, folder
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)


def fitted(server: Server, examples: int = 20_000, name: str = "demo") -> str:
    """The id of a fit of the demo, complete."""
    upload = server.client.post("/v1/uploads/demo").json()["id"]
    asked = {"upload": upload, "options": {"examples": examples}, "name": name}
    place = server.client.post("/v1/fits", json=asked).headers["location"]
    while (fit := server.client.get(place).json())["status"] == "running":
        time.sleep(0.3)
    assert fit["status"] == "complete", fit
    return fit["id"]


def start() -> dict[str, Any]:
    """Seconds until the first page; bytes of the page and all it loads."""
    times, work, weight, seen = [], [], 0, {"/"}
    for _ in range(5):
        with serving() as (server, _):
            times.append(server.seconds)
            work.append(server.cpu_seconds)
            texts = [server.client.get("/").content]
            seen = {"/"}
            while wanted := {
                path for text in texts for path in re.findall(rb"/static/[\w.]+", text)
            } | {
                b"/static/" + path for text in texts for path in re.findall(rb'"\./([\w.]+)"', text)
            }:
                new = [p.decode() for p in wanted if p.decode() not in seen]
                if not new:
                    break
                for path in new:
                    seen.add(path)
                    texts.append(server.client.get(path).content)
            weight = sum(map(len, texts))
    times.sort()
    return {
        "first_page_seconds": times[len(times) // 2], "slowest": times[-1], "runs": len(times),
        "cpu_seconds": sorted(work)[len(work) // 2],
        "load_of_the_machine": os.getloadavg()[0],
        "page_bytes": weight, "page_files": len(seen),
    }  # fmt: skip


def upload(size: int = 200 * MIB) -> dict[str, Any]:
    """The server's memory above its start while so much is sent to it."""
    with serving() as (server, _):
        before = most = server.memory()
        done = threading.Event()

        def look() -> None:
            nonlocal most
            while not done.wait(0.02):
                most = max(most, server.memory())

        watcher = threading.Thread(target=look)
        watcher.start()
        block = b"0123456789abcdef" * (MIB // 16)
        begin = time.monotonic()
        body = (block for _ in range(size // MIB))
        answer = server.client.post("/v1/uploads", params={"name": "a.csv"}, content=body)
        took = time.monotonic() - begin
        done.set()
        watcher.join()
        assert answer.json()["bytes"] == size
    return {"bytes": size, "seconds": took, "start_mib": before, "above_start_mib": most - before}


def kill() -> dict[str, Any]:
    """A server that is killed during a fit and started again: what it shows, what is lost."""
    folder = Path(tempfile.mkdtemp(prefix="studio-"))
    try:
        server = Server(folder)
        upload = server.client.post("/v1/uploads/demo").json()["id"]
        asked = {"upload": upload, "options": {"examples": 40_000}, "name": "long"}
        place = server.client.post("/v1/fits", json=asked).headers["location"]
        while not server.client.get(place).json()["training"]:
            time.sleep(0.2)
        before = server.client.get(place).json()["training"]["examples"]
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        server.client.close()
        again = Server(folder)
        shown = again.client.get(place).json()
        events = 0
        with again.client.stream("GET", f"{place}/events") as stream:
            for line in stream.iter_lines():
                events += line.startswith("id: ")
        after = again.client.get(place).json()
        again.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {"after_restart": shown["status"], "examples_when_killed": before,
            "events": events, "at_the_end": after["status"],
            "examples_at_the_end": after["training"]["examples"]}  # fmt: skip


def clients(minutes: float, many: int = 8) -> dict[str, Any]:
    """Some clients ask at once; each knows what its answer has to be."""
    with serving("--workers", "2") as (server, _):
        run = fitted(server, 5_000)

        def asked(seed: int) -> bytes:
            said = {"options": {"rows": 50 + seed, "seed": seed}}
            key = {"Idempotency-Key": uuid.uuid4().hex}  # or the first answer would be sent again
            answer = server.client.post(f"/v1/runs/{run}/generate", json=said, headers=key)
            if answer.status_code == 202:  # it takes longer than a request is kept waiting
                place = answer.headers["location"]
                while server.client.get(place).json()["status"] == "running":
                    time.sleep(0.5)
                answer = server.client.get(f"{place}/file")
            answer.raise_for_status()
            return answer.content

        right = {seed: asked(seed) for seed in range(many)}
        lock = threading.Lock()
        errors: list[str] = []
        took: list[float] = []
        mixed = 0

        def one(seed: int, end: float) -> None:
            """Ask once at least, and until the time is over."""
            nonlocal mixed
            while True:
                begin = time.monotonic()
                try:
                    found = asked(seed)
                except (httpx.HTTPError, KeyError) as error:
                    errors.append(str(error))
                else:
                    with lock:
                        took.append(time.monotonic() - begin)
                        mixed += found != right[seed]
                if time.monotonic() >= end:
                    return

        def together(end: float) -> list[tuple[float, float, float]]:
            """All clients at once; seconds, MiB of all and of the server, every other second."""
            threads = [threading.Thread(target=one, args=(seed, end)) for seed in range(many)]
            memory, begin = [], time.monotonic()
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                memory.append((time.monotonic() - begin, server.all_memory(), server.memory()))
                time.sleep(2)
            return memory

        together(0.0)  # a round, so that both workers have loaded what they need
        warm = server.all_memory()
        errors.clear()
        took.clear()
        mixed = 0
        memory = together(time.monotonic() + 60 * minutes)
    took.sort()
    at, every, served = np.array(memory).T
    late = slice(len(at) // 2, None)
    (slope, _), spread = np.polyfit(at[late] / 60, every[late], 1, cov=True)
    return {"clients": many, "minutes": minutes, "answers": len(took), "errors": len(errors),
            "mixed_up": mixed, "seconds_median": took[len(took) // 2],
            "seconds_slowest": took[-1], "warm_mib": warm,
            "highest_mib_by_fifth": [float(part.max()) for part in np.array_split(every, 5)],
            "server_mib": [float(served[0]), float(served[-1])],
            "mib_a_minute_second_half": [float(slope), float(np.sqrt(spread[0, 0]))],
            "load_of_the_machine": os.getloadavg()[0]}  # fmt: skip


def fuzz(program: str, requests: int) -> dict[str, Any]:
    """Requests made from the OpenAPI document, until there were so many."""
    with serving("--max-upload", "0.01", "--fits", "1") as (server, folder):
        fitted(server, 5_000)
        schema = folder / "openapi.json"
        document = server.client.get("/v1/openapi.json").json()
        schema.write_text(json.dumps(document), encoding="utf-8")
        seen = failed = seed = 0
        words = ""
        begin = time.monotonic()
        while seen < requests:
            seed += 1
            ended = subprocess.run(
                [program, "run", str(schema), "--url", server.base, "--header",
                 f"Authorization: Bearer {server.token}", "--checks", "not_a_server_error",
                 "--phases", "examples,coverage,fuzzing", "--max-examples", "60", "--seed",
                 str(seed), "--request-timeout", "60", "--exclude-path-regex", "/events$",
                 "--no-color"],
                capture_output=True, text=True, cwd=folder, check=False,
            )  # fmt: skip
            words = ended.stdout
            found = re.search(r"(\d+) generated", words.replace(",", ""))
            if found is None:
                raise RuntimeError(words[-3000:] + ended.stderr[-2000:])
            seen += int(found[1])
            if ended.returncode:
                failed += 1
                console.print(words[-6000:])
        alive = server.client.get("/v1").status_code == 200
    return {"requests": seen, "runs": seed, "runs_with_a_failure": failed,
            "seconds": time.monotonic() - begin, "alive": alive}  # fmt: skip


def main() -> None:
    """Measure the parts that are named; all but `fuzz` unless any is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--requests", type=int, default=5_000)
    parser.add_argument("--schemathesis", default="schemathesis")
    said = parser.parse_args()
    parts: dict[str, Any] = {
        "start": start,
        "upload": upload,
        "kill": kill,
        "clients": lambda: clients(said.minutes),
        "fuzz": lambda: fuzz(said.schemathesis, said.requests),
    }
    results = Results(FILE)
    for name in said.parts or PARTS[:-1]:
        found = parts[name]()
        console.print(name, found)
        command = f"python -m benchmarks.studio {name}"
        results.add(name, {**found, **circumstances(command, 0)})


if __name__ == "__main__":
    main()
