"""The wheel is whole: what it holds, and that it works where nothing else is installed."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

import interfuse

ROOT = Path(__file__).parents[2]
SOURCE = Path(interfuse.__file__).parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel that `make dist` makes."""
    place = tmp_path_factory.mktemp("wheel")
    words = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "-w", place, ROOT]
    made = subprocess.run(words, capture_output=True, text=True, check=False)
    if made.returncode and "hatchling" in made.stderr:
        pytest.skip("the builder hatchling cannot be fetched here")
    assert made.returncode == 0, made.stderr
    (found,) = place.glob("*.whl")
    return found


def test_it_holds_every_file_of_the_package(wheel):
    inside = set(ZipFile(wheel).namelist())
    ours = {p.relative_to(SOURCE.parent).as_posix() for p in SOURCE.rglob("*") if p.is_file()}
    assert {name for name in ours if "__pycache__" not in name} <= inside
    assert "interfuse/studio/static/index.html" in inside
    assert not {name.split("/")[0] for name in inside} & {"tests", "benchmarks", "docs"}


def test_it_is_installed_where_nothing_else_is(wheel, tmp_path):
    """Without a single dependency: `import interfuse` costs nothing, and so needs nothing."""
    venv.create(tmp_path / "bare", with_pip=False)
    python = tmp_path / "bare" / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps",
         "--no-index", wheel],
        check=True,
    )  # fmt: skip
    code = (
        "import interfuse, importlib.metadata as m;"
        "assert 'site-packages' in interfuse.__file__;"
        "assert m.version('interfuse') and 'fit' in dir(interfuse);"
        "names = {e.name for e in m.entry_points(group='console_scripts')};"
        "assert 'interfuse' in names"
    )
    subprocess.run([python, "-I", "-c", code], check=True, cwd=tmp_path)
