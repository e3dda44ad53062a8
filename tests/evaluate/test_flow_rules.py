"""Rules of the protocols hold of flows that are some, and each is found broken where it is."""

import polars as pl
import pytest

from interfuse.evaluate.flow_rules import (
    RULES,
    broken_flow_rules,
    flow_rule_shares,
    roles,
    share_broken,
)

GOOD = pl.DataFrame(
    {
        "start": [0.0, 5.0, 9.0],
        "end": [2.0, 5.0, 9.5],
        "duration": [2.0, 0.0, 0.5],
        "src_ip": ["10.0.0.1", "fe80::1", "10.0.0.1"],
        "dst_ip": ["192.0.2.1", "ff02::16", "192.0.2.1"],
        "src_port": [40000, None, 40001],
        "dst_port": [80, None, 53],
        "protocol": ["tcp", "ipv6-icmp", "udp"],
        "conn_state": ["SF", None, None],
        "fwd_packets": [5, 1, 1],
        "bwd_packets": [4, 0, 1],
        "fwd_bytes": [800, 96, 60],
        "bwd_bytes": [3000, 0, 120],
        "fwd_payload": [600, 48, 32],
        "bwd_payload": [2800, 0, 92],
        "fwd_size_min": [40, 96, 60],
        "fwd_size_mean": [160.0, 96.0, 60.0],
        "fwd_size_max": [640, 96, 60],
        "bwd_size_min": [40, None, 120],
        "bwd_size_mean": [750.0, None, 120.0],
        "bwd_size_max": [1500, None, 120],
        "fwd_flags": ["...AP.SF", None, None],
        "bwd_flags": ["...AP.SF", None, None],
        "iat_max": [0.8, None, 0.5],
    }
)
BROKEN = [
    ("a flow has a packet", 2, {"fwd_packets": 0, "bwd_packets": 0}),
    ("numbers of packets are whole and not negative", 2, {"bwd_packets": -1}),
    ("a flow of one packet has no duration", 1, {"duration": 1.0}),
    ("nobody answers to a group", 1, {"bwd_packets": 2}),
    ("a state without an answer has no packet back", 0, {"conn_state": "S0"}),
    ("a state with an answer has a packet back", 0, {"bwd_packets": 0}),
    ("fwd: bytes hold the headers of all packets", 0, {"fwd_bytes": 199}),
    ("bwd: no packet is longer than 65,575 bytes and its frame", 2, {"bwd_bytes": 70_000}),
    ("bwd: without packets there are no bytes", 1, {"bwd_bytes": 60}),
    ("fwd: bytes hold headers and payload", 0, {"fwd_payload": 601}),
    ("fwd: min <= mean <= max of sizes", 0, {"fwd_size_min": 161}),
    ("bwd: mean size is bytes by packets", 2, {"bwd_size_mean": 122.0}),
    ("bwd: flags are of TCP alone", 2, {"bwd_flags": "...A...."}),
    ("TCP and UDP have ports, of 16 bits", 0, {"dst_port": None}),
    ("TCP and UDP have ports, of 16 bits", 2, {"src_port": 65_536}),
    ("ICMP has no ports", 1, {"src_port": 50_000}),
    ("well-known services of datagrams are no TCP", 0, {"dst_port": 123}),
    ("well-known services of streams are no UDP", 2, {"dst_port": 22}),
    ("both ends are of one version of IP", 2, {"dst_ip": "2001:db8::1"}),
    ("ICMP is of the version of its ends", 2, {"protocol": "icmp6"}),
    ("no group sends", 2, {"src_ip": "239.0.0.1"}),
    ("TCP has no groups", 0, {"dst_ip": "224.0.0.1"}),
    ("a duration is not negative", 2, {"duration": -0.1}),
    ("a flow ends after it starts", 2, {"end": 8.9}),
    ("the longest gap is in the flow", 0, {"iat_max": 2.1}),
]


def with_cells(row, cells):
    here = pl.int_range(pl.len()) == row
    changed = [
        pl.when(here).then(pl.lit(v)).otherwise(pl.col(n)).alias(n) for n, v in cells.items()
    ]
    return GOOD.with_columns(changed)


def test_flows_keep_all_rules():
    asked = broken_flow_rules(GOOD)
    assert {one.text for one in asked} >= {text for text, _, _ in BROKEN} - {
        "a state without an answer has no packet back", "bwd: flags are of TCP alone",
        "well-known services of datagrams are no TCP", "well-known services of streams are no UDP",
    }  # fmt: skip
    assert [one.broken for one in asked] == [0] * len(asked)
    assert share_broken(GOOD) == 0
    assert len(RULES) >= 20


@pytest.mark.parametrize(("text", "row", "cells"), BROKEN)
def test_a_broken_rule_is_counted(text, row, cells):
    found = {one.text: one for one in broken_flow_rules(with_cells(row, cells))}
    assert found[text].broken == 1
    bad = with_cells(row, cells)
    shares = {name: (real, made) for name, real, made in flow_rule_shares(GOOD, bad)}
    assert text not in shares or shares[text][1] < shares[text][0] == 1


@pytest.mark.parametrize(
    "names",
    [
        ["ts", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "duration",
         "orig_bytes", "resp_bytes", "conn_state", "orig_pkts", "orig_ip_bytes", "resp_pkts",
         "resp_ip_bytes"],
        ["ts", "te", "td", "sa", "da", "sp", "dp", "pr", "ipkt", "ibyt", "opkt", "obyt"],
        ["src_ip", "src_port", "dst_ip", "dst_port", "protocol", "src2dst_packets",
         "src2dst_bytes", "dst2src_packets", "dst2src_bytes"],
        ["dur", "proto", "spkts", "dpkts", "sbytes", "dbytes"],
    ],
)  # fmt: skip
def test_tables_of_other_meters_are_known(names):
    found = roles(names)
    assert {"protocol", "fwd_packets", "bwd_packets"} <= set(found)
    assert len(found) == len(names)


def test_tables_of_something_else_are_not():
    assert roles(["duration", "bytes", "state", "start"]) == {}
    assert broken_flow_rules(pl.DataFrame({"protocol": ["tcp"], "price": [3]})) == []
    assert share_broken(pl.DataFrame({"a": [1]})) != share_broken(pl.DataFrame({"a": [1]}))
