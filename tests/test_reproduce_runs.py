"""A fit is repeated from its own record; what makes it another fit is noticed."""

import json

import numpy as np
import polars as pl
import pytest
import torch
from safetensors.torch import load_file, save_file

import interfuse
from interfuse.errors import RunError
from interfuse.reproduce import reproduce
from interfuse.run import store
from interfuse.train.budget import DECAY_SHARE, Budget
from interfuse.train.replay import Replay
from tiny_images import shades, use_tiny_network


def table(rows=400, seed=0):
    rng = np.random.default_rng(seed)
    port = rng.choice([80, 443, 53], rows)
    x, noise = rng.normal(size=(2, rows))
    # Numbers that follow one another: one that is independent is drawn without the network.
    columns = {"port": port, "tcp": port != 53, "bytes": x, "packets": np.exp(x / 3) + 0.01 * noise}
    return pl.DataFrame(columns)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repeat")
    table().write_csv(folder / "rows.csv")
    interfuse.fit(folder / "rows.csv", examples=6_144, seed=5, folder=folder / "run")
    return folder / "run"


def test_a_budget_in_seconds_is_repeated_bit_for_bit(tmp_path):
    frame = table()
    interfuse.fit(frame, seconds=1.0, seed=2, folder=tmp_path / "run")
    found = reproduce(tmp_path / "run", frame)
    assert found.same_weights
    assert found.same_answers == 1.0
    assert found.examples[0] == found.examples[1]
    assert found.changed == {}


def test_experts_that_the_clock_chose_are_those_of_the_second_fit(tmp_path):
    rng = np.random.default_rng(0)
    user, item = np.divmod(rng.choice(200 * 40, 2_000, replace=False), 40)
    frame = pl.DataFrame({"user_id": user, "item_id": item})
    model = interfuse.fit(frame, kind="interactions", seconds=2.0, seed=2, folder=tmp_path / "run")
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    chosen = [(e["name"], e["setting"], e["weight"]) for e in record["experts"]]
    assert chosen == [(v.name, v.setting, v.weight) for v in model.fitted.panel.voices]
    found = reproduce(tmp_path / "run", frame)
    assert found.same_weights
    assert found.changed == {}


def test_the_file_is_found_by_its_name_and_the_run_is_left_as_it_was(run):
    before = {p.name: store.sha256(p) for p in run.iterdir() if p.is_file()}
    assert reproduce(run).same_weights
    assert {p.name: store.sha256(p) for p in run.iterdir() if p.is_file()} == before


def altered(run, folder, seed=None, numpy=np.__version__, shift=0.0):
    """A copy of a run with another seed or version in its record, or with shifted weights."""
    model = interfuse.load(run)
    model.record["seed"] = model.record["seed"] if seed is None else seed
    model.record["versions"]["numpy"] = numpy
    with torch.no_grad():
        # Half of the units: a shift of all would be taken off again by the norm.
        dict(model.net.named_parameters())["stem.weight"][::2].add_(shift)
    return model.save(folder)


def test_other_weights_are_told_from_the_same(run, tmp_path):
    other = altered(run, tmp_path / "other", shift=0.25)
    found = reproduce(other, run.parent / "rows.csv")
    assert not found.same
    assert found.weight_difference == pytest.approx(0.25, abs=1e-6)
    assert found.same_answers < 1


def test_another_seed_gives_another_fit(run, tmp_path):
    other = altered(run, tmp_path / "other", seed=6, numpy="1.0")
    found = reproduce(other, run.parent / "rows.csv")
    assert not found.same_weights
    # Both draw with the same noise; but a real number comes back equal by chance only.
    assert found.same_answers < 0.5
    assert found.changed == {"numpy": ("1.0", np.__version__)}


def test_other_data_is_refused_before_training(run):
    with pytest.raises(RunError, match="was fitted to other data"):
        reproduce(run, table(seed=1))


def test_data_in_memory_must_be_passed_again(tmp_path):
    interfuse.fit(table(), examples=1_000, folder=tmp_path / "run")
    with pytest.raises(RunError, match="data in memory"):
        reproduce(tmp_path / "run")


def test_images_are_repeated(tmp_path, monkeypatch):
    import interfuse.kinds.images.job
    import interfuse.kinds.images.learn

    monkeypatch.setattr(interfuse.kinds.images.job, "image_network_for", None)
    monkeypatch.setattr(interfuse.kinds.images.learn, "HELD_OUT_DRAWS", None)
    use_tiny_network()
    images, names = shades(120)
    interfuse.fit(images, labels=names, examples=600, seed=1, folder=tmp_path / "run")
    found = reproduce(tmp_path / "run", images, labels=names)
    assert found.same_weights
    assert found.same_answers == 1.0
    with pytest.raises(RunError, match="other data"):
        reproduce(tmp_path / "run", images, labels=names[::-1].copy())


def test_a_replay_turns_where_the_record_says():
    schedule = {"first_evaluation": 300, "decay_from": 1_000, "decay_examples": 500}
    budget = Replay.of_record({"examples": 1_500, "schedule": schedule})
    assert budget.spent(1e9, 299) == 0
    assert 0.1 < budget.spent(0, 300) < 1 - DECAY_SHARE
    assert budget.spent(0, 999) < 1 - DECAY_SHARE
    assert budget.spent(0, 1_000) == 1 - DECAY_SHARE
    assert budget.decay_examples(7.0, 1_000) == 500
    assert budget.spent(0, 1_500) == 1


def test_a_record_without_turns_gives_its_examples():
    assert Replay.of_record({"examples": 77}) == Budget(examples=77)


def test_the_record_holds_names_as_they_were_typed(run):
    data = json.loads((run / "run.json").read_text())["data"]
    assert data["path"] == str(run.parent / "rows.csv")
    assert data["source"] == "rows.csv"


def test_weights_of_a_run_are_those_of_its_file(run, tmp_path):
    """A changed part is refused as anywhere else."""
    import shutil

    shutil.copytree(run, tmp_path / "cut")
    weights = load_file(run / "weights.safetensors")
    save_file({k: v + 1 for k, v in weights.items()}, tmp_path / "cut" / "weights.safetensors")
    with pytest.raises(RunError, match="checksum differs"):
        reproduce(tmp_path / "cut")
