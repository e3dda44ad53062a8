"""`run.json` has no checksum: an entry that was edited or lost is one clear error."""

import json
import shutil
from typing import NamedTuple, get_args

import polars as pl
import pytest

import interfuse
from interfuse.errors import RunError
from interfuse.io.records import is_object, slots
from interfuse.reproduce import reproduce
from interfuse.run import store
from interfuse.run.record import Done


class Entry(NamedTuple):
    path: str
    needed: bool


def entries(kind, outer=""):
    """All entries of `run.json` that are declared, outer ones first."""
    for slot in slots(kind):
        yield Entry(outer + slot.name, slot.needed)
        for part in (slot.type, *get_args(slot.type)):
            if is_object(part):
                yield from entries(part, f"{outer}{slot.name}.")


WHOLE = list(entries(Done))
ROWS = pl.DataFrame({"port": [80, 443, 53] * 50, "x": range(150)})


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    interfuse.fit(ROWS, examples=1_000, seed=5, folder=folder)
    return folder


@pytest.fixture
def edited(saved, tmp_path):
    """A function that copies the run with another value at a path; ... takes the entry out."""

    def edit(path, value):
        folder = tmp_path / "run"
        shutil.copytree(saved, folder)
        record = json.loads((folder / "run.json").read_text())
        *outer, name = path.split(".")
        inside = record
        for part in outer:
            inside = inside[part]
        if value is ...:
            inside.pop(name, None)
        else:
            inside[name] = value
        (folder / "run.json").write_text(json.dumps(record))
        return folder

    return edit


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("seed", "5", "is '5'; expected a whole number from 0"),
        ("seed", True, "is True; expected a whole number from 0"),
        ("seed", ..., "is missing; expected a whole number from 0"),
        ("data", [1], r"is \[1\]; expected an object"),
        ("data.sha256", None, "is None; expected text"),
        ("budget.seconds", "2 min", "is '2 min'; expected a number, or null"),
        ("machine.threads", 0, "is 0; expected a whole number from 1"),
        ("training", ..., "is missing; expected an object"),
        ("training.examples", 1e6, "is 1000000.0; expected a whole number from 0"),
        ("training.curve", [[1, 2, 3]], "expected a list of"),
        ("training.schedule", 3, "is 3; expected an object, or null"),
        ("training.schedule.decay_from", -1, "is -1; expected a whole number from 0, or null"),
        ("training.schedule.decay_examples", ..., "is missing"),
        ("training.calibration", [1, 2], "expected an object, or null"),
        ("training.calibration.pair_rounds", -1, "expected a whole number from 0"),
        ("training.calibration", {"other": 1}, "pair_rounds is missing"),
    ],
)
@pytest.mark.parametrize("use", [interfuse.load, lambda run: reproduce(run, ROWS)])
def test_an_edited_entry_is_one_clear_error(edited, use, path, value, words):
    with pytest.raises(RunError, match=rf"run\.json: {path}.*{words}.*Restore the file"):
        use(edited(path, value))


@pytest.mark.parametrize("entry", WHOLE, ids=lambda entry: entry.path)
def test_every_entry_that_is_read_again_is_looked_at(edited, entry):
    """No entry may be a list of lists, and those that are needed may not be gone."""
    with pytest.raises(RunError, match=f"{entry.path} is "):
        interfuse.load(edited(entry.path, [[]]))


@pytest.mark.parametrize("entry", [e for e in WHOLE if not e.needed], ids=lambda entry: entry.path)
def test_runs_that_lack_what_was_added_later_are_read(edited, entry):
    assert interfuse.load(edited(entry.path, ...), kind="table").generate(3, seed=0).height == 3


def test_a_run_without_turns_is_fitted_again_with_its_examples(edited):
    folder = edited("training.schedule", ...)
    then, now = reproduce(folder, ROWS).examples
    assert then == now >= 1_000


@pytest.mark.parametrize("name", ["seed", "budget", "data"])
def test_what_a_fit_that_goes_on_must_find_again(saved, tmp_path, name):
    record = json.loads((saved / "run.json").read_text())
    del record[name]
    (tmp_path / "run.json").write_text(json.dumps(record | {"status": "fitting"}))
    with pytest.raises(RunError, match=f"{name} is missing"):
        store.unfinished(tmp_path)
