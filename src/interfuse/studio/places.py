"""Where things lie in the folder that is served; no name from a client becomes a path.

NAME/                   run folders, those of the command line as well
.interfuse/uploads/ID/  one upload: its files in `data`, and `upload.json`
.interfuse/fits/ID.*    a fit that was started here: how (`.json`), and what it said (`.jsonl`)
.interfuse/answers/ID/  a question, and its answer
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from interfuse.studio.problems import Problem

HIDDEN = ".interfuse"
RECORD = "run.json"
QUESTION, ANSWER = "question.json", "answer.json"
"""Of an answer: what was asked, and what was said while it was computed."""
_ID = re.compile("[0-9a-f]{16}")
_DEPTH = 2


class Places:
    """The folder that is served.

    Args:
        folder: it; made if missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        inside = self.folder / HIDDEN
        self.uploads, self.fits, self.answers = (
            inside / name for name in ("uploads", "fits", "answers")
        )
        for place in (self.uploads, self.fits, self.answers):
            place.mkdir(parents=True, exist_ok=True)
        ignore = inside / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")

    def runs(self) -> dict[str, Path]:
        """All run folders by id: down to two levels, begun, finished or interrupted."""
        found = sorted(self._runs(self.folder, _DEPTH), key=str)
        return {self.id_of(path): path for path in found}

    def _runs(self, folder: Path, depth: int) -> Iterator[Path]:
        try:
            inside = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
        except OSError:
            return
        for path in inside:
            if path.is_symlink() or not path.is_dir():
                continue
            if (path / RECORD).is_file():
                yield path
            elif depth > 1:
                yield from self._runs(path, depth - 1)

    def id_of(self, run: Path) -> str:
        """The id of a run folder: the same whenever the server is started."""
        inside = run.relative_to(self.folder).as_posix()
        return hashlib.sha256(inside.encode()).hexdigest()[:16]

    def run(self, id: str) -> Path:
        """A run folder.

        Raises:
            Problem: there is none of this id.
        """
        path = self.runs().get(id)
        if path is None:
            raise Problem(404, f"run {short(id)}: there is none of this id; GET /v1/runs has all.")
        return path

    def new_run(self, name: str) -> Path:
        """A run folder that is not there yet, called like `name`."""
        stem = plain_name(name).split(".")[0][:60] or "run"
        path, number = self.folder / stem, 2
        while path.exists() or (self.fits / f"{self.id_of(path)}.json").exists():
            path, number = self.folder / f"{stem}-{number}", number + 1
        return path

    def upload(self, id: str) -> Path:
        """The folder of an upload.

        Raises:
            Problem: there is none.
        """
        return _there(self.uploads, id, "upload")

    def answer(self, id: str) -> Path:
        """The folder of an answer.

        Raises:
            Problem: there is none.
        """
        return _there(self.answers, id, "answer")

    def answer_file(self, id: str) -> Path:
        """The file of an answer that is there.

        Raises:
            Problem: it is not.
        """
        folder = self.answer(id)
        path = folder / str((read_json(folder / QUESTION) or {}).get("file", "-"))
        if not (folder / ANSWER).exists() or not path.is_file():
            raise Problem(409, f"answer {id}: is not there (yet).")
        return path

    def table(self, id: str) -> Path:
        """The file of an answer, or the data of an upload, of this id."""
        known = _ID.fullmatch(id) and (self.answers / id).is_dir()
        return self.answer_file(id) if known else self.data_of(id)

    def data_of(self, id: str) -> Path:
        """The file of an upload, or the folder of its files, if there are several."""
        data = self.upload(id) / "data"
        inside = sorted(p for p in data.iterdir() if not p.name.startswith("."))
        if not inside:
            raise Problem(409, f"upload {id}: it has no file yet. Send one.")
        return inside[0] if len(inside) == 1 else data

    def kept_bytes(self) -> int:
        """Bytes of all uploads and answers."""
        both = (p for place in (self.uploads, self.answers) for p in place.rglob("*"))
        return sum(p.stat().st_size for p in both if p.is_file())


def _there(place: Path, id: str, what: str) -> Path:
    if not _ID.fullmatch(id) or not (place / id).is_dir():
        raise Problem(404, f"{what} {short(id)}: there is none of this id.")
    return place / id


def short(text: str) -> str:
    """A name from a client, for a message."""
    return repr(text[:40])


def new_id() -> str:
    """An id that nobody guesses."""
    return secrets.token_hex(8)


def plain_name(name: str) -> str:
    """A file name of a client as one of ours: no separator, no control, no leading dot."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    kept = re.sub(r"[^\w.\-+ ]+", "_", last).strip(" .")
    start, dot, end = kept.rpartition(".")
    encoded = (start or end).encode()[:120].decode(errors="ignore")
    return (f"{encoded}{dot}{end[:20]}" if start else encoded) or "data"


def read_json(path: Path) -> dict[str, Any] | None:
    """What a file of ours holds; None if there is none, or it was cut."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def remove(path: Path) -> None:
    """Remove a folder of ours."""
    shutil.rmtree(path, ignore_errors=True)
