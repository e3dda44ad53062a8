"""What every kind of data promises, as checks that come with the package.

Whoever writes a kind tests it with `check_kind`, as estimators are tested with scikit-learn's
`check_estimator`. Nothing here needs pytest.
"""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from interfuse.api import fit, load
from interfuse.errors import InterfuseError
from interfuse.kinds import Kind, all_kinds
from interfuse.run import store
from interfuse.run.fitting import FitStopped, Notice
from interfuse.train.events import Event

__all__ = ["Sample", "check_kind"]

_AGAIN = """
import importlib, sys
for name in sys.argv[3:]:
    importlib.import_module(name)
import interfuse
from interfuse.kinds import named
first, again = (interfuse.load(folder) for folder in sys.argv[1:3])
print(named(first.schema.kind).apart(first, again)[0])
"""


@dataclass(frozen=True)
class Sample:
    """Data to try a kind with.

    Attributes:
        data: what `fit` takes; a path, so that another process can read it.
        options: of `fit`, such as `examples`: fits should take seconds, with a dozen steps or more.
        broken: data that cannot be fitted, each with words that its error must hold.
        known: from a model and a seed to what was known and the same cells of the answer; None for
            a kind that fills nothing.
        prefix: from a model and a number n to the first two answers of a draw of n.
        modules: to import in a new process so that the kind is known there.
    """

    data: Any
    options: dict[str, Any] = field(default_factory=dict)
    broken: Sequence[tuple[Any, str]] = ()
    known: Callable[[Any, int], tuple[Any, Any]] | None = None
    prefix: Callable[[Any, int], Any] | None = None
    modules: Sequence[str] = ()


def check_kind(kind: Kind, sample: Sample, folder: Path) -> None:
    """Check that a kind keeps its promises.

    It is registered; its options and words are told apart; the same seed gives the same weights; a
    run folder opens, here and in a new process, as the model that was fitted; an interrupted fit
    that is resumed is bit-equal to one that was not; answers do not depend on how many are asked
    for; known cells come back as they were; bad data is one clear error that leaves nothing behind.

    Args:
        kind: to be checked.
        sample: data for it.
        folder: an empty folder to work in.

    Raises:
        AssertionError: a promise is broken; the message says which.
    """
    _declared(kind)
    model = fit(sample.data, kind=kind.name, folder=folder / "run", **sample.options)
    _kept(kind, model, folder)
    _same_seed(kind, sample, folder)
    _resumed(kind, sample, folder)
    _another_process(sample, folder)
    _answers(sample, model)
    for i, (data, words) in enumerate(sample.broken):
        _refused(kind, data, words, sample, folder / f"broken-{i}")


def _declared(kind: Kind) -> None:
    assert kind in all_kinds(), f"{kind.name}: is not registered"
    assert all(kind.words[:-1]), f"{kind.name}: a word is missing: {kind.words}"
    for verb in kind.verbs:
        names = [o.name for o in verb.options]
        assert len(set(names)) == len(names), f"{verb.name}: an option is declared twice"
        for other in all_kinds():
            same = other.verb(verb.name)
            for option in same.options if same else ():
                for own in verb.options:
                    if own.name == option.name:
                        assert (own.flag, own.type, own.many) == (
                            option.flag,
                            option.type,
                            option.many,
                        ), f"{verb.name}: {own.flag} is another option of {other.name}"


def _kept(kind: Kind, model: Any, folder: Path) -> None:
    record = json.loads((folder / "run" / "run.json").read_text(encoding="utf-8"))
    assert record["status"] == "complete"
    assert set(record["sha256"]) == set(kind.parts), "run.json has other parts than the kind"
    opened = load(folder / "run")
    assert type(opened) is type(model), "another model came back"
    assert kind.apart(model, opened) == (1.0, 0.0), "the opened model answers otherwise"
    opened.save(folder / "copy")
    assert _weights(folder / "copy", kind) == _weights(folder / "run", kind)
    assert kind.show(folder / "run", opened), "there is nothing to show"


def _same_seed(kind: Kind, sample: Sample, folder: Path) -> None:
    fit(sample.data, kind=kind.name, folder=folder / "again", **sample.options)
    assert _weights(folder / "again", kind) == _weights(folder / "run", kind), "the seed is not all"


def _resumed(kind: Kind, sample: Sample, folder: Path) -> None:
    def stop(said: Notice | Event) -> None:
        if isinstance(said, Event) and said.kind != "stopped" and not stopped:
            stopped.append(said)
            signal.raise_signal(signal.SIGINT)

    stopped: list[Event] = []
    try:
        fit(sample.data, kind=kind.name, folder=folder / "cut", listener=stop, **sample.options)
    except FitStopped:
        assert (folder / "cut" / store.CHECKPOINT).exists()
        fit(sample.data, folder=folder / "cut", resume=True)
    else:
        raise AssertionError("the fit ended before it could be interrupted; give it more examples")
    assert _weights(folder / "cut", kind) == _weights(folder / "run", kind), "resuming shows"


def _another_process(sample: Sample, folder: Path) -> None:
    command = [sys.executable, "-c", _AGAIN, folder / "run", folder / "copy", *sample.modules]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == 1.0


def _answers(sample: Sample, model: Any) -> None:
    if sample.known is not None:
        before, after = sample.known(model, 1)
        assert repr(before) == repr(after), "known cells were changed"
    if sample.prefix is not None:
        few, many = sample.prefix(model, 2), sample.prefix(model, 7)
        assert repr(few) == repr(many), "an answer depends on how many are asked for"


def _refused(kind: Kind, data: Any, words: str, sample: Sample, folder: Path) -> None:
    try:
        fit(data, kind=kind.name, folder=folder, **sample.options)
        said = ""
    except InterfuseError as error:
        said = str(error)
    assert said, f"{data!r}: was fitted; expected an error with {words!r}"
    assert words in said, f"expected {words!r} in the error: {said}"
    assert "\n" not in said, "the error has more than one line"
    assert not (folder / "run.json").exists(), "a refused fit left a run behind"


def _weights(folder: Path, kind: Kind) -> dict[str, str]:
    """Checksums of the arrays of a run folder."""
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in kind.parts
        if name.endswith(".safetensors")
    }
