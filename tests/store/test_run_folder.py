"""A run folder is a model, or one clear error; nothing in it is executed."""

import json
import pickle
import textwrap
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import interfuse
from interfuse.errors import InterfuseError, OptionError, RunError
from interfuse.kinds.table.job import FitStopped
from interfuse.kinds.table.schema import Schema
from interfuse.run import store
from interfuse.train.events import Event
from processes import ran


def flows(n=400, seed=0):
    rng = np.random.default_rng(seed)
    port = rng.choice([80, 443, 53], n)
    start = pl.Series(1_714_550_400_000 + 1_000 * rng.integers(0, 86_400, n))
    return pl.DataFrame(
        {
            "port": port.astype(np.uint16),
            "proto": np.where(port == 53, "udp", "tcp"),
            "bytes": rng.lognormal(6, 1, n).round(2),
            "loss": pl.Series(rng.random(n), dtype=pl.Float32).set(
                pl.Series(rng.random(n) < 0.3), None
            ),
            "flow": [f"f-{i:08x}" for i in rng.permutation(2**20)[:n]],
        }
    ).with_columns(start=start.cast(pl.Datetime("ms", "UTC")))


@pytest.fixture(scope="module")
def model():
    return interfuse.fit(flows(), examples=4_000, seed=5)


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    return model.save(tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture
def run(saved, tmp_path):
    """A copy to be spoiled."""
    target = tmp_path / "run"
    target.mkdir()
    for part in saved.iterdir():
        (target / part.name).write_bytes(part.read_bytes())
    return target


def test_a_new_process_draws_the_same_rows(model, saved, tmp_path):
    out = tmp_path / "rows.arrow"
    code = f"""
        import interfuse
        model = interfuse.load({str(saved)!r})
        model.generate(3_000, seed=9, given={{"proto": "tcp"}}).write_ipc({str(out)!r})
    """
    done = ran(textwrap.dedent(code))
    assert done.code == 0, done.err
    expected = model.generate(3_000, seed=9, given={"proto": "tcp"})
    assert_frame_equal(pl.read_ipc(out), expected, check_exact=True)


def test_a_copy_of_the_copy_is_the_same(model, saved, tmp_path):
    copy = interfuse.load(interfuse.load(saved).save(tmp_path / "again"), kind="table")
    assert_frame_equal(copy.generate(50, seed=1), model.generate(50, seed=1), check_exact=True)
    assert copy.schema == model.schema
    # JSON holds the record: lists where there were tuples.
    assert json.dumps(copy.record) == json.dumps(model.record)


def test_the_folder_holds_numbers_and_text_only(saved):
    names = {p.name for p in saved.iterdir()} - {".lock"}
    assert names == {*store.PARTS, store.REFERENCE, "run.json"}
    assert {p.suffix for p in saved.iterdir() if p.name != ".lock"} == {".json", ".safetensors"}
    run = json.loads((saved / "run.json").read_text())
    assert run["status"] == "complete"
    assert run["seed"] == 5
    assert set(run["sha256"]) == set(store.PARTS)
    # The budget, or less if the held-out loss was on a plateau before.
    assert 0 < run["training"]["examples"] <= 4_000 + run["training"]["settings"]["batch"]
    assert Schema.load(saved / "schema.json").names == flows().columns


@pytest.mark.parametrize("part", store.PARTS)
@pytest.mark.parametrize("damage", ["cut", "changed", "missing", "empty"])
def test_a_damaged_part_is_named(run, part, damage):
    content = (run / part).read_bytes()
    if damage == "missing":
        (run / part).unlink()
    else:
        middle = len(content) // 2
        changed = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        new = {"cut": content[:-7], "changed": changed, "empty": b""}[damage]
        (run / part).write_bytes(new)
    with pytest.raises(RunError) as error:
        interfuse.load(run)
    assert part in str(error.value)
    assert ("is missing" if damage == "missing" else "checksum differs") in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 99, "versions": {"interfuse": "9.1"}}, r"format 99 .*9\.1.*[Uu]pgrade"),
        ({"format": "one"}, r"format is 'one'; expected a whole number"),
        ({"status": "fitting"}, r"ended before its first checkpoint\. Start again .* --overwrite"),
        ({"sha256": {}}, r"schema\.json: its content is not what the fit wrote"),
    ],
)
def test_a_run_that_says_something_else_is_refused(run, change, message):
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**record, **change}))
    with pytest.raises(RunError, match=message):
        interfuse.load(run)


def test_a_run_that_is_being_written_is_to_be_waited_for(run):
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**record, "status": "fitting"}))
    (run / store.CHECKPOINT).write_bytes(b"")
    with store.locked(run), pytest.raises(RunError, match=r"a fit \(process \d+\) is writing here"):
        interfuse.load(run)
    with pytest.raises(RunError, match=r"did not finish\. Go on with: .*--resume"):
        interfuse.load(run)


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"\xff\xfe\x00"])
def test_a_run_json_that_is_none_is_refused(run, content):
    (run / "run.json").write_bytes(content)
    with pytest.raises(RunError, match=r"run\.json"):
        interfuse.load(run)


def test_parts_of_two_runs_do_not_mix(run):
    """Checksums made to match by hand: the parts still have to fit together."""
    config = json.loads((run / "config.json").read_text())
    config["network"]["width"] = 96
    (run / "config.json").write_text(json.dumps(config))
    record = json.loads((run / "run.json").read_text())
    record["sha256"]["config.json"] = store.sha256(run / "config.json")
    (run / "run.json").write_text(json.dumps(record))
    with pytest.raises(RunError, match="parts do not fit together"):
        interfuse.load(run)


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("part", ["weights.safetensors", "codec.safetensors", "codec.json"])
def test_a_pickle_in_the_place_of_a_part_is_never_opened(run, part, tmp_path):
    (run / part).write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    record = json.loads((run / "run.json").read_text())
    record["sha256"][part] = store.sha256(run / part)
    (run / "run.json").write_text(json.dumps(record))
    with pytest.raises(RunError):
        interfuse.load(run)
    assert not (tmp_path / "sprung").exists()


def test_a_pickle_beside_the_parts_is_ignored(run, tmp_path):
    for name in ("model.pkl", "weights.pt", "pytorch_model.bin"):
        (run / name).write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    assert interfuse.load(run, kind="table").schema.names == flows().columns
    assert not (tmp_path / "sprung").exists()


def test_places_that_are_no_run_folders(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("x")
    with pytest.raises(RunError, match=r"nowhere: no such run folder"):
        interfuse.load(tmp_path / "nowhere")
    with pytest.raises(RunError, match=r"file: no such run folder"):
        interfuse.load(tmp_path / "file")
    with pytest.raises(RunError, match=r"other: not a run folder \(no run.json in it\)"):
        interfuse.load(tmp_path / "other")


def test_saving_never_writes_over_anything(model, saved, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(RunError, match="is a file; expected a folder"):
        model.save(tmp_path / "file")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("mine")
    with pytest.raises(RunError, match=r"holds other files \(thesis\.tex\)"):
        model.save(tmp_path / "other")
    with pytest.raises(RunError, match="a run is already there"):
        model.save(saved)
    assert (tmp_path / "file").read_text() == "mine"
    assert [p.name for p in (tmp_path / "other").iterdir()] == ["thesis.tex"]
    assert model.save(tmp_path / "new" / "deep" / "run").is_dir()


def test_overwriting_never_touches_other_peoples_files(saved, tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "thesis.tex").write_text("mine")
    with pytest.raises(RunError, match="holds other files"):
        interfuse.fit(flows(), examples=500, folder=folder, overwrite=True)
    assert (folder / "thesis.tex").read_text() == "mine"


def test_two_writers_do_not_meet(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    with store.locked(folder):
        with pytest.raises(RunError, match=r"another fit \(process \d+\) is writing here"):
            interfuse.fit(flows(), examples=500, folder=folder)
        code = f"import interfuse; interfuse.load({str(folder)!r})"
        assert "not a run folder" in ran(code).err
    # The lock went with its holder.
    assert interfuse.fit(flows(), examples=500, folder=folder).schema.names == flows().columns
    assert interfuse.load(folder).record["seed"] == 0


# -- fits in a folder ----------------------------------------------------------------------------


class Stop(Exception):
    """Raised by a listener: as a crash in the middle of a fit."""


def crash_at(count):
    seen = 0

    def listen(event):
        nonlocal seen
        if isinstance(event, Event):
            seen += 1
            if seen == count:
                raise Stop

    return listen


def test_there_is_nothing_to_resume_in_a_folder_without_a_checkpoint(tmp_path):
    with pytest.raises(RunError, match="nothing to resume, there is no checkpoint"):
        interfuse.fit(flows(), folder=tmp_path, resume=True)


def test_a_crashed_fit_is_no_model_and_leaves_no_half_written_file(tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(Stop):
        interfuse.fit(flows(), examples=20_000, folder=folder, listener=crash_at(3))
    with pytest.raises(RunError, match="did not finish"):
        interfuse.load(folder)
    assert not list(folder.glob("*.tmp"))
    assert not list(folder.glob(".*.tmp"))
    assert (folder / store.CHECKPOINT).exists()  # of what was learned until then
    with pytest.raises(RunError, match=r"a run is already there\. Use --resume to go on"):
        interfuse.fit(flows(), examples=500, folder=folder)
    again = interfuse.fit(flows(), examples=500, folder=folder, overwrite=True)
    assert interfuse.load(folder).record["training"] == json.loads(
        json.dumps(again.record["training"])
    )


INTERRUPTED = """
    import os, signal, sys
    sys.path[:0] = [{here!r}, {here!r} + "/.."]
    import interfuse, narrow_tables
    from test_run_folder import Event, flows

    def listen(event):
        if isinstance(event, Event) and event.progress.examples >= 2_000:
            os.kill(os.getpid(), signal.SIGINT)

    try:
        with narrow_tables.width(narrow_tables.NARROW):
            interfuse.fit(flows(), examples=6_000, seed=2, folder={folder!r}, listener=listen)
    except interfuse.kinds.table.job.FitStopped as stopped:
        print(stopped)
"""


def test_an_interrupted_fit_goes_on_bit_equal(tmp_path):
    folder, whole = tmp_path / "run", interfuse.fit(flows(), examples=6_000, seed=2)
    code = INTERRUPTED.format(here=str(Path(__file__).parent), folder=str(folder))
    done = ran(textwrap.dedent(code))
    assert done.code == 0, done.err
    assert "all of it is saved. Go on with: interfuse fit DATA -o" in done.out
    with pytest.raises(RunError, match=r"did not finish\. Go on with: .*--resume"):
        interfuse.load(folder)
    with pytest.raises(RunError, match="started on other data"):
        interfuse.fit(flows(seed=1), folder=folder, resume=True)
    model = interfuse.fit(flows(), folder=folder, resume=True)
    assert model.record["seed"] == 2
    assert_frame_equal(model.generate(100), whole.generate(100), check_exact=True)
    assert not (folder / store.CHECKPOINT).exists()
    events = [json.loads(line) for line in (folder / store.EVENTS).read_text().splitlines()]
    examples = [e["examples"] for e in events]
    assert examples == sorted(examples)
    assert events[-1]["event"] == "stopped"
    with pytest.raises(RunError, match="nothing to resume, the fit there is complete"):
        interfuse.fit(flows(), folder=folder, resume=True)


def test_an_interrupt_without_a_folder_says_that_nothing_is_kept():
    import os
    import signal

    def listen(event):
        if isinstance(event, Event):
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(FitStopped, match="without a folder keeps nothing"):
        interfuse.fit(flows(), examples=50_000, listener=listen)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resume": True}, "resume: needs the folder"),
        ({"resume": True, "folder": "x", "examples": 5}, "resume: goes on with .* own budget"),
        ({"examples": 0}, "budget: examples is 0"),
        ({"kind": "pictures"}, "kind: 'pictures' is unknown"),
        ({"device": "abacus"}, "device: 'abacus' cannot be used"),
        ({"precision": "fp8", "examples": 10}, "precision: 'fp8' is unknown"),
    ],
)
def test_options_that_make_no_sense(options, message):
    with pytest.raises(InterfuseError, match=message):
        interfuse.fit(flows(50), **options)


def test_a_resumed_fit_keeps_its_precision_whatever_this_machine_prefers(tmp_path):
    import signal

    import torch

    from interfuse.train.precision import choose_precision

    preferred = choose_precision("auto", torch.device("cpu"))
    other, said = {"fp32": "bf16", "bf16": "fp32"}[preferred], []

    def stop(event):
        if isinstance(event, Event) and not said:
            said.append(event)
            signal.raise_signal(signal.SIGINT)

    folder = tmp_path / "run"
    with pytest.raises(FitStopped):
        interfuse.fit(flows(), examples=3_000, folder=folder, precision=other, listener=stop)
    with pytest.raises(OptionError, match=rf"began with {other}; '{preferred}' would not go on"):
        interfuse.fit(flows(), folder=folder, resume=True, precision=preferred)
    model = interfuse.fit(flows(), folder=folder, resume=True)
    assert model.record["training"]["settings"]["precision"] == other
    whole = interfuse.fit(flows(), examples=3_000, precision=other)
    assert_frame_equal(model.generate(50), whole.generate(50), check_exact=True)
