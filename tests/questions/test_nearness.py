"""How far apart numbers lie that follow each other is put right after training."""

import numpy as np
import polars as pl
import pytest
import torch

from interfuse.kinds.table.ask.generate import TableSampler
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.infer import infer_schema
from interfuse.kinds.table.learn import pairs
from interfuse.kinds.table.learn.calibrate import calibrate
from interfuse.kinds.table.learn.nearness import FAR, NEVER, nearness_of
from interfuse.kinds.table.learn.objective import Rows
from interfuse.kinds.table.learn.setup import layout_of
from interfuse.kinds.table.net.network import TableNet

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def balances():
    """Two balances 3 % apart, at times equal, or the second missing; and another number."""
    rng = np.random.default_rng(0)
    n = 6_000
    first = rng.lognormal(9, 1, n).round()
    second = (first * np.exp(rng.normal(0, 0.03, n))).round()
    second = np.where(rng.random(n) < 0.06, first, np.where(rng.random(n) < 0.05, np.nan, second))
    other = rng.lognormal(9, 1, n).round()
    frame = pl.DataFrame({"first": first, "other": other, "second": second}).fill_nan(None)
    codec = TableCodec.fit(frame, infer_schema(frame))
    cells = codec.encode(frame)
    rows = Rows(*(torch.from_numpy(part) for part in (cells.codes, cells.low, cells.high)))
    return frame, codec, layout_of(codec, cells.codes, cells.low), rows


def test_the_classes_are_how_many_bins_apart_the_values_lie(balances):
    frame, codec, _, rows = balances
    (near,) = nearness_of(codec, range(3), CPU)
    assert {codec.schema.columns[j].name for j in near.cells} == {"first", "second"}
    a, b = (rows.codes[:, j].long() for j in near.cells)
    apart = near.apart[a, b]
    missing = torch.from_numpy(frame["second"].is_null().to_numpy())
    equal = torch.from_numpy((frame["second"] == frame["first"]).fill_null(False).to_numpy())
    never = apart == NEVER
    assert never[missing].all()
    # A first beyond the range of the second stands for the end of it.
    assert never[~missing & ~equal].sum() <= 1
    assert float(near.shares(rows.codes).sum()) == pytest.approx(float((~never).double().mean()))
    # The narrowest bins of a lognormal are .08 wide in logarithms: two bins are 2.6 deviations.
    assert ((apart[~never] - FAR).abs() > 1).double().mean() < 0.01
    # Where the first is the larger by a factor of two it is some bins above, and the reverse.
    field, other = (codec.fields[codec.schema.columns[j].name] for j in near.cells)
    at, to = (
        field.encode(pl.Series([8000.0])).codes[0, 0],
        other.encode(pl.Series([4000.0])).codes[0, 0],
    )
    assert near.apart[at, to] == 2 * FAR
    assert nearness_of(codec, [1, 2], CPU) == []


def shares(near, layout, net):
    sampler = TableSampler(layout, net, 99, 4, CPU, exact=True)
    return near.shares(torch.cat([sampler.categories(i)[0] for i in range(4)]))


def test_an_untrained_network_is_taken_to_the_shares_of_the_data(balances, monkeypatch):
    _, codec, layout, rows = balances
    (near,) = nearness_of(codec, range(3), CPU)
    wanted = near.shares(rows.codes)

    def off():
        torch.manual_seed(0)
        net = TableNet(layout.sizes, layout.numbers, layout.ordered, width=16, depth=1).eval()
        calibrate(net, layout, codec, rows, 10**9, 0, CPU)
        return 0.5 * float((shares(near, layout, net) - wanted).abs().sum())

    own = off()
    monkeypatch.setattr(pairs, "nearness_of", lambda *_: [])
    # A network that knows nothing is far off; the correlations and groups of bins leave most of it.
    assert own < 0.25 * off()
