"""Drawn rows become flows by the smallest change; what can be a flow, and what is given, stays."""

import numpy as np
import polars as pl
import pytest
from odd_flows import odd_flows

from interfuse.evaluate.flow_rules import broken_flow_rules
from interfuse.io.capture.flows import COLUMNS, STATES, flag_bits, state_of
from interfuse.io.capture.mend import mend

LEARNED = {
    "well-known services of datagrams are no TCP",
    "well-known services of streams are no UDP",
}
"""Rules that a model has to learn: which of two columns is wrong cannot be told."""


@pytest.fixture(scope="module")
def odd():
    return odd_flows(1000, seed=1)


@pytest.fixture(scope="module")
def mended(odd):
    return mend(odd)


def test_all_rules_of_arithmetic_hold(odd, mended):
    broken = {one.text: one.share for one in broken_flow_rules(odd)}
    assert sum(share > 0.01 for share in broken.values()) >= 12
    left = {one.text: one.broken for one in broken_flow_rules(mended.frame) if one.broken}
    assert set(left) <= LEARNED


def test_what_is_a_flow_stays_as_it_is(mended):
    again = mend(mended.frame)
    assert not again.changed
    assert again.frame.equals(mended.frame)


def test_what_follows_is_computed(mended):
    f = mended.frame
    count = f["fwd_packets"] + f["bwd_packets"]
    assert f["fwd_size_mean"].equals(f["fwd_bytes"] / f["fwd_packets"])
    lone = count == 1
    assert f["iat_mean"].is_null().equals(lone)
    assert (f["iat_mean"] * (count - 1) - f["duration"]).abs().max() < 1e-9
    tcp = f.filter(protocol="tcp")
    bits = (np.array([flag_bits(t) for t in tcp[f"{way}_flags"]]) for way in ("fwd", "bwd"))
    assert tcp["state"].to_list() == state_of(*bits).tolist()
    assert f.filter(pl.col("protocol") != "tcp")["state"].is_null().all()


def test_each_row_depends_on_itself_alone(odd, mended):
    part = mend(odd.slice(0, 300)).frame
    assert part.equals(mended.frame.slice(0, 300))


def test_changes_are_counted_and_small(odd, mended):
    # A row that needs 3 bytes more for its headers gets them, and no more.
    one = mended.frame.filter(protocol="tcp", fwd_packets=1, bwd_packets=0).head(1)
    low = one.with_columns(fwd_bytes=pl.lit(37), fwd_payload=pl.lit(0), src_ip=pl.lit("10.0.0.1"),
                           dst_ip=pl.lit("10.0.0.2"), fwd_size_min=pl.lit(40),
                           fwd_size_max=pl.lit(40))  # fmt: skip
    got = mend(low)
    assert got.frame["fwd_bytes"].to_list() == [40]
    assert dict(got.changed) == {"bytes, which hold the headers of all packets": 1}


def test_what_is_given_stays_and_that_is_said(odd):
    given = {"protocol", "fwd_bytes", "duration", "state"}
    got = mend(odd, given)
    for name in given:
        assert got.frame[name].equals(odd[name])
    assert any("not changed, since fwd_bytes is given" in words for words in got.changed)


def test_a_given_state_has_flags_that_mean_it(odd):
    tcp = odd.filter(protocol="tcp")
    for state in STATES:
        asked = tcp.with_columns(state=pl.lit(state))
        got = mend(asked, {"state"}).frame
        bits = (np.array([flag_bits(t) for t in got[f"{w}_flags"]]) for w in ("fwd", "bwd"))
        # A group answers nobody, and one packet without an answer has no flags of one.
        found = state_of(*bits)
        assert (found == state).mean() > 0.99, state


def test_a_table_of_something_else_is_left_alone():
    other = pl.DataFrame({"duration": [-1.0], "protocol": ["tcp"]})
    assert mend(other).frame.equals(other)
    assert set(COLUMNS) > set(other.columns)


def test_messages_hold_what_they_must():
    rows = [
        ("10.0.0.1", "10.0.0.2", "icmp", "3/1", 2, 60, 28 + 28),
        ("fe80::1", "fe80::2", "ipv6-icmp", "1/0", 1, 60, 48 + 48),
        ("fe80::1", "fe80::2", "ipv6-icmp", "135/0", 2, 150, 48 + 24),
        ("fe80::1", "fe80::2", "ipv6", None, 1, 60, 40 + 40),
        ("10.0.0.1", "10.0.0.2", "udp", None, 1, 33, 28 + 12),
    ]
    names = ("src_ip", "dst_ip", "protocol", "icmp", "fwd_packets", "fwd_bytes", "each")
    frame = pl.DataFrame(rows, schema=names, orient="row").with_columns(
        start=pl.lit(0).cast(pl.Datetime("us", "UTC")), duration=0.0, bwd_packets=0, bwd_bytes=0,
        src_port=pl.lit(40_000), dst_port=pl.lit(53), fwd_payload=pl.lit(4),
    )  # fmt: skip
    made = mend(frame.drop("each")).frame
    assert (made["fwd_bytes"] == made["fwd_packets"] * frame["each"]).all()


def test_a_group_is_no_source():
    ends = [("224.0.0.251", "10.0.0.7"), ("239.1.2.3", "224.0.0.1"), ("ff02::fb", "fe80::2")]
    frame = odd_flows(3, seed=2).with_columns(
        src_ip=pl.Series([a for a, _ in ends]), dst_ip=pl.Series([b for _, b in ends]),
        protocol=pl.lit("udp"),
    )  # fmt: skip
    made = mend(frame).frame
    assert made["src_ip"].to_list() == ["10.0.0.7", "10.1.2.3", "fe80::2"]
    assert made["dst_ip"].to_list() == ["224.0.0.251", "224.0.0.1", "ff02::fb"]
    streams = mend(frame.with_columns(protocol=pl.lit("tcp"))).frame
    assert streams["src_ip"].to_list() == ["10.0.0.251", "10.1.2.3", "fe80::fb"]
    assert streams["dst_ip"].to_list() == ["10.0.0.7", "10.0.0.1", "fe80::2"]
    assert mend(frame, fixed=["src_ip"]).frame["src_ip"].to_list() == [a for a, _ in ends]


def test_a_protocol_that_was_not_drawn_is_the_likely_one():
    frame = odd_flows(40, seed=3).with_columns(protocol=pl.lit(None, pl.String))
    made = mend(frame).frame
    assert made["protocol"].null_count() == 0
    assert set(made["protocol"]) <= {"tcp", "udp", "icmp", "ipv6-icmp"}
