"""Run folders that are changed together with their checksums: one clear error, or a working model.

Every JSON part and every tensor of the golden runs is changed at random: values of other types, out
of range, missing, repeated, nested; tensors of other shapes, types, names, not finite. Loading such
a folder gives interfuse's own error, or a model that answers (perhaps with interfuse's own error).

    INTERFUSE_FUZZ=2000 python -m pytest tests/fuzz/test_tampered.py    so many instead of the few
"""

from __future__ import annotations

import contextlib
import copy
import json
import os
import random
import sys
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from safetensors.numpy import load_file, save_file

import interfuse
from interfuse.errors import InterfuseError

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "store"))
from tampered import GOLDEN, RUNS, copied, mend  # noqa: E402

SEEDS = int(os.environ.get("INTERFUSE_FUZZ", "60"))
GROUPS = 20
JSON = ("run.json", "schema.json", "config.json", "codec.json")
TENSORS = ("weights.safetensors", "codec.safetensors", "reference.safetensors")


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


ODD = [
    None, True, False, 0, 1, -1, 2, 7, 255, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**30, 0.5,
    -0.0, 1e-320, 1e308, -1e308, "", "x", "table", "NaN", "\0", "é\n\x1b[31m", "x" * 5_000,
    [], [[]], {}, {"a": 1}, [0], ["x"], [None], [1, 2, 3], {"name": "cosine"}, {"name": ["cosine"]},
]  # fmt: skip


def places(value):
    """The path of every part of a JSON value, outer ones first."""
    left = [((), value)]
    for path, part in left:
        yield path
        names = part if isinstance(part, dict) else range(len(part) if type(part) is list else 0)
        left += [((*path, name), part[name]) for name in names]


def odd(rng, old):
    """Another value in the place of one."""
    kind = rng.randrange(8)
    if kind < 4:
        return copy.deepcopy(rng.choice(ODD))
    if kind == 4 and type(old) in (int, float):
        return rng.choice([-old, old + 1, old - 1, old * 10, old * 10**9, old / 3, int(old), -1])
    if kind == 5 and isinstance(old, list) and old:
        return rng.choice([old[:-1], old + old[:1], old * 2, old[::-1], old[:1], [old]])
    if kind == 6:
        return nested(rng.choice([3, 60, 400]))
    if isinstance(old, str):
        return rng.choice([old[:-1], old + "x", old.upper(), old[::-1], [old], {"name": old}])
    if isinstance(old, dict) and old:
        names = list(old)
        rng.shuffle(names)
        return {name: old[name] for name in names[: rng.randrange(len(names) + 1)]}
    return copy.deepcopy(rng.choice(ODD))


def change_json(rng, path):
    value = json.loads(path.read_text())
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        # By depth first: lists of numbers would be all that is changed.
        found = list(places(value))
        depth = rng.choice(sorted({len(p) for p in found}))
        *outer, last = rng.choice([p for p in found if len(p) == depth]) or (None,)
        if last is None:
            if rng.random() < 0.1:
                return odd(rng, value)
            continue
        inside = value
        for name in outer:
            inside = inside[name]
        what = rng.randrange(10)
        if what == 0:
            del inside[last]
        elif what == 1 and isinstance(inside, dict):
            inside[f"{last}x"] = inside.pop(last)
        elif what == 2 and isinstance(inside, dict) and len(inside) > 1:
            other = rng.choice(list(inside))
            inside[last], inside[other] = inside[other], inside[last]
        else:
            inside[last] = odd(rng, inside[last])
    return value


def change_tensors(rng, path):
    arrays = dict(load_file(path))
    for _ in range(rng.choice([1, 1, 2])):
        if not arrays:
            break
        name = rng.choice(list(arrays))
        a = np.array(arrays[name])
        flat = a.reshape(-1)
        what = rng.randrange(12)
        if what == 0:
            del arrays[name]
        elif what == 1:
            arrays[f"{name}x"] = arrays.pop(name)
        elif what == 2:
            arrays[name] = np.zeros((0,), a.dtype)
        elif what == 3:
            arrays[name] = a[:-1] if a.ndim and len(a) else np.zeros((3, 3), a.dtype)
        elif what == 4:
            arrays[name] = a.T.copy() if a.ndim > 1 else a[None]
        elif what == 5:
            types = [np.float64, np.float32, np.float16, np.int64, np.uint8, np.bool_]
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                arrays[name] = a.astype(rng.choice(types))
        elif what == 6:
            arrays[name] = a[::-1].copy() if a.ndim else a
        elif flat.size:
            values = [np.nan, np.inf, -np.inf, 3e38, -1.0, 0.0, 1e-40, 255, -(2**31), 2**31 - 1]
            value = rng.choice(values)
            many = rng.choice([1, 1, flat.size])
            at = [rng.randrange(flat.size) for _ in range(min(many, 50))]
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                flat[at] = np.array(value).astype(a.dtype)
            arrays[name] = flat.reshape(a.shape)
    return {name: np.ascontiguousarray(a) for name, a in arrays.items()}


def tamper(rng, folder):
    """Change a part or two; what was changed, for the message."""
    told = []
    for _ in range(rng.choice([1, 1, 2])):
        there = [n for n in (*JSON, *TENSORS) if (folder / n).exists()]
        part = rng.choice(there)
        told.append(part)
        if part.endswith(".json"):
            (folder / part).write_text(json.dumps(change_json(rng, folder / part)))
        else:
            save_file(change_tensors(rng, folder / part), folder / part)
    reference = folder / "reference.safetensors"
    if "config.json" not in told and reference.exists() and isinstance_config(folder):
        from hashlib import sha256

        config = json.loads((folder / "config.json").read_text())
        config["reference"] = sha256(reference.read_bytes()).hexdigest()
        (folder / "config.json").write_text(json.dumps(config))
    if "run.json" in told:  # its list of checksums may be none any more
        with contextlib.suppress(TypeError, KeyError, AttributeError):
            mend(folder)
    else:
        mend(folder)
    return told


def isinstance_config(folder):
    return isinstance(json.loads((folder / "config.json").read_text()), dict)


FLOWS = pl.read_csv(HERE.parent / "golden" / "data" / "flows.csv", try_parse_dates=True).head(4)
HOSTS = pl.read_csv(HERE.parent / "golden" / "data" / "hosts.csv", try_parse_dates=True)


def answers(model):
    """Questions to a model of any kind; each may be refused in interfuse's own words."""
    kind = model.schema.kind
    if kind == "table":
        holes = FLOWS.with_columns(pl.when(pl.int_range(pl.len()) > 1).then("label").alias("label"))
        yield lambda: model.generate(3, seed=1, steps=2).shape
        yield lambda: model.impute(holes, draws=2, steps=2).median()
        yield lambda: model.detect(FLOWS).score
    elif kind == "series":
        yield lambda: model.forecast(HOSTS, 3, draws=2)
        yield lambda: model.generate(1, length=8, seed=1)
        yield lambda: model.detect(HOSTS.head(60))
    else:
        yield lambda: model.generate(2, seed=1, steps=2)
        yield lambda: model.detect(np.zeros((2, *model.schema.size), np.uint8))


def _one_line(error, said):
    text = str(error)
    if "\n" in text or len(text) > 20_000:
        raise AssertionError(f"is not one clear line: {text[:2_000]!r}")
    return said


def outcome(seed, folder):
    """ "refused", "works" or "answers refused"; anything else raises."""
    rng = random.Random(seed)
    name = RUNS[seed % len(RUNS)]
    copied(name, folder)
    told = tamper(rng, folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model = interfuse.load(folder)
        except InterfuseError as error:
            return _one_line(error, "refused")
        except BaseException as error:
            error.add_note(f"seed {seed}: {name}, {told}")
            raise
        said = "works"
        for ask in answers(model):
            try:
                ask()
            except InterfuseError as error:
                said = _one_line(error, "answers refused")
            except BaseException as error:
                error.add_note(f"seed {seed}: {name}, {told}")
                raise
    return said


@pytest.mark.parametrize("group", range(GROUPS))
def test_a_tampered_folder_is_one_clear_error_or_a_model_that_works(group, tmp_path):
    seeds = range(group, SEEDS, GROUPS)
    found = Counter(outcome(seed, tmp_path / str(seed)) for seed in seeds)
    assert sum(found.values()) == len(seeds)


def test_the_runs_themselves_work():
    """So that a refusal says something."""
    for name in RUNS:
        model = interfuse.load(GOLDEN / name)
        for ask in answers(model):
            assert ask() is not None
