"""Pair terms of calibration: classes of values, and values that were never seen together."""

import numpy as np
import polars as pl
import pytest
import torch

from interfuse.kinds.table.ask.generate import TableSampler
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.infer import infer_schema
from interfuse.kinds.table.learn.calibrate import calibrate
from interfuse.kinds.table.learn.objective import Rows
from interfuse.kinds.table.learn.pairs import SEEN, Unseen, _Classes
from interfuse.kinds.table.learn.setup import layout_of
from interfuse.kinds.table.net.network import TableNet

CPU = torch.device("cpu")


def calibrated(frame):
    """Codes of the rows, and of rows drawn from an untrained network that was calibrated to them.

    Such a network knows nothing of pairs: what drawn rows have of them, calibration gave them.
    """
    codec = TableCodec.fit(frame, infer_schema(frame))
    cells = codec.encode(frame)
    rows = Rows(*(torch.from_numpy(part) for part in (cells.codes, cells.low, cells.high)))
    layout = layout_of(codec, cells.codes, cells.low)
    torch.manual_seed(0)
    net = TableNet(layout.sizes, layout.numbers, layout.ordered, width=16, depth=1).eval()
    calibrate(net, layout, codec, rows, 10**9, 0, CPU)
    sampler = TableSampler(layout, net, 99, 4, CPU, exact=True)
    made = torch.cat([sampler.categories(i)[0] for i in range(8)])
    return codec, cells.codes, made.numpy()


def text(prefix, values):
    return pl.Series([f"{prefix}{v}" for v in values])


def messages(n):
    """Of 2 % of the rows the protocol has no ports; other rows have one of 30."""
    rng = np.random.default_rng(0)
    icmp = rng.random(n) < 0.02
    port = np.where(icmp, "none", [f"p{p}" for p in rng.integers(0, 30, n)])
    protocol = np.where(icmp, "icmp", rng.choice(["tcp", "udp"], n))
    return pl.DataFrame({"protocol": protocol, "port": port})


def share_with_ports(codec, codes):
    drawn = codec.decode(codes, np.zeros((len(codes), 0)), np.arange(len(codes)))
    icmp = drawn.filter(protocol="icmp")
    assert len(icmp) > 200
    return float(np.mean(icmp["port"].to_numpy() != "none"))


def test_what_never_is_together_is_not_drawn_together(monkeypatch):
    # 40 rows of messages, and for each port 1.3 of them expected by chance: no pair by itself says
    # anything. 16,384 rows drawn have 330 messages; steps end where none is seen in 4,096.
    frame = messages(2000)
    codec, _, made = calibrated(frame)
    assert share_with_ports(codec, made) < 0.03
    monkeypatch.setattr(Unseen, "step", lambda self, found: torch.zeros_like(found))
    codec, _, made = calibrated(frame)
    assert share_with_ports(codec, made) > 0.3, "else the test says nothing"


def test_what_was_not_seen_by_chance_may_be_drawn():
    """Of independent columns some pairs are unseen; their share is known, and stays."""
    rng = np.random.default_rng(1)
    n, many = 2000, 60
    a = rng.integers(0, 12, n)
    b = np.minimum(rng.zipf(1.4, n), many)
    _, codes, made = calibrated(pl.DataFrame({"a": text("a", a), "b": text("b", b)}))
    seen = np.zeros((codes[:, 0].max() + 1, codes[:, 1].max() + 1), bool)
    seen[codes[:, 0], codes[:, 1]] = True
    p, q = (np.bincount(codes[:, j]) / n for j in (0, 1))
    truth = float((p[:, None] * q)[~seen].sum())
    found = float((~seen[made[:, 0], made[:, 1]]).mean())
    assert truth > 0.03
    # Good's estimate, once of each value's rows and once of the others', has about 15 % of error.
    assert 0.5 * truth < found < 1.5 * truth


def test_goods_estimate_is_what_unseen_values_may_have():
    """By hand: of 40 rows of a one has b3, which c has too; none has b4; b5 is of one row."""
    a, c = [40, 0, 39, 1, 0, 0], [0, 5, 4, 1, 0, 0]
    b = [[39, 4, 43, 0, 0, 0], [1, 1, 0, 2, 0, 0], [0, 0, 0, 0, 54, 0], [0, 0, 0, 0, 0, 1]]
    cell = torch.tensor([0, 0, 1, 1, 1, 1])
    unseen = Unseen(torch.tensor([a, c, *b]) / 100, cell, 100)
    # c has too few rows to say, b5 too few to be told of; b2 and b4 have enough.
    assert unseen.pairs.nonzero().tolist() == [[0, 4], [4, 0], [4, 1]]
    assert unseen.wanted[0].tolist() == [0.0, pytest.approx(0.01)]
    found = torch.zeros(6, 6)
    found[0, 4] = found[4, 0] = 0.02
    step = unseen.step(found)
    once, never = np.log(0.011 / 0.021), -1.0
    assert float(step[0, 4]) == pytest.approx(once + never, abs=1e-5)
    assert torch.equal(step, step.T)
    assert float(step[4, 1]) == never, "one step for all that was never seen with b4"
    assert int((step != 0).sum()) == 4
    back = unseen.step(torch.zeros(6, 6))  # what was taken may be given back, and no more
    assert float(back[0, 4]) == pytest.approx(-once, abs=1e-5)
    assert int((back != 0).sum()) == 2
    assert 5 < SEEN <= 40


def networks(n):
    """Hosts of many small networks, of three classes, which talk within their class mostly."""
    rng = np.random.default_rng(2)
    kind = rng.integers(0, 3, n)
    other = np.where(rng.random(n) < 0.9, kind, rng.integers(0, 3, n))

    def address(kind):
        net, host = rng.integers(0, 40, n), rng.integers(1, 250, n)
        first = np.array(["10.0", "192.168", "93.184"])[kind]
        return [f"{f}.{a}.{h}" for f, a, h in zip(first, net, host, strict=True)]

    return pl.DataFrame({"src_ip": address(kind), "dst_ip": address(other)})


def class_distance(codec, codes, made):
    """Total variation distance of the pairs of classes."""
    pairs = []
    for rows in (codes, made):
        one, two = (
            np.array(codec.fields[n].classes)[rows[:, codec.places[n].codes.start]]
            for n in ("src_ip", "dst_ip")
        )
        pairs.append(np.bincount(one * 100 + two, minlength=10_000) / len(rows))
    return float(np.abs(pairs[0] - pairs[1]).sum() / 2)


def test_classes_of_networks_pair_up_as_they_do(monkeypatch):
    frame = networks(1500)
    # Of nine pairs in 16,384 rows chance alone is .009; the steps leave a twentieth of log ratios.
    assert class_distance(*calibrated(frame)) < 0.05
    monkeypatch.setattr(_Classes, "step", lambda self, turn, codes, small: 0.0)
    assert class_distance(*calibrated(frame)) > 0.3, "else the test says nothing"
