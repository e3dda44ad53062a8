"""Virtual environments for rivals: their own packages, and everything else from ours.

What both sides compute with (torch, numpy, scikit-learn) is the same library; a rival's own
packages are installed without what they depend on, and none of them touches the environment of the
benchmark.
"""

from __future__ import annotations

import subprocess
import sysconfig
import venv
from collections.abc import Sequence
from pathlib import Path

from benchmarks.common import alone


def environment(folder: Path, packages: Sequence[str]) -> Path:
    """Make an environment with `packages` in `folder` if it is not there; return its Python.

    Where another process is making one, it is waited for.
    """
    with alone(folder.parent):
        return _made(folder, packages)


def _made(folder: Path, packages: Sequence[str]) -> Path:
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        venv.create(folder, with_pip=True, clear=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*map(str, install), "--no-deps", *packages], check=True)
        where = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
        own = Path(subprocess.run(where, check=True, capture_output=True, text=True).stdout.strip())
        (own / "shared.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
        (folder / "complete").touch()
    return python
