"""How numbers are drawn is kept with the model; runs of before it was have today's constants."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import interfuse
from interfuse.errors import RunError

RUNS = Path(__file__).parents[1] / "golden" / "runs"
USUAL = {
    "table-format-2": {"solver": "dpm_solver", "steps": 10, "fill": 4},
    "series": {"solver": "dpm_solver", "steps": 12, "fill": 12},
    "images": {"solver": "dpm_solver", "steps": 20, "fill": 20},
}


def written(folder):
    return json.loads((folder / "config.json").read_text())


def edited(folder, **sampling):
    """The folder with another sampling, and the checksum of what it is now."""
    config = written(folder)
    config["sampling"] |= sampling
    (folder / "config.json").write_text(json.dumps(config))
    record = json.loads((folder / "run.json").read_text())
    digest = hashlib.sha256((folder / "config.json").read_bytes()).hexdigest()
    record["sha256"]["config.json"] = digest
    (folder / "run.json").write_text(json.dumps(record))
    return folder


def drawn(model, **options):
    answer = model.generate(4, seed=1, **options)
    return np.asarray(getattr(answer, "array", answer)).tolist()


@pytest.mark.parametrize("kind", USUAL)
def test_a_run_of_before_is_saved_with_the_constants_it_was_drawn_with(kind, tmp_path):
    assert "sampling" not in written(RUNS / kind)
    model = interfuse.load(RUNS / kind)
    folder = model.save(tmp_path / "again")
    assert written(folder)["sampling"] == USUAL[kind]
    fewer = interfuse.load(edited(folder, steps=3))
    assert drawn(fewer) == drawn(model, steps=3) != drawn(model)


def test_another_solver_draws_otherwise_and_an_unknown_one_is_refused(tmp_path):
    model = interfuse.load(RUNS / "images")
    folder = model.save(tmp_path / "again")
    assert drawn(interfuse.load(edited(folder, solver="heun"))) != drawn(model)
    with pytest.raises(RunError, match="'euler' is unknown; use one of ddpm"):
        interfuse.load(edited(folder, solver="euler"))
