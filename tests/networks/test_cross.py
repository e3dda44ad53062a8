"""What numbers are told of those that they follow, against closed forms."""

import numpy as np
import polars as pl
import pytest
import torch
from scipy.stats import norm

from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.following import cross_of
from interfuse.kinds.table.infer import infer_schema
from interfuse.kinds.table.learn.objective import Rows, TableObjective, table_gaussian
from interfuse.kinds.table.learn.setup import layout_of, network_for
from interfuse.kinds.table.net.incremental import IncrementalNet

pytestmark = pytest.mark.usefixtures("usual_networks")
N = 2_000
KERNEL = table_gaussian()


@pytest.fixture(scope="module")
def parts():
    """`b` is `a` in a third of the rows and near it in the others; `c` stands alone."""
    rng = np.random.default_rng(0)
    a = np.round(rng.lognormal(9, 1, N))
    b = np.where(rng.random(N) < 1 / 3, a, np.round(a * np.exp(rng.normal(0, 0.02, N))))
    frame = pl.DataFrame({"a": a, "b": b, "c": np.round(rng.random(N), 3)})
    codec = TableCodec.fit(frame, infer_schema(frame))
    cells = codec.encode(frame)
    rows = Rows(*(torch.from_numpy(part) for part in (cells.codes, cells.low, cells.high)))
    cross = cross_of(codec, KERNEL)
    assert cross is not None
    return frame, codec, rows.take(torch.arange(N)), cross


def asked(rows: Rows, known: torch.Tensor, z: torch.Tensor, cross, t: float):
    present = ~rows.low.isnan()
    return cross(rows.codes, z, present, known & present, torch.full((N,), t)).unbind(1)


def test_a_known_value_is_told_as_the_score_it_has_in_the_others_bin(parts):
    frame, codec, rows, cross = parts
    z = torch.from_numpy(codec.encode(frame).scores).float().nan_to_num()
    known = torch.zeros(N, 3, dtype=torch.bool)
    known[:, 0] = True
    # b is told of a, not the other way round: a is given, and does not settle.
    b_of_a, a_of_b, inside, nothing = asked(rows, known, z, cross, 0.3)
    assert cross.told.tolist() == [1, 0]
    assert not a_of_b.any()
    assert not nothing.any()
    # Where b has a number, the truth is a's rank among b's values of that bin.
    field = codec.fields["b"]
    there = ~rows.low[:, 1].isnan()
    bins = rows.codes[:, 1]
    assert there.any()
    for i in torch.nonzero(there)[:200, 0].tolist():
        values = field.decode(
            np.full((999, 1), int(bins[i])),
            norm.ppf(np.arange(1, 1_000) / 1_000)[:, None],
            np.zeros(999, int),
            0,
        ).to_numpy()
        rank = (values < frame["a"][i]).mean()
        # Nine knots for the quantiles of some sixty values: a tenth in rank.
        assert norm.cdf(float(b_of_a[i])) == pytest.approx(np.clip(rank, 0.005, 0.995), abs=0.1)
        within = values.min() <= frame["a"][i] <= values.max()
        assert within == bool(inside[i]) or min(rank, 1 - rank) < 0.02
    # A row where b is a by its code has no number that could be told of.
    assert not b_of_a[~there].any()


def test_noise_draws_what_is_told_to_the_middle_of_the_bin(parts):
    frame, codec, rows, cross = parts
    z = torch.full((N, 3), 2.0)
    none = torch.zeros(N, 3, dtype=torch.bool)
    told = [asked(rows, none, z, cross, t) for t in (1e-4, 0.4999)]
    alpha, sigma = (float(x) for x in KERNEL.alpha_sigma(torch.tensor(0.4999)))
    rank = norm.cdf(2 * alpha / np.sqrt(1 + sigma**2))
    assert rank == pytest.approx(0.5, abs=0.01)
    at = ~rows.low[:, 1].isnan() & ~rows.low[:, 0].isnan()
    same = at & (torch.from_numpy(codec.encode(frame).codes)[:, 0] > 0)
    # Far up in a's bin lies higher in b's than its middle does.
    assert (told[0][0] >= told[1][0])[same].float().mean() > 0.95


def test_categories_are_drawn_without_it_and_both_networks_agree(parts):
    _, codec, rows, cross = parts
    codes, low = rows.codes.numpy(), rows.low.numpy()
    net = network_for(layout_of(codec, codes, low), N, 0, (), cross).eval()
    assert net.crossing == 2 * cross.pairs == 4
    with torch.no_grad():
        net.head.weight.normal_(generator=torch.Generator().manual_seed(1))
    objective = TableObjective(layout_of(codec, codes, low), KERNEL)
    noisy = objective.corrupt(rows, torch.Generator().manual_seed(0))
    told = cross(noisy.codes, noisy.z, noisy.present, noisy.known, noisy.t)
    assert not told[: noisy.hiding].any()
    assert told[noisy.hiding :].any()
    rest = slice(noisy.hiding, None)
    z, present, known = noisy.z[rest], noisy.present[rest], noisy.known[rest]
    t = torch.full((len(z),), 0.25)
    with torch.no_grad():
        _, v = net(rows.codes[rest], z, present, known, t)
        quick = IncrementalNet(net)
        h = quick.start(len(z))
        for j in range(3):
            quick.reveal(h, rows.codes[rest][:, j], j)
        term = quick.numbers(z, present, known)
        term = term + quick.crossed(rows.codes[rest], z, present, known, 0.25)
        assert torch.allclose(quick.v(quick.features(h, 0.25, term)), v, atol=1e-4)


def test_tables_whose_numbers_do_not_follow_each_other_have_the_network_they_had():
    rng = np.random.default_rng(1)
    frame = pl.DataFrame({"a": rng.normal(size=300).round(3), "b": rng.normal(size=300).round(3)})
    codec = TableCodec.fit(frame, infer_schema(frame))
    assert cross_of(codec, KERNEL) is None
    cells = codec.encode(frame)
    net = network_for(layout_of(codec, cells.codes, cells.low), 300, 0)
    assert net.config().keys().isdisjoint({"crossing", "pairing"})
    assert net.stem.in_features == net.values + 3 * 2 + 9
