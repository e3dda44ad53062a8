"""The Dockerfile without Docker: what it copies is there, and its parts do what they say."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
import tomllib
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def steps():
    """Its instructions, each a pair of its name and the rest; lines that go on are joined."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line.strip()]


def of(steps, name):
    return [rest for step, rest in steps if step == name]


def test_what_is_copied_is_there_and_is_sent_to_the_builder(steps):
    """`.dockerignore` leaves everything out but what begins with an exclamation mark."""
    sent = {
        line.strip()[1:]
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = [
        word
        for rest in of(steps, "COPY")
        if not rest.startswith("--from")
        for word in rest.split()[:-1]
    ]
    assert copied
    assert set(copied) == sent
    assert all((ROOT / name).exists() for name in copied)
    about = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = {about["project"]["readme"], "pyproject.toml", "src"}
    assert needed <= set(copied), "the package cannot be built without them"


def test_the_extras_that_it_installs_are_declared(steps):
    (extras,) = re.findall(r'"\.\[([\w,]+)\]"', " ".join(of(steps, "RUN")))
    about = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(extras.split(",")) <= set(about["project"]["optional-dependencies"])


def test_it_runs_as_a_user_who_is_not_root_and_owns_the_folder(steps):
    last = [i for i, (step, _) in enumerate(steps) if step == "FROM"][-1]
    final = steps[last:]
    (user,) = of(final, "USER")
    made = re.search(r"useradd .*--uid (\d+) (\w+)", " ".join(of(final, "RUN")))
    assert made
    assert user in made.groups()
    assert int(made[1]) > 0
    (folder,) = of(final, "WORKDIR")
    assert f"chown {made[2]} {folder}" in " ".join(of(final, "RUN"))
    assert of(final, "VOLUME") == [folder]


def test_its_command_serves_at_the_port_that_it_exposes(steps, tmp_path):
    """The very words of ENTRYPOINT and CMD, but for the folder and the port, which may be taken."""
    from interfuse.studio.serve import serve

    usual = inspect.signature(serve).parameters["port"].default
    assert of(steps, "EXPOSE") == [str(usual)]
    (entry,), (command,) = (
        [json.loads(x) for x in of(steps, name)] for name in ("ENTRYPOINT", "CMD")
    )
    assert entry == ["interfuse"]
    words = [str(tmp_path) if word == "/models" else word for word in command]
    server = subprocess.Popen(
        [sys.executable, "-u", "-m", "interfuse", *words, "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    try:
        address = next(line.strip() for line in server.stdout if "token=" in line)
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with browser.open(address) as answer:
            assert b"<title>interfuse studio" in answer.read()
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()
