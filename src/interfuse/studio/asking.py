"""A question: what it is, what computes it, what is kept of it.

An answer is a folder with the question (`question.json`), the file that the command line wrote, and
what it said (`answer.json`). It is computed by a process that runs the command itself, so that its
bytes are those of the command; a question that a server did not live to answer is asked again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

from fastapi import Request

from interfuse.io.files import write_json
from interfuse.kinds import Kind, Option, of_record
from interfuse.kinds.option import LANGUAGE
from interfuse.studio.places import ANSWER, QUESTION, Places, read_json, remove
from interfuse.studio.problems import Problem
from interfuse.studio.state import Studio
from interfuse.studio.words import arguments, call, command_line, keywords, shown_name

JUDGE = "evaluate"
ROWS = "rows"
OF_JUDGE = (
    Option("synthetic", "What is judged: an upload.", reads_file=True, needed=True),
    Option("holdout", "Real rows that were not fitted.", reads_file=True),
    Option("target", "What the utility figures predict."),
    Option("seed", "Of every random draw.", int, 0),
    LANGUAGE,
)
"""Of `interfuse evaluate`."""


def kind_of_run(run: Path) -> Kind:
    """The kind that a complete run is a model of.

    Raises:
        Problem: it is not complete.
    """
    record = read_json(run / "run.json") or {}
    if record.get("status") != "complete":
        raise Problem(409, f"{run.name}: its fit is not complete; wait for it, or resume it.")
    return of_record(record, run.name)


def usual_ending(run: Path, question: str) -> str:
    """The ending of an answer where nobody says which."""
    kind = kind_of_run(run)
    if question == JUDGE and kind.judged:
        return "html"
    verb = kind.verb(question)
    return verb.ending if verb else "csv"


def question_of(
    has: Studio, run: Path, name: str, said: dict[str, Any], data: str | None, ending: str
) -> dict[str, Any]:
    """A question as it is kept.

    Args:
        has: the server.
        run: whose model is asked.
        name: of the question.
        said: options by keyword.
        data: the upload that it is about, or none.
        ending: of the file of the answer, without the dot.

    Raises:
        Problem: it cannot be asked.
    """
    places: Places = has.places
    kind = kind_of_run(run)
    verb = kind.verb(name)
    if name == JUDGE and kind.judged:
        return _judging(has, run, said, data)
    if verb is None:
        known = ", ".join(v.name for v in kind.questions)
        raise Problem(404, f"{name[:40]!r}: such models are not asked this; they know {known}.")
    if (data is not None and verb.source is None) or (
        data is None and verb.source is not None and not verb.optional
    ):
        takes = "takes no data" if verb.source is None else "is about data; give an upload"
        raise Problem(422, f"data: {name} {takes}.")
    rows = said.get(ROWS)
    if isinstance(rows, int | float) and rows > has.settings.rows:
        raise Problem(
            422, f"options.rows: is {rows:,}; this server draws up to {has.settings.rows:,} at "
                 "once. Ask for less, or use the command line."
        )  # fmt: skip
    words = arguments(verb.options, said, places.data_of)
    file = f"{run.name}-{name}.{ending}"
    source = [] if data is None else [places.data_of(data)]
    shown_run = shown_name(run, places.folder)
    shown = [name, shown_run, *(p.name for p in source), *_shown(words, places), "-o", file]
    spoken = {k: v for k, v in said.items() if k in {o.name for o in verb.options}}
    files = {o.name for o in verb.options if o.reads_file}
    named = {
        k: places.data_of(v).name if k in files else v
        for k, v in keywords(verb.options, spoken).items()
    }
    python = call("interfuse.ask", shown_run, name, *(p.name for p in source), to=file, **named)
    return {
        "run": places.id_of(run),
        "run_name": run.name,
        "question": name,
        "options": said,
        "data": data,
        "file": file,
        "arguments": [name, str(run), *map(str, source), *words],
        "fingerprint": _fingerprint(run),
        "command": command_line(shown),
        "python": f"import interfuse\n\n{python}",
    }


def _shown(words: list[str], places: Places) -> list[str]:
    """Arguments with the names of uploads instead of where they lie."""
    out = []
    for word in words:
        flag, equals, value = word.partition("=")
        lies = equals and value.startswith(f"{places.uploads}/")
        out.append(f"{flag}={Path(value).name}" if lies else word)
    return out


def _judging(has: Studio, run: Path, said: dict[str, Any], data: str | None) -> dict[str, Any]:
    if data is None:
        raise Problem(422, "data: the report compares with the real table; give its upload.")
    if not said.get("synthetic"):
        raise Problem(422, "options.synthetic: is missing; expected the id of an answer or upload.")
    real, synthetic = has.places.data_of(data), has.places.table(str(said["synthetic"]))
    rest = {k: v for k, v in said.items() if k != "synthetic"}
    words = arguments(OF_JUDGE[1:], rest, has.places.data_of)
    name, page = shown_name(run, has.places.folder), f"{run.name}-report.html"
    shown = [JUDGE, real.name, synthetic.name, "--run", name, *_shown(words, has.places)]
    frames = f"pl.read_csv({real.name!r}), pl.read_csv({synthetic.name!r})"
    spoken = f", language={said['language']!r}" if said.get("language") else ""
    return {
        "run": has.places.id_of(run), "run_name": run.name, "question": JUDGE, "options": said,
        "data": data, "file": page, "fingerprint": _fingerprint(run),
        "arguments": [JUDGE, str(real), str(synthetic), "--run", str(run), *words],
        "command": command_line([*shown, "-o", page]),
        "python": f"import interfuse\nimport polars as pl\n\nmodel = interfuse.load({name!r})\n"
                  f"report = interfuse.evaluate({frames}, schema=model.schema{spoken})\n"
                  f"report.save({page!r})",
    }  # fmt: skip


def _fingerprint(run: Path) -> str:
    """What tells a model from one that took its place in the same folder."""
    return hashlib.sha256((run / "run.json").read_bytes()).hexdigest()[:16]


def begin(has: Studio, question: dict[str, Any], key: str | None) -> str:
    """Begin to answer a question, and return the id of the answer.

    Args:
        has: the server.
        question: see `question_of`.
        key: of a client that may send the same request again. Without one the question itself is
            the key: a model answers it with the same bytes whenever it is asked.

    Raises:
        Problem: the key was used for another question.
    """
    key = json.dumps(question, sort_keys=True) if key is None else f"{question['run']} {key}"
    id = hashlib.sha256(key.encode()).hexdigest()[:16]
    folder = has.places.answers / id
    before = read_json(folder / QUESTION)
    if before is not None:
        if before != question:
            raise Problem(422, "Idempotency-Key: was used for another question. Choose a new one.")
        if (read_json(folder / ANSWER) or {}).get("error"):  # it may have been memory or a disk
            (folder / ANSWER).unlink()
    else:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / QUESTION, question)
    work(has, id)
    return id


def work(has: Studio, id: str) -> asyncio.Task[None] | None:
    """What computes an answer now, begun if nothing does; None if it is there."""
    folder = has.places.answers / id
    if (folder / ANSWER).exists():
        return None
    task = has.asking.get(id)
    if task is None or task.done():
        task = has.asking[id] = asyncio.create_task(_answer(has, folder))
        task.add_done_callback(lambda _: has.asking.pop(id, None))
    return task


async def _answer(has: Studio, folder: Path) -> None:
    question = read_json(folder / QUESTION)
    if question is None:
        return
    target = folder / question["file"]
    said: dict[str, Any] = {"warnings": [], "messages": [], "tables": [], "error": None}

    def listen(event: dict[str, Any]) -> None:
        match event["event"]:
            case "warning":
                said["warnings"].append(_plain(event["text"], question, has, folder))
            case "error":
                said["error"] = _plain(event["text"], question, has, folder)
            case "message":
                said["messages"].append(_plain(event["text"], question, has, folder))
            case "listing":
                said["tables"].append({k: event[k] for k in ("title", "columns", "rows")})
            case "progress":
                write_json(folder / "progress.json", event)
            case "end":
                said["seconds"] = event["seconds"]

    words = [*question["arguments"], "-o", str(target)]
    try:
        said["exit_code"] = await has.workers.run(words, listen)
    except Problem as problem:
        said["exit_code"], said["error"] = 2, problem.detail
        said["status"] = problem.status
    if not said["exit_code"] and target.is_file():
        said["bytes"] = target.stat().st_size
    write_json(folder / ANSWER, said)


def _plain(text: str, question: dict[str, Any], has: Studio, folder: Path) -> str:
    """What was said, without where things lie on this machine."""
    for word in question["arguments"][1:]:
        path = word.partition("=")[2] if word.startswith("--") else word
        if path.startswith(str(has.places.uploads)):
            text = text.replace(path, Path(path).name)
    return text.replace(f"{folder}/", "").replace(f"{has.places.folder}/", "")


def state(has: Studio, id: str) -> dict[str, Any]:
    """What is known of an answer; work on it goes on if a server ended meanwhile."""
    folder = has.places.answer(id)
    question = read_json(folder / QUESTION)
    if question is None:
        raise Problem(404, f"answer {id}: it was never asked.")
    found = read_json(folder / ANSWER)
    kept = ("run", "run_name", "question", "options", "data", "file", "command", "python")
    out = {"id": id, **{name: question[name] for name in kept}}
    if found is None:
        work(has, id)
        progress = read_json(folder / "progress.json")
        return {**out, "status": "running", "progress": progress}
    return {**out, "status": "failed" if found["error"] else "complete", **found}


async def gone(request: Request, task: asyncio.Task[None], seconds: float) -> bool:
    """Wait for an answer; whether the time ran out, or who asked has left."""
    end = asyncio.get_running_loop().time() + seconds
    while not task.done():
        left = end - asyncio.get_running_loop().time()
        if left <= 0 or await request.is_disconnected():
            return True
        await asyncio.wait([task], timeout=min(1.0, left))
    return False


def forget(has: Studio, id: str) -> None:
    """Remove an answer, whether it is there or on its way."""
    folder = has.places.answer(id)
    task = has.asking.pop(id, None)
    if task is not None:
        task.cancel()
    remove(folder)


__all__ = ["JUDGE", "begin", "forget", "gone", "json", "question_of", "state", "work"]
