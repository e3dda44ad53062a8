"""The loop: reproducible to the bit, stoppable anywhere, honest about why it ends."""

import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from interfuse.errors import InterfuseError, RunError
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.infer import infer_schema
from interfuse.kinds.table.learn.objective import Rows, TableObjective, table_gaussian
from interfuse.kinds.table.learn.setup import bin_scores, layout_of, network_for
from interfuse.kinds.table.net.network import TableNet
from interfuse.train.budget import Budget
from interfuse.train.hold_out import hold_out
from interfuse.train.order import Order
from interfuse.train.precision import has_fast_bf16
from interfuse.train.settings import Settings
from interfuse.train.state import Checkpoint
from interfuse.train.trainer import Trainer
from processes import ran

CPU = torch.device("cpu")
SETTINGS = Settings(seed=3, batch=64)


def encoded(n=600, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    frame = pl.DataFrame(
        {"x": x, "y": 0.8 * x + 0.6 * rng.normal(size=n), "c": rng.choice(["a", "b", "c"], n)}
    )
    codec = TableCodec.fit(frame, infer_schema(frame))
    cells = codec.encode(frame)
    layout = layout_of(codec, cells.codes, cells.low)
    return layout, Rows(*map(torch.from_numpy, (cells.codes, cells.low, cells.high)))


def trainer(budget=None, *, settings=SETTINGS, seed=3, n=600, net=None):
    layout, rows = encoded(n)
    train, held_out = hold_out(rows, seed)
    torch.manual_seed(seed)
    return Trainer(
        net=net or TableNet(layout.sizes, layout.numbers, layout.ordered, 32, 2, dropout=0.2),
        objective=TableObjective(layout, table_gaussian()),
        rows=train,
        held_out=held_out,
        settings=settings,
        budget=budget or Budget(examples=200 * 64),
        device=CPU,
    )


def finish(t):
    events = list(t.run())
    assert events[-1].kind == "stopped"
    return events


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


@pytest.fixture(scope="module")
def whole():
    """One fit that was never stopped."""
    t = trainer()
    finish(t)
    return t


def test_the_same_seed_gives_the_same_weights_bit_for_bit(whole):
    torch.manual_seed(999)
    t = trainer()
    torch.rand(17)  # the state of torch's own generator is of no consequence
    finish(t)
    assert same(whole.weights(), t.weights())
    assert [c[0] for c in whole.progress.curve] == [c[0] for c in t.progress.curve]
    assert [c[2:] for c in whole.progress.curve] == [c[2:] for c in t.progress.curve]


def test_another_seed_gives_other_weights(whole):
    t = trainer(settings=replace(SETTINGS, seed=4))
    finish(t)
    assert not same(whole.weights(), t.weights())


def test_training_leaves_the_callers_random_numbers_alone():
    t = trainer(Budget(examples=640))
    torch.manual_seed(5)
    expected = torch.rand(4)
    torch.manual_seed(5)
    finish(t)
    assert torch.equal(torch.rand(4), expected)


def stopped_after(steps):
    """A trainer that was asked to stop after this many steps."""
    t = trainer()
    step, done = t._step, 0

    def count():
        nonlocal done
        done += 1
        t.stop_requested = done >= steps
        return step()

    t._step = count
    list(t.run())
    assert t.progress.step == steps
    return t


# 200 steps, evaluated every 5, decay from step 140.
@pytest.mark.parametrize("steps", [1, 5, 6, 77, 140, 199])
def test_stopped_and_resumed_is_bit_equal_to_never_stopped(whole, steps, tmp_path):
    stopped_after(steps).checkpoint().save(tmp_path / "c.safetensors")
    t = trainer(net=TableNet(*trainer_shape(), 32, 2, dropout=0.2))
    t.restore(Checkpoint.load(tmp_path / "c.safetensors"))
    finish(t)
    assert same(whole.weights(), t.weights())
    assert same(dict(whole.net.named_parameters()), dict(t.net.named_parameters()))
    assert whole.progress.best == t.progress.best
    assert [c[3] for c in whole.progress.curve] == [c[3] for c in t.progress.curve]


def trainer_shape():
    layout = encoded()[0]
    return layout.sizes, layout.numbers, layout.ordered


def test_resumed_in_a_new_process_is_bit_equal(whole, tmp_path):
    path, out = tmp_path / "c.safetensors", tmp_path / "weights.safetensors"
    stopped_after(83).checkpoint().save(path)
    code = f"""
        import sys; sys.path[:0] = {[str(p) for p in Path(__file__).parents[:2]]!r}
        from safetensors.torch import save_file
        from test_trainer import Checkpoint, Path, finish, trainer
        t = trainer()
        t.restore(Checkpoint.load(Path({str(path)!r})))
        finish(t)
        save_file({{k: v.clone() for k, v in t.weights().items()}}, {str(out)!r})
    """
    done = ran(textwrap.dedent(code))
    assert done.code == 0, done.err
    from safetensors.torch import load_file

    assert same(load_file(out), dict(whole.weights()))


@pytest.mark.parametrize(("interval", "scored"), [(64, 512), (1_600, 1_600), (100_000, 8_192)])
def test_an_evaluation_scores_no_more_than_was_trained_on_since_the_last(
    interval, scored, monkeypatch
):
    t, seen, take = trainer(), [], Rows.take
    t.progress.interval = interval
    monkeypatch.setattr(Rows, "take", lambda rows, i: seen.append(len(i)) or take(rows, i))
    t.evaluate()
    assert sum(seen) == scored


@pytest.mark.parametrize("damage", ["cut", "flipped", "missing"])
def test_a_damaged_checkpoint_is_one_clear_error(damage, tmp_path):
    path = tmp_path / "c.safetensors"
    stopped_after(2).checkpoint().save(path)
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(content[:100] if damage == "cut" else b"\xff" * 8 + content[8:])
    with pytest.raises(
        RunError, match=r"c\.safetensors: (the checkpoint is damaged|no checkpoint)"
    ):
        Checkpoint.load(path)


def test_an_epoch_visits_every_row_once():
    n, batch = 1_000, 64
    order, seen = Order(seed=3, rows=n), []
    while len(seen) < 2 * n:
        seen += order.batch(len(seen), batch).tolist()
    assert sorted(seen[:n]) == list(range(n))
    assert sorted(seen[n : 2 * n]) == list(range(n))
    assert seen[:n] != seen[n : 2 * n]


@pytest.mark.parametrize(("n", "expected"), [(150, 0), (400, 40), (2_000, 100), (10_000, 500)])
def test_held_out_rows_are_disjoint_from_training_rows(n, expected):
    number = torch.arange(n)[:, None]
    rows = Rows(number, number.float(), number.float())
    train, held_out = hold_out(rows, 0)
    assert len(held_out) == expected
    both = torch.cat([train.codes, held_out.codes]).flatten().sort().values
    assert torch.equal(both, torch.arange(n))


def test_the_budget_of_examples_is_kept(whole):
    assert whole.progress.examples == 200 * 64
    assert whole.progress.reason == "the budget is spent"


def test_a_budget_in_seconds_ends_in_time():
    t = trainer(Budget(seconds=1.5))
    finish(t)
    # The decay is given examples, at the speed measured before it; the machine may be shared.
    assert 0.6 < t.progress.seconds < 3.5
    assert t.progress.decay_from is not None


def test_of_two_limits_the_one_in_reach_ends_the_fit(whole):
    t = trainer(Budget(seconds=1e6, examples=200 * 64))
    finish(t)
    assert same(whole.weights(), t.weights())
    t = trainer(Budget(seconds=1.5, examples=10**9))
    finish(t)
    # As above.
    assert 0.6 < t.progress.seconds < 3.5


def test_training_beats_the_untrained_network_and_reports_the_best(whole):
    curve = [c[3] for c in whole.progress.curve]
    untrained = trainer().evaluate()
    assert whole.progress.best == min(curve)
    assert whole.progress.best < untrained - 0.05
    again = trainer()
    again.ema.load(whole.weights())
    assert again.evaluate() == whole.progress.best


def test_on_a_plateau_it_stops_early_and_says_why():
    """Independent noise cannot be learned: the held-out loss soon stops falling."""
    t = trainer(Budget(examples=3_000 * 64), n=300)
    t.settings = replace(t.settings, rate=1e-2)
    events = finish(t)
    p = t.progress
    assert p.examples < 0.9 * 3_000 * 64
    assert p.reason.startswith("the held-out loss stopped falling after ")
    assert f"{p.best_examples:,}" in p.reason
    decay = [e for e in events if e.kind == "decay"]
    assert [e.message for e in decay] == ["the held-out loss has stopped falling"]


@pytest.mark.parametrize(("warm_ups", "ends"), [(4, False), (6, True)])
def test_no_plateau_ends_a_fit_that_has_hardly_begun(warm_ups, ends):
    t = trainer(Budget(examples=10**9))
    t._measure(0.0)
    t.progress.best_examples, t.progress.since_best = 64, 100
    t.progress.examples = warm_ups * SETTINGS.warm_up
    assert bool(t._turn()) == ends


def test_without_held_out_rows_it_uses_the_latest_average():
    t = trainer(n=150)
    assert len(t.held_out) == 0
    finish(t)
    assert same(t.weights(), t.ema.state())


# -- losses that are not finite ------------------------------------------------------------------


def poison(t, when):
    """Make the loss of some steps not finite."""
    loss = t.objective.loss

    def poisoned(net, noisy):
        losses = loss(net, noisy)
        bad = torch.zeros_like(losses.category)
        bad[2] = float("nan")  # the cell of column c
        return replace(losses, category=losses.category + bad) if when(t) else losses

    t.objective.loss = poisoned
    return t


def test_a_step_that_is_not_finite_is_dropped():
    t = poison(trainer(), lambda t: t.progress.step in (20, 21, 50) and t.net.training)
    finish(t)
    assert t.progress.skipped == 3
    assert t.progress.rate_scale == 1
    assert np.isfinite(t.progress.best)
    assert all(p.isfinite().all() for p in t.weights().values())


def test_many_such_steps_are_survived_at_half_the_rate():
    t = poison(trainer(), lambda t: 60 <= t.progress.step < 70 and t.net.training)
    events = finish(t)
    assert [e.kind for e in events].count("rescued") == 1
    assert t.progress.rate_scale == 0.5
    assert t.progress.best < trainer().evaluate()


def test_weights_that_are_lost_are_rescued():
    t = trainer()
    step = t._step

    def lose():
        if t.progress.step == 60:
            with torch.no_grad():
                t.net.stem.weight.fill_(float("nan"))
        return step()

    t._step = lose
    events = finish(t)
    assert "rescued" in [e.kind for e in events]
    assert all(p.isfinite().all() for p in t.net.parameters())
    assert all(p.isfinite().all() for p in t.weights().values())


@pytest.mark.parametrize("steps", [200, 20])
def test_a_loss_that_stays_not_finite_ends_naming_the_column(steps):
    t = poison(trainer(Budget(examples=steps * 64)), lambda t: t.net.training)
    with pytest.raises(InterfuseError, match=r"column 'c': the loss is not finite"):
        list(t.run())


# -- precision -----------------------------------------------------------------------------------


@pytest.mark.skipif(not has_fast_bf16(CPU), reason="this processor has no fast bfloat16")
def test_bfloat16_reaches_the_held_out_loss_of_float32(whole):
    t = trainer(settings=replace(SETTINGS, precision="bf16"))
    finish(t)
    # Rounding acts as noise on the gradients of 200 steps; seeds alone differ by about 0.01.
    assert t.progress.best == pytest.approx(whole.progress.best, abs=0.03)
    assert t.progress.best < trainer().evaluate() - 0.05


def test_bin_scores_are_those_of_a_normal_variable():
    layout, rows = encoded(4_000)
    scores = bin_scores(layout, rows.codes.numpy())
    assert [len(s) for s in scores] == list(layout.ordered)
    for j, own in enumerate(scores):
        if not own:
            continue
        s = torch.tensor(own)
        assert (s.diff() > 0).all()
        drawn = s[rows.codes[:, j].long()]
        assert drawn.mean().item() == pytest.approx(0, abs=0.02)
        assert drawn.std().item() == pytest.approx(1, abs=0.02)
    # The middle of the first bin has half of its own mass below it.
    share = (rows.codes[:, 0] == 0).double().mean()
    below = torch.special.ndtr(torch.tensor(scores[0][0], dtype=torch.float64))
    assert below.item() == pytest.approx(share.item() / 2, rel=0.1)


def test_bins_without_rows_have_finite_scores():
    layout, rows = encoded()
    empty = np.zeros_like(rows.codes.numpy())
    assert np.isfinite(np.concatenate(bin_scores(layout, empty))).all()


def test_the_default_network_depends_on_its_seed_only():
    layout = encoded()[0]
    torch.manual_seed(1)
    a = network_for(layout, 600, 7)
    before = torch.random.get_rng_state()
    b = network_for(layout, 600, 7)
    assert torch.equal(before, torch.random.get_rng_state())
    assert same(a.state_dict(), b.state_dict())
    assert not same(a.state_dict(), network_for(layout, 600, 8).state_dict())
    assert a.dropout == 0.2
    assert network_for(layout, 50_000, 7).dropout == 0.1
    assert network_for(layout, 10**6, 7).dropout == 0.0


def test_a_checkpoint_on_a_full_disk_is_one_clear_error(tmp_path, monkeypatch):
    """What safetensors says is no error of the system, which the full disk is told by."""
    from safetensors import SafetensorError

    from interfuse.errors import DataError
    from interfuse.train import state

    def full(*_):
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    kept = state.Checkpoint({"net": {"w": torch.ones(2)}}, state.Progress(), {})
    kept.save(tmp_path / "c.safetensors")
    assert torch.equal(
        state.Checkpoint.load(tmp_path / "c.safetensors").tensors["net"]["w"], torch.ones(2)
    )
    monkeypatch.setattr(state, "save_file", full)
    with pytest.raises(DataError, match="the disk is full"):
        kept.save(tmp_path / "d.safetensors")
    assert [p.name for p in tmp_path.iterdir()] == ["c.safetensors"]
