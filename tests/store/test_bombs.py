"""A small file that asks for much memory is refused before it gets any."""

import json
import subprocess
import sys

import pytest
from tampered import copied, edit, mend

import interfuse
from interfuse.errors import RunError

MANY = 500_000
MOST_GROWTH = 250e6
"""Bytes; reading 3 MB of JSON into Python's objects takes up to about 100 MB."""

LOAD = """
import json, resource, sys
from pathlib import Path
import interfuse
from interfuse.errors import RunError

said, before = {}, None
for folder in map(Path, sys.argv[1:]):
    try:
        interfuse.load(folder)
        text = "loaded"
    except RunError as error:
        text = str(error)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    said[folder.name] = text, peak - (peak if before is None else before)
    before = peak
print(json.dumps(said))
"""


def put(*path, value):
    def change(config):
        inside = config
        for name in path[:-1]:
            inside = inside[name]
        inside[path[-1]] = value

    return change


def both(**values):
    """The same in the network and in the layout of a table."""

    def change(config):
        for name, value in values.items():
            config["network"][name] = value
            if name in config["layout"]:
                config["layout"][name] = value

    return change


TABLE = "table-format-2"
BOMBS = {
    "wide table": (TABLE, put("network", "width", value=10**6)),
    "wide blocks": (TABLE, put("network", "inner", value=2**31 - 1)),
    "deep table": (TABLE, put("network", "depth", value=10**9)),
    "deep table within reason": (TABLE, put("network", "depth", value=1_000)),
    "many cells": (TABLE, both(sizes=[1] * MANY, ordered=[0] * MANY)),
    "many ordered cells": (TABLE, both(sizes=[9] * MANY, ordered=[9] * MANY)),
    "a large cell": (TABLE, both(sizes=[2**31 - 1] * 7)),
    "one long cell pads all": (
        TABLE,
        both(sizes=[10**6] + [5] * 10**4, ordered=[10**6] + [5] * 10**4),
    ),
    "many scores": (TABLE, put("network", "scores", value=[[0.5] * MANY] * 2)),
    "many numbers": (TABLE, put("network", "numbers", value=2**30)),
    "wide series": ("series", put("network", "width", value=10**6)),
    "long windows": ("series", put("network", "length", value=2**30)),
    "many series": ("series", put("network", "owners", value=2**31 - 1)),
    "deep series": ("series", put("network", "shallow", value=1_000)),
    "many answers": ("series", put("network", "priors", value=[0.1] * MANY)),
    "wide images": ("images", put("network", "width", value=2**20)),
    "many levels": ("images", put("network", "multiples", value=[1] * MANY)),
    "many blocks": ("images", put("network", "blocks", value=[1_000, 1_000])),
    "many classes": ("images", put("network", "classes", value=2**31 - 1)),
    "large images": ("images", put("network", "size", value=[2**30, 2**30])),
    "nested": (TABLE, lambda config: {**config, "layout": nested(400)}),
}


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """For each bomb what loading it says, and by how much it raised the peak of memory."""
    root = tmp_path_factory.mktemp("bombs")
    # All that is imported late is there after three good ones.
    folders = [copied(name, root / f"good-{name}") for name in (TABLE, "series", "images")]
    names = {}
    for i, (bomb, (name, change)) in enumerate(BOMBS.items()):
        names[str(i)] = bomb
        folders.append(copied(name, root / str(i)))
        edit(folders[-1], "config.json", change)
    command = [sys.executable, "-c", LOAD, *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {names.get(name, name): text for name, text in json.loads(done.stdout).items()}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_config_that_asks_for_much_is_refused_with_little_memory(bomb, said):
    text, growth = said[bomb]
    assert "config.json" in text or "parts do not fit together" in text
    assert "\n" not in text
    unit = 1 if sys.platform == "darwin" else 1024
    assert growth * unit < MOST_GROWTH, text


def test_the_runs_that_are_changed_can_be_opened(said):
    assert [said[f"good-{name}"][0] for name in (TABLE, "series", "images")] == ["loaded"] * 3


@pytest.mark.parametrize("part", ["run.json", "config.json", "schema.json", "codec.json"])
def test_json_that_is_nested_without_end_is_refused(part, tmp_path):
    folder = copied(TABLE, tmp_path / "run")
    (folder / part).write_text("[" * 1_000_000)
    if part != "run.json":
        mend(folder)
    with pytest.raises(RunError, match=rf"{part}: cannot be read as JSON"):
        interfuse.load(folder)
