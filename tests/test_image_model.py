"""A model of images against truths: shades whose distribution is known, and the article's chain."""

from __future__ import annotations

import json
import signal
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import interfuse
from interfuse.core.chain import Chain
from interfuse.errors import ConditionError, DataError, OptionError, RunError
from interfuse.kinds.images.ask.chain import (
    MOST_NATS,
    forward_chain,
    forward_frames,
    nats_from_noise,
)
from interfuse.run import store
from interfuse.run.fitting import FitStopped
from processes import ran
from tiny_images import DARK, LIGHT, SIZE, shades, use_tiny_network

EXAMPLES = 20_000


@pytest.fixture(scope="module", autouse=True)
def tiny():
    import interfuse.kinds.images.job as job
    import interfuse.kinds.images.learn as training

    before = job.image_network_for, training.HELD_OUT_DRAWS
    use_tiny_network()
    yield
    job.image_network_for, training.HELD_OUT_DRAWS = before


@pytest.fixture(scope="module")
def model():
    images, labels = shades(600)
    return interfuse.fit(images, labels=labels, examples=EXAMPLES, seed=3)


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    return model.save(tmp_path_factory.mktemp("runs") / "run")


def quick(**options):
    """A fit of few images and steps."""
    images, labels = shades(60)
    asked: dict[str, Any] = {"examples": 600, "seed": 1, **options}
    return interfuse.fit(images, labels=labels, **asked)


def levels(images):
    return images.reshape(len(images), -1).mean(1)


# -- generate -----------------------------------------------------------------------------------


def test_images_given_a_class_look_like_it(model):
    for name, level in (("dark", DARK), ("light", LIGHT)):
        drawn = model.generate(64, given={"class": name}, seed=1)
        assert drawn.shape == (64, SIZE, SIZE)
        assert drawn.dtype == np.uint8
        # The two shades are 130 apart; a fit of seconds is right to a tenth of that.
        assert abs(levels(drawn).mean() - level) < 13


def test_without_a_condition_classes_come_as_often_as_they_were(model):
    n = 1000
    labels = model.labels(n, seed=4)
    share = labels.count("light") / n
    counts = model.schema.counts
    # Within three standard errors of a share of n draws.
    expected = counts[1] / sum(counts)
    assert abs(share - expected) < 3 * (expected * (1 - expected) / n) ** 0.5
    drawn = model.generate(64, seed=4)
    bright = levels(drawn) > (DARK + LIGHT) / 2
    told = np.array([name == "light" for name in model.labels(64, seed=4)])
    assert (bright == told).mean() > 0.95


def test_an_image_depends_on_the_seed_and_its_number_alone(model):
    few, many = model.generate(5, seed=7), model.generate(70, seed=7)
    np.testing.assert_array_equal(few, many[:5])
    assert not np.array_equal(few, model.generate(5, seed=8))
    assert not np.array_equal(many[:5], many[64:69])
    assert model.generate(0).shape == (0, SIZE, SIZE)
    np.testing.assert_array_equal(np.concatenate([*model.generate_batches(70, seed=7)]), many)


def test_guidance_zero_takes_no_notice_of_the_class(model):
    pair = [model.generate(64, given={"class": c}, guidance=0.0, seed=2) for c in ("dark", "light")]
    np.testing.assert_array_equal(*pair)
    far = [levels(model.generate(64, given={"class": "light"}, guidance=g, seed=2)).mean()
           for g in (0.0, 1.0)]  # fmt: skip
    assert far[1] > far[0] + 30


def test_the_moving_picture_ends_in_what_is_generated(model):
    frames = model.denoising(6, given={"class": "dark"}, seed=5, steps=8)
    assert len(frames) == 9
    drawn = model.generate(6, given={"class": "dark"}, seed=5, steps=8)
    np.testing.assert_array_equal(frames[-1][:, 0], drawn)
    # It begins in noise, of which a good third lies outside of [-1, 1] and is cut to 0 and 255.
    outside = np.isin(frames[0], (0, 255)).mean()
    assert outside == pytest.approx(0.317, abs=0.08)  # 384 numbers: 3 standard errors


# -- impute -------------------------------------------------------------------------------------


def test_known_pixels_come_back_and_holes_follow_them(model):
    images, labels = shades(40, seed=9)
    known = np.ones((SIZE, SIZE), bool)
    known[:, 4:] = False
    holed = np.where(known, images, 0)
    filled = model.impute(holed, known, seed=1)
    np.testing.assert_array_equal(filled[:, known], images[:, known])
    # The known half says which shade it is, and nobody told the class.
    level = filled[:, ~known].mean(1)
    assert ((level > (DARK + LIGHT) / 2) == (labels == "light")).mean() > 0.9
    assert abs(level[labels == "dark"].mean() - DARK) < 20


def test_holes_may_be_an_alpha_of_zero(model):
    images, _ = shades(3, seed=9)
    alpha = np.full((3, SIZE, SIZE), 255, np.uint8)
    alpha[:, :4] = 0
    four = np.stack([images, images, images, alpha], -1)
    filled = model.impute(four, seed=1)
    np.testing.assert_array_equal(filled, model.impute(images, alpha > 0, seed=1))
    np.testing.assert_array_equal(filled[:, 4:], images[:, 4:])


def test_an_imputed_image_depends_on_its_number_alone(model):
    images, _ = shades(70, seed=9)
    known = np.zeros((SIZE, SIZE), bool)
    known[:2] = True
    many = model.impute(images, known, seed=3)
    np.testing.assert_array_equal(model.impute(images[:5], known, seed=3), many[:5])


# -- detect -------------------------------------------------------------------------------------


def test_odd_images_score_higher_than_those_held_out(model):
    same, _ = shades(60, seed=11)
    noise = np.random.default_rng(1).integers(0, 256, same.shape, dtype=np.uint8)
    usual, odd = model.detect(same), model.detect(noise)
    assert odd.score.min() > usual.score.max()
    # Nothing is as odd: (1 + 0) / (1 + m).
    assert odd.p_value.max() <= 1 / (1 + len(model.scores))
    # p-values of more of the same are uniform: mean .5 within 3.5 standard errors of both samples.
    error = (1 / 12 / 60 + 1 / 12 / len(model.scores)) ** 0.5
    assert abs(usual.p_value.mean() - 0.5) < 3.5 * error


def test_a_score_does_not_depend_on_the_neighbours(model):
    images, _ = shades(70, seed=12)
    whole = model.detect(images).score
    np.testing.assert_array_equal(model.detect(images[66:68]).score, whole[66:68])


# -- bad questions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda m: m.generate(2, given={"class": "red"}), ConditionError, "'dark', 'light'"),
        (lambda m: m.generate(2, given={"label": "dark"}), ConditionError, "'class' alone"),
        (lambda m: m.generate(-1), OptionError, "n: is -1"),
        (lambda m: m.generate(2.5), OptionError, r"n: is 2\.5"),
        (lambda m: m.generate(2, steps=0), OptionError, "steps: is 0"),
        (lambda m: m.generate(2, guidance=-1.0), OptionError, "guidance: is -1"),
        (lambda m: m.denoising(65), OptionError, "n: is 65"),
        (lambda m: m.detect(np.zeros((2, 9, 8), np.uint8)), DataError, "are 8 x 9 pixels"),
        (lambda m: m.detect(np.zeros((2, 8, 8, 3), np.uint8)), DataError, "have 3 channels"),
        (lambda m: m.detect(np.zeros((8, 8), np.uint8)), DataError, "has shape"),
        (lambda m: m.impute(np.zeros((2, 8, 8), np.uint8)), DataError, "no holes are given"),
        (
            lambda m: m.impute(np.zeros((2, 8, 8), np.uint8), np.ones((8, 9))),
            DataError,
            r"known has shape \(8, 9\)",
        ),
    ],
)
def test_questions_that_cannot_be_answered(model, ask, error, message):
    with pytest.raises(error, match=message):
        ask(model)


def test_a_model_without_classes():
    model = interfuse.fit(shades(40)[0], examples=256)
    assert model.generate(3).shape == (3, SIZE, SIZE)
    assert model.labels(3) == [None] * 3
    with pytest.raises(ConditionError, match="without classes"):
        model.generate(1, given={"class": "dark"})
    # Too few images to hold any out: nothing to compare a score with.
    assert np.isnan(model.detect(shades(3)[0]).p_value).all()


def test_one_image_is_too_few():
    with pytest.raises(DataError, match="has 1 image; expected at least 2"):
        interfuse.fit(np.zeros((1, 8, 8), np.uint8))


def test_a_class_of_one_image_is_fitted_and_said():
    images, labels = shades(40)
    labels = labels.astype("<U9")
    labels[0] = "alone"
    said = []
    model = interfuse.fit(images, labels=labels, examples=256, listener=said.append)
    assert any("one image only of class 'alone'" in getattr(s, "message", "") for s in said)
    assert model.generate(2, given={"class": "alone"}).shape == (2, SIZE, SIZE)


def test_colour_and_sizes_that_the_network_does_not_take():
    rng = np.random.default_rng(2)
    images = rng.integers(0, 256, (40, 9, 11, 3), dtype=np.uint8)
    model = interfuse.fit(images, examples=256)
    assert model.generate(3).shape == (3, 9, 11, 3)
    known = rng.random((5, 9, 11)) < 0.5
    filled = model.impute(images[:5], known)
    np.testing.assert_array_equal(filled[known], images[:5][known])


def test_options_of_images_are_refused_for_tables():
    import polars as pl

    frame = pl.DataFrame({"x": range(10)})
    with pytest.raises(OptionError, match="labels: is for images"):
        interfuse.fit(frame, labels=[1] * 10)  # pyright: ignore[reportCallIssue, reportArgumentType]
    with pytest.raises(OptionError, match="kind: 'song' is unknown"):
        interfuse.fit(frame, kind="song")  # pyright: ignore[reportCallIssue, reportArgumentType]


# -- run folder ---------------------------------------------------------------------------------


def test_a_new_process_gives_the_same_answers(model, saved, tmp_path):
    out = tmp_path / "out.npz"
    code = f"""
        import numpy as np, sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        import interfuse
        from tiny_images import shades
        model = interfuse.load({str(saved)!r})
        images = shades(10, seed=3)[0]
        known = np.arange(64).reshape(8, 8) % 3 > 0
        np.savez({str(out)!r}, a=model.generate(9, given={{"class": "light"}}, seed=2),
                 b=model.impute(images, known, seed=2), c=model.detect(images).p_value)
    """
    done = ran(textwrap.dedent(code))
    assert done.code == 0, done.err
    images, known = shades(10, seed=3)[0], np.arange(64).reshape(8, 8) % 3 > 0
    with np.load(out) as found:
        np.testing.assert_array_equal(
            found["a"], model.generate(9, given={"class": "light"}, seed=2)
        )
        np.testing.assert_array_equal(found["b"], model.impute(images, known, seed=2))
        np.testing.assert_array_equal(found["c"], model.detect(images).p_value)


def test_the_folder_holds_the_parts_of_images(saved):
    names = {path.name for path in saved.iterdir() if path.name != ".lock"}
    assert names == {*store.NET_PARTS, "run.json"}
    run = json.loads((saved / "run.json").read_text())
    assert set(run["sha256"]) == set(store.NET_PARTS)
    copy = interfuse.load(saved)
    assert copy.schema == interfuse.load(saved).schema
    assert copy.schema.kind == "images"


@pytest.mark.parametrize("part", store.NET_PARTS)
def test_a_part_that_was_changed_or_lost(saved, tmp_path, part):
    for path in saved.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    content = bytearray((tmp_path / part).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / part).write_bytes(content)
    with pytest.raises(RunError, match=part):
        interfuse.load(tmp_path)
    (tmp_path / part).unlink()
    with pytest.raises(RunError, match="is missing"):
        interfuse.load(tmp_path)


def test_a_kind_that_is_not_known_yet(saved, tmp_path):
    for path in saved.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    run = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps({**run, "kind": "sounds"}))
    with pytest.raises(RunError, match="a model of 'sounds', which this interfuse does not know"):
        interfuse.load(tmp_path)


def test_resumed_is_bit_equal_and_previews_change_nothing(tmp_path):
    folder = tmp_path / "run"
    whole = quick()
    seen = 0

    def stop(said):
        nonlocal seen
        seen += getattr(said, "kind", "") == "evaluated"
        if seen == 3:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(FitStopped, match="all of it is saved"):
        quick(folder=folder, listener=stop)
    assert not (folder / "weights.safetensors").exists()
    with pytest.raises(RunError, match="did not finish"):
        interfuse.load(folder)
    images, labels = shades(60)
    with pytest.raises(RunError, match="other data"):
        interfuse.fit(images[::-1], labels=labels, folder=folder, resume=True)
    resumed = interfuse.fit(images, labels=labels, folder=folder, resume=True)
    for (name, a), (_, b) in zip(
        whole.net.named_parameters(), resumed.net.named_parameters(), strict=True
    ):
        assert torch.equal(a, b), name
    assert resumed.record["training"]["reason"] == "the budget is spent"
    pictures = sorted((folder / store.PREVIEWS).iterdir())
    assert pictures[-1].name == f"{resumed.record['training']['examples']:010d}.png"
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    examples = [e["examples"] for e in events]
    assert examples == sorted(examples)
    assert events[-1]["event"] == "stopped"


def test_a_new_fit_takes_the_place_of_an_old_one_with_its_previews(tmp_path):
    folder = tmp_path / "run"
    quick(folder=folder)
    (folder / store.PREVIEWS / "0.png").write_bytes(b"of the old one")
    quick(folder=folder, overwrite=True, seed=2)
    assert not (folder / store.PREVIEWS / "0.png").exists()
    assert interfuse.load(folder).record["seed"] == 2


# -- the article's chain ------------------------------------------------------------------------


@settings(deadline=None, max_examples=50)
@given(
    arrays(np.uint8, st.tuples(st.integers(1, 3), st.sampled_from([1, 3]), st.just(6), st.just(5)))
)
def test_any_image_ends_within_the_stated_distance_of_noise(pixels):
    assert 0 <= nats_from_noise(pixels) <= MOST_NATS


def test_the_stated_distance_is_reached_by_black_and_white_alone():
    worst = nats_from_noise(np.array([[0, 255]], np.uint8))
    assert worst == pytest.approx(float(Chain.of().signal[-1]) ** 2 / 2, rel=1e-3)
    assert 0.9 * MOST_NATS < worst <= MOST_NATS
    assert nats_from_noise(np.array([[127, 128]], np.uint8)) < 1e-8


def test_a_thousand_steps_give_independent_standard_normal_numbers():
    images, _ = shades(64, seed=1)
    *_, (k, x) = forward_chain(images, seed=5)
    assert k == 1000
    x = x.flatten()
    n = len(x)
    # Mean and variance within four standard errors, plus what is left of the image, .0064 |x_0|.
    assert abs(float(x.mean())) < 4 / n**0.5 + 0.0064
    assert abs(float(x.var()) - 1) < 4 * (2 / n) ** 0.5
    start = torch.from_numpy(images).double().flatten() / 127.5 - 1
    correlation = float(torch.corrcoef(torch.stack([start, x]))[0, 1])
    assert abs(correlation) < 4 / n**0.5 + 0.0064
    # Far from the end the image is still there.
    early = next(x for k, x in forward_chain(images, seed=5) if k == 100).flatten()
    assert float(torch.corrcoef(torch.stack([start, early]))[0, 1]) > 0.8


def test_the_chain_as_pictures_begins_with_the_images():
    images, _ = shades(4)
    frames = list(forward_frames(images[:, None], frames=11, seed=2))
    assert [k for k, _ in frames] == list(range(0, 1001, 100))
    np.testing.assert_array_equal(frames[0][1][:, 0], images)
    again = list(forward_frames(images[:2, None], frames=11, seed=2))
    np.testing.assert_array_equal(again[-1][1], frames[-1][1][:2])


def test_the_chain_takes_seeds_of_any_size():
    images, _ = shades(2)
    ends = [list(forward_frames(images[:, None], 2, seed))[-1][1] for seed in (0, 1 << 32)]
    assert (ends[0] != ends[1]).mean() > 0.9
