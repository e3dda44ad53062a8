"""The page before the routes: what a browser gets first must not wait for what it needs later."""

from __future__ import annotations

import subprocess
import sys

FIRST = """
import asyncio, sys
from pathlib import Path
from interfuse.studio.front import studio
from interfuse.studio.settings import Settings

app = studio(Settings(Path(sys.argv[1]), "secret", frozenset({"here"})), warm=False)
heard = []

async def ask(path):
    async def send(message):
        heard.append(message)
    async def receive():
        return {"type": "http.request", "body": b""}
    headers = [(b"host", b"here"), (b"authorization", b"Bearer secret")]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"",
             "headers": headers, "raw_path": path.encode(), "root_path": "", "scheme": "http",
             "http_version": "1.1", "server": ("here", 80), "client": ("here", 1)}
    await app(scope, receive, send)
    return heard[-1]["body"]

async def journey():
    assert b"main.js" in await ask("/")
    assert b"route()" in await ask("/static/main.js")
    print(*sorted({"fastapi", "torch", "polars", "numpy"} & set(sys.modules)))
    assert b"version" in await asyncio.wait_for(ask("/v1"), 60)
    print(*sorted({"fastapi", "torch", "polars", "numpy"} & set(sys.modules)))

asyncio.run(journey())
"""


def test_the_page_is_served_before_the_routes_are_loaded(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-c", FIRST, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    before, after = ended.stdout.splitlines()
    assert before == ""
    assert after == "fastapi"


def test_only_the_pages_own_files_are_served(client):
    assert client.get("/static/../app.py").status_code == 404
    assert client.get("/static/nothing.js").status_code == 404
    assert client.post("/static/main.js").status_code in (404, 405)
    head = client.head("/")
    assert head.status_code == 200
    assert not head.content
    assert int(head.headers["content-length"]) == len(client.get("/").content)
