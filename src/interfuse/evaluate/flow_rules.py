"""Rules of the protocols, which flows of networks keep whoever metered them.

A table of flows is known by the names of its columns: those of interfuse's captures, of Zeek's
`conn.log`, nfdump, nfstream, nDPI, CICFlowMeter, UNSW-NB15 (`NAMES`). Each rule asks only of rows
that have its columns, and says how many break it; a share that real rows break too says what the
meter does, not what the model does. The average over rules is what FlowChronicle (Cüppers et al.,
CoNEXT 2024) calls domain knowledge compliance; its 20 rules are for NetFlow of one network, these
ask nothing about a network.

Bytes may count from the link layer or from IP on: rules hold for both.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import polars as pl

NAMES: dict[str, tuple[str, ...]] = {
    "start": ("start", "ts", "starttime", "stime", "firstseen", "bidirectionalfirstseenms"),
    "end": ("end", "te", "endtime", "ltime", "lastseen", "bidirectionallastseenms"),
    "duration": ("duration", "dur", "td", "durations", "flowduration", "bidirectionaldurationms"),
    "src_ip": ("srcip", "sa", "idorigh", "srcaddr", "sourceip", "srcipaddr"),
    "dst_ip": ("dstip", "da", "idresph", "dstaddr", "destinationip", "dstipaddr"),
    "src_port": ("srcport", "sp", "idorigp", "sourceport", "sport", "srcpt"),
    "dst_port": ("dstport", "dp", "idrespp", "destinationport", "dport", "dsport", "dstpt"),
    "protocol": ("protocol", "proto", "pr", "l4"),
    "state": ("connstate",),
    "fwd_packets": (
        "fwdpackets", "origpkts", "src2dstpackets", "c2spkts", "ipkt", "totfwdpkts",
        "totalfwdpackets", "spkts",
    ),
    "bwd_packets": (
        "bwdpackets", "resppkts", "dst2srcpackets", "s2cpkts", "opkt", "totbwdpkts",
        "totalbackwardpackets", "dpkts",
    ),
    "fwd_bytes": ("fwdbytes", "origipbytes", "src2dstbytes", "c2sbytes", "ibyt", "sbytes"),
    "bwd_bytes": ("bwdbytes", "respipbytes", "dst2srcbytes", "s2cbytes", "obyt", "dbytes"),
    "fwd_payload": ("fwdpayload", "origbytes"),
    "bwd_payload": ("bwdpayload", "respbytes"),
    "fwd_size_min": ("fwdsizemin", "src2dstminps", "fwdpktlenmin", "fwdpacketlengthmin"),
    "fwd_size_mean": ("fwdsizemean", "src2dstmeanps", "fwdpktlenmean", "fwdpacketlengthmean"),
    "fwd_size_max": ("fwdsizemax", "src2dstmaxps", "fwdpktlenmax", "fwdpacketlengthmax"),
    "bwd_size_min": ("bwdsizemin", "dst2srcminps", "bwdpktlenmin", "bwdpacketlengthmin"),
    "bwd_size_mean": ("bwdsizemean", "dst2srcmeanps", "bwdpktlenmean", "bwdpacketlengthmean"),
    "bwd_size_max": ("bwdsizemax", "dst2srcmaxps", "bwdpktlenmax", "bwdpacketlengthmax"),
    "fwd_flags": ("fwdflags",),
    "bwd_flags": ("bwdflags",),
    "iat_max": ("iatmax", "flowiatmax", "bidirectionalmaxpiatms"),
}  # fmt: skip
"""By role the names of columns, in lower case and without marks."""
_NUMBERS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmp6", "132": "sctp"}
_ICMP6 = ("ipv6-icmp", "icmpv6", "ipv6icmp")
_ONE_WAY = ("S0", "SH", "RSTOS0")
_BOTH_WAYS = ("SF", "S1", "S2", "S3", "REJ", "RSTO", "RSTR")
_DATAGRAM_PORTS = (67.0, 68.0, 69.0, 123.0, 137.0, 138.0, 161.0, 162.0, 520.0, 546.0, 547.0, 1900.0)
_STREAM_PORTS = (21.0, 22.0, 23.0, 25.0, 80.0, 110.0, 139.0, 143.0, 179.0, 445.0, 993.0, 995.0)
_NEAR = 1e-6


class FlowRule(NamedTuple):
    """A rule.

    Attributes:
        text: for people.
        needs: roles that it is about.
        holds: an expression of these; null in rows that it does not ask of.
    """

    text: str
    needs: tuple[str, ...]
    holds: pl.Expr


class Broken(NamedTuple):
    """How often a rule is broken.

    Attributes:
        text: the rule.
        asked: rows that it asks of.
        broken: rows of these that break it.
    """

    text: str
    asked: int
    broken: int

    @property
    def share(self) -> float:
        """Of the rows that it asks of; 0 without any."""
        return self.broken / self.asked if self.asked else 0.0


def roles(names: list[str]) -> dict[str, str]:
    """By role the column that has it; empty for a table that is none of flows."""
    plain = {re.sub(r"[^a-z0-9]", "", name.lower()): name for name in reversed(names)}
    found = {
        role: plain[alias]
        for role, aliases in NAMES.items()
        for alias in reversed(aliases)
        if alias in plain
    }
    ends = {"src_ip", "dst_ip"} <= set(found) or {"src_port", "dst_port"} <= set(found)
    counts = {"fwd_packets", "bwd_packets"} <= set(found)
    return found if "protocol" in found and (ends or counts) else {}


def broken_flow_rules(frame: pl.DataFrame) -> list[Broken]:
    """How often each rule is broken that a table has the columns for.

    Args:
        frame: a table of flows; of any other the answer is empty.
    """
    have = _as_roles(frame)
    out = []
    for rule in RULES if have is not None else ():
        if have is not None and set(rule.needs) <= set(have.columns):
            held = have.select(rule.holds.alias("held"))["held"]
            asked = len(held) - held.null_count()
            out.append(Broken(rule.text, asked, asked - int(held.sum() or 0)))
    return [one for one in out if one.asked]


def share_broken(frame: pl.DataFrame) -> float:
    """The share of rows that break a rule, averaged over rules; NaN without any."""
    all_of = [one.share for one in broken_flow_rules(frame)]
    return sum(all_of) / len(all_of) if all_of else float("nan")


def flow_rule_shares(real: pl.DataFrame, synthetic: pl.DataFrame) -> list[tuple[str, float, float]]:
    """Rows (rule, share of real rows that keep it, share of synthetic ones) for `evaluate`."""
    made = {one.text: one for one in broken_flow_rules(synthetic)}
    return [
        (one.text, 1 - one.share, 1 - made[one.text].share)
        for one in broken_flow_rules(real)
        if one.text in made
    ]


def _as_roles(frame: pl.DataFrame) -> pl.DataFrame | None:
    """The columns that have a role, under its name, as numbers or text; None if there are none."""
    found = roles(frame.columns)
    if not found:
        return None
    out = []
    for role, name in found.items():
        column = frame[name]
        if role in ("src_ip", "dst_ip", "protocol", "state", "fwd_flags", "bwd_flags"):
            column = column.cast(pl.String)
        elif column.dtype == pl.Duration:
            column = column.dt.total_microseconds() / 1e6
        elif column.dtype.is_temporal():
            column = column.cast(pl.Int64) / 1e6 if column.dtype == pl.Datetime else None
        else:
            column = column.cast(pl.Float64, strict=False)
        if column is not None:
            out.append(column.alias(role))
    have = pl.DataFrame(out)
    known = pl.col("protocol").str.to_lowercase().str.strip_chars()
    known = known.replace(_NUMBERS).replace(dict.fromkeys(_ICMP6, "icmp6"))
    return have.with_columns(known)


def _when(case: pl.Expr, holds: pl.Expr) -> pl.Expr:
    """A rule about some rows."""
    return pl.when(case).then(holds)


def _protocol(*names: str) -> pl.Expr:
    return pl.col("protocol").is_in(names)


def _six(name: str) -> pl.Expr:
    return pl.col(name).str.contains(":", literal=True)


def _multicast(name: str) -> pl.Expr:
    text = pl.col(name)
    return text.str.contains(r"^(?:22[4-9]|23\d)\.\d+\.\d+\.\d+$|^(?i:ff[0-9a-f]{2}:)")


def _least() -> pl.Expr:
    """Bytes of the shortest headers: of IPv4, which has the shorter one, and of transport."""
    transport = pl.when(_protocol("tcp")).then(20).when(_protocol("udp", "icmp", "icmp6")).then(8)
    return 20 + transport.otherwise(0)


def _about_packets() -> list[FlowRule]:
    f, b = pl.col("fwd_packets"), pl.col("bwd_packets")
    both = ("protocol", "fwd_packets", "bwd_packets")
    out = [
        FlowRule("a flow has a packet", both, f + b >= 1),
        FlowRule("numbers of packets are whole and not negative", both,
                 (f >= 0) & (b >= 0) & (f == f.round()) & (b == b.round())),
        FlowRule("a flow of one packet has no duration", (*both, "duration"),
                 _when(f + b == 1, pl.col("duration") <= _NEAR)),
        FlowRule("nobody answers to a group", (*both, "dst_ip"),
                 _when(_multicast("dst_ip"), b == 0)),
        FlowRule("a state without an answer has no packet back", (*both, "state"),
                 _when(pl.col("state").is_in(_ONE_WAY), b == 0)),
        FlowRule("a state with an answer has a packet back", (*both, "state"),
                 _when(pl.col("state").is_in(_BOTH_WAYS), (f > 0) & (b > 0))),
    ]  # fmt: skip
    return out


def _about_bytes(way: str) -> list[FlowRule]:
    n, size = pl.col(f"{way}_packets"), pl.col(f"{way}_bytes")
    least, mean, most = (pl.col(f"{way}_size_{end}") for end in ("min", "mean", "max"))
    needs = ("protocol", f"{way}_packets", f"{way}_bytes")
    some = n > 0
    payload = pl.col(f"{way}_payload")
    sizes = tuple(f"{way}_size_{end}" for end in ("min", "mean", "max"))
    return [
        FlowRule(f"{way}: bytes hold the headers of all packets", needs,
                 _when(some, size >= n * _least())),
        FlowRule(f"{way}: no packet is longer than 65,575 bytes and its frame", needs,
                 _when(some, size <= n * 65_600)),
        FlowRule(f"{way}: without packets there are no bytes", needs, _when(n == 0, size == 0)),
        FlowRule(f"{way}: bytes hold headers and payload", (*needs, f"{way}_payload"),
                 _when(some & payload.is_not_null(), size >= n * _least() + payload)),
        FlowRule(f"{way}: min <= mean <= max of sizes", sizes,
                 (least <= mean + _NEAR) & (mean <= most + _NEAR)),
        FlowRule(f"{way}: mean size is bytes by packets", (*needs, f"{way}_size_mean"),
                 _when(some & mean.is_not_null(), (mean * n - size).abs() <= 1 + _NEAR * size)),
        FlowRule(f"{way}: flags are of TCP alone", ("protocol", f"{way}_flags"),
                 _when(~_protocol("tcp"), pl.col(f"{way}_flags").is_null())),
    ]  # fmt: skip


def _about_ends() -> list[FlowRule]:
    s, d = pl.col("src_port"), pl.col("dst_port")
    ports, addresses = ("protocol", "src_port", "dst_port"), ("src_ip", "dst_ip")
    ported = _protocol("tcp", "udp", "sctp", "udplite", "dccp")
    fits = s.is_between(0, 65_535) & d.is_between(0, 65_535) & (s == s.round()) & (d == d.round())
    none = (s.fill_null(0) == 0) | (s < 256)  # Zeek and NetFlow have type and code there
    return [
        FlowRule("TCP and UDP have ports, of 16 bits", ports, _when(ported, fits.fill_null(False))),
        FlowRule("ICMP has no ports", ports,
                 _when(_protocol("icmp", "icmp6"), none)),
        FlowRule("well-known services of datagrams are no TCP", ports,
                 _when(d.is_in(_DATAGRAM_PORTS) & (s >= 1024), ~_protocol("tcp"))),
        FlowRule("well-known services of streams are no UDP", ports,
                 _when(d.is_in(_STREAM_PORTS) & (s >= 1024), ~_protocol("udp"))),
        FlowRule("both ends are of one version of IP", addresses, _six("src_ip") == _six("dst_ip")),
        FlowRule("ICMP is of the version of its ends", ("protocol", *addresses),
                 _when(_protocol("icmp6"), _six("src_ip"))),
        FlowRule("no group sends", ("src_ip",), ~_multicast("src_ip")),
        FlowRule("TCP has no groups", ("protocol", "dst_ip"),
                 _when(_protocol("tcp"), ~_multicast("dst_ip"))),
    ]  # fmt: skip


def _about_times() -> list[FlowRule]:
    start, end, lasts = pl.col("start"), pl.col("end"), pl.col("duration")
    return [
        FlowRule("a duration is not negative", ("protocol", "duration"), lasts >= 0),
        FlowRule("a flow ends after it starts", ("start", "end"), end >= start),
        FlowRule("the longest gap is in the flow", ("duration", "iat_max"),
                 pl.col("iat_max") <= lasts * (1 + _NEAR) + _NEAR),
    ]  # fmt: skip


RULES: tuple[FlowRule, ...] = (
    *_about_packets(),
    *_about_bytes("fwd"),
    *_about_bytes("bwd"),
    *_about_ends(),
    *_about_times(),
)
