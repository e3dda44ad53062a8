"""Copies of the golden runs that are changed, with checksums that agree with the change."""

import hashlib
import json
import shutil
from pathlib import Path

GOLDEN = Path(__file__).parent.parent / "golden" / "runs"
RUNS = sorted(p.name for p in GOLDEN.iterdir())


def copied(name, target):
    return Path(shutil.copytree(GOLDEN / name, target, copy_function=shutil.copy))


def mend(folder):
    """Write the checksums anew."""
    path = folder / "run.json"
    record = json.loads(path.read_text())
    for part in record["sha256"]:
        if (folder / part).exists():
            record["sha256"][part] = hashlib.sha256((folder / part).read_bytes()).hexdigest()
    path.write_text(json.dumps(record))


def edit(folder, part, change):
    """Change a JSON part: `change` is given its value and may give another one back."""
    value = json.loads((folder / part).read_text())
    new = change(value)
    (folder / part).write_text(json.dumps(value if new is None else new))
    if part != "run.json":
        mend(folder)
