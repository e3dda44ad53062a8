"""Logs of known programs whose lines have one of a few layouts (`layout` has the notation).

| format | lines of |
|---|---|
| `haproxy` | HAProxy's HTTP and TCP logs, alone or behind the head of syslog |
| `squid` | Squid's own layout |
| `aws-alb`, `aws-elb`, `aws-s3`, `aws-vpc` | load balancers, S3, flows of a VPC without names |
| `bind`, `dnsmasq` | queries to name servers |
| `tcpdump`, `tshark` | packets as `tcpdump -n`, with or without dates, and `tshark` print them |
| `fast-log` | alerts of Suricata and Snort |
| `nginx-error`, `apache-error` | errors of web servers |
| `nfdump-long`, `argus`, `yaf` | flows as nfdump, `ra` and `yafscii` print them |

A column that a line lacks is missing in it; a drawn row is written in the layout whose columns it
has most of.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from interfuse.io.logs.layout import Layout
from interfuse.io.logs.textlog import Parts, TextLog
from interfuse.io.textforms import Said

LEAST = 0.8
"""Of the first lines so many are in a layout; a file of syslog where a program writes less is one
of syslog."""


class Layouts(TextLog):
    """A log of lines in a few layouts.

    Args:
        name: of the format.
        what: a line, for people.
        texts: the layouts.
        beside: lines around the others, as one of names; the first is written again.
    """

    def __init__(
        self, name: str, what: str, texts: Sequence[str], beside: str | None = None
    ) -> None:
        self.name = name  # pyright: ignore[reportAttributeAccessIssue]
        self.line = f"line of {what}"  # pyright: ignore[reportAttributeAccessIssue]
        self.beside = re.compile(beside) if beside else None
        self.layouts = [Layout(text) for text in texts]
        each = "|".join(one.pattern for one in self.layouts)
        self.pattern = f"^ *(?:{each}) *$"
        self.form = re.compile(self.pattern)

    def parts_of(self, lines: Sequence[str]) -> Parts | None:
        """All layouts as one expression; None if most lines are in none of them."""
        beside = [x for x in lines if self.beside is not None and self.beside.match(x)]
        found = [m for line in lines if line not in beside and (m := self.form.match(line))]
        if not found or len(found) + len(beside) < LEAST * len(lines):
            return None
        said: dict[str, Said] = {}
        always: dict[str, list[str]] = {}
        first = 1
        for i, one in enumerate(self.layouts):
            own = [m for m in found if any(m.groups()[first - 1 : first - 1 + len(one.names)])]
            always[str(i)] = one.always(own, first)
            said |= {n: s for n, s in one.said.items() if own and n not in said}
            first += len(one.names)
        more: dict[str, Any] = {"always": always}
        if lines[0] in beside:
            more["head"] = lines[0]
        names = tuple(f"{i} {n}" for i, n in self._parts())
        return Parts(self.pattern, names, said, more)

    def _parts(self) -> list[tuple[int, str]]:
        return [(i, n) for i, one in enumerate(self.layouts) for n in one.names]

    def columns(self, parts: pl.LazyFrame) -> pl.LazyFrame:
        """Columns of all layouts, without those that no line has."""
        of: dict[str, list[pl.Expr]] = {}
        for i, one in enumerate(self.layouts):
            for name, text in zip(
                one.names, one.columns([f"{i} {n}" for n in one.names]), strict=True
            ):
                of.setdefault(name, []).append(text)
        whole = parts.select(pl.coalesce(each).alias(name) for name, each in of.items())
        some = whole.select(pl.all().is_not_null().any()).collect().row(0, named=True)
        return whole.select(n for n, any_ in some.items() if any_)

    def lines(self, text: pl.DataFrame, said: Mapping[str, Any]) -> pl.Series:
        """Lines, each in the layout that fits it best; further columns are not written."""
        names = list(dict.fromkeys(n for _, n in self._parts()))
        have = text.columns
        text = text.with_columns(pl.lit(None, pl.String).alias(n) for n in names if n not in have)
        own = [n for n in names if n in have]
        scores = [
            pl.when(one.fits(own)).then(one.given(own)).otherwise(one.given(own) - 1000)
            for one in self.layouts
        ]
        best = pl.concat_list(scores).list.arg_max()
        line: pl.Expr = pl.lit(None, pl.String)
        always = said.get("always")
        for i, one in enumerate(self.layouts):
            names = always.get(str(i)) if isinstance(always, dict) else None
            own = one.line(set(map(str, names or ())))
            line = pl.when(best == i).then(own).otherwise(line)
        return text.select(line.str.strip_chars_end().alias("line")).to_series()


_HAPROXY = "<client:a>:<client_port:n> [<time:t>] <frontend> <backend>/<server> "
_QUEUES = (
    "<actconn:n>/<feconn:n>/<beconn:n>/<srvconn:n>/<retries:n> <srv_queue:n>/<backend_queue:n>"
)
_HTTP = (
    _HAPROXY + "<tq:n>/<tw:n>/<tc:n>/<tr:n>/<ta:n> <status:n> <bytes_read:n> <request_cookie> "
    f"<response_cookie> <termination_state> {_QUEUES}"
    '« {<request_headers:x>}»« {<response_headers:x>}» "<url:r>"'
)
_TCP = _HAPROXY + f"<tw:n>/<tc:n>/<tt:n> <bytes_read:n> <termination_state> {_QUEUES}"
_TAGGED = "«<pri:p>»«<logged:t> <host> »«<program=haproxy>[<pid:n>]: »"
_CLOCKS = "<request_processing_time:n> <{0}_processing_time:n> <response_processing_time:n> "
_CODES = "<elb_status_code:n> <{0}_status_code:n> <received_bytes:n> <sent_bytes:n> "
_ALB = (
    "<type=http|https|h2|grpcs|ws|wss> <time:t> <elb> <client:a>:<client_port:n> <target:a>"
    "«:<target_port:n>» " + (_CLOCKS + _CODES).format("target") + '"<url:r>" "<user_agent>" '
    "<ssl_cipher> <ssl_protocol> <target_group_arn> "
    '"<trace_id>" "<domain_name>" "<chosen_cert_arn>" <matched_rule_priority:c> '
    '<request_creation_time:t> "<actions_executed>" "<redirect_url>" "<error_reason>"'
    '« "<target_port_list>" "<target_status_code_list>"»« "<classification>" '
    '"<classification_reason>"»« <conn_trace_id>»'
)
_ELB = (
    "<time:t> <elb> <client:a>:<client_port:n> <backend:a>«:<backend_port:n>» "
    + (_CLOCKS + _CODES).format("backend")
    + '"<url:r>"« "<user_agent>" <ssl_cipher> <ssl_protocol>»'
)
_S3 = (
    "<bucket_owner> <bucket> [<time:t>] <remote_ip:a> <requester> <request_id> <operation> <key> "
    '"<url:r>" <status:n> <error_code> <bytes_sent:n> <object_size:n> <total_time:n> '
    '<turn_around_time:n> "<referrer>" "<user_agent>" <version_id>« <host_id> '
    "<signature_version> <cipher_suite> <authentication_type> <host_header>« <tls_version>»"
    "« <access_point_arn>»« <acl_required>»»"
)
_VPC = (
    "<version:c> <account_id> <interface_id> <srcaddr:a> <dstaddr:a> <srcport:n> <dstport:n> "
    "<protocol:c> <packets:n> <bytes:n> <start:t> <end:t> <action=ACCEPT|REJECT|-> "
    "<log_status=OK|NODATA|SKIPDATA>"
)
_BIND = (
    "<time:t> «<host> <program=named>[<pid:n>]: »«queries: »«<severity=info|debug|notice>: »"
    "«client »«@<client_id> »<client:a>#<client_port:n>« (<name>)»: «view <view>: »"
    "query: <query> <class> <query_type> <flags>« (<server:a>)»"
)
_MASQ = "<time:t> «<host> »dnsmasq[<pid:n>]: «<serial:n> <requestor:a>/<requestor_port:n> »"
_DNSMASQ = (
    "<event=query>[<query_type>] <name> from <client:a>",
    "<event=forwarded> <name> to <server>",
    "<event=reply|cached|cached-stale|config> <name> is <answer:x>",
    "<event=gravity blocked|exactly blacklisted|regex blacklisted> <name> is <answer:x>",
)
_IP = "<time:t> «<interface> <direction=In|Out|B|M|P> »<family=IP|IP6> «(<header:x>) »"
_FRAME = (
    "<time:t> <src_mac> > <dst_mac>, ethertype <family=IPv4|IPv6> (<ethertype>), length "
    "<frame_length:n>: «(<header:x>) »"
)
_ENDS = "<src:a>.<src_port:n> > <dst:a>.<dst_port:n>: "
_PACKETS = (
    _ENDS + "Flags [<flags>], «cksum <checksum:x>, »«seq <seq:n>«:<seq_end:n>», »«ack <ack:n>, »"
    "«win <win:n>, »«urg <urg:n>, »«options [<options:x>], »length <length:n>«: <info:x>»",
    _ENDS + "<protocol=UDP>, «bad <bad:x> »length <length:n>",
    _ENDS + "<query_id:n>+ <info:x>",
    _ENDS + "<query_id:n> <info:x>",
    _ENDS + "<info:x>",
    "<src:a> > <dst:a>: <info:x>, length <length:n>",
    "<src:a> > <dst:a>: <info:x>",
)
_TCPDUMP = (
    *(_IP + one for one in _PACKETS),
    *(_FRAME + one for one in _PACKETS),
    "<time:t> «<interface> <direction=In|Out|B|M|P> »<family=ARP>, <info:x>, length <length:n>",
)
_TSHARK = "<number:n>5> <time:n>10> <source> → <destination> <protocol> <length:n> "
_FAST = (
    "  [**] [<gid:c>:<sid:c>:<rev:c>] <message:x> [**] "
    "«[Classification: <classification:x>] »«[Priority: <priority:n>] »{<protocol>} "
    "<src_ip:a>«:<src_port:n>» -> <dst_ip:a>«:<dst_port:n>»"
)
_NGINX = (
    "<time:t> [<level>] <pid:n>#<tid:n>: «*<connection:n> »<message:x>«, client: <client:a>»"
    '«, server: <server:x>»«, request: "<url:r>"»«, subrequest: "<subrequest>"»'
    '«, upstream: "<upstream>"»«, host: "<host>"»«, referrer: "<referrer>"»'
)
_APACHE = (
    "[<time:t>] [«<module>:»<level>] «[pid <pid:n>«:tid <tid:n>»] »«[<source>] »"
    "«[client <client:a>«:<client_port:n>»] »«AH<code:c>: »<message:x>"
)
_FLOW = "<src_ip:a>:<src_port>  -> <dst_ip:a>:<dst_port> "
_NFDUMP = (
    "<first_seen:t> «<event=CREATE|DELETE|DENIED|ALERT|INVALID|IGNORE> <xevent> »<duration:n>9> "
    f"<protocol> {_FLOW}«<flags> <tos:n>3> »<packets:s>8> <bytes:s>8> <flows:n>5>",
)
_ARGUS = (
    "<start_time:t> <flags:x>  <proto> <src_addr:a>«.<sport>» <dir> <dst_addr:a>«.<dport>» "
    "<tot_pkts:n>8> <tot_bytes:n>10> <state>"
)
_YAF_HEAD = (
    "<start:t> - <end:t> (<duration:n> sec) <protocol> <src_ip:a>:<src_port:n> => "
    "<dst_ip:a>:<dst_port:n> «<isn>:<risn> »«<flags> »"
)
_YAF = (
    _YAF_HEAD + "(<packets:n>/<bytes:n> <-> <rpackets:n>/<rbytes:n>) rtt <rtt:n> ms« <reason:x>»",
    _YAF_HEAD + "(<packets:n>/<bytes:n> ->)« <reason:x>»",
)

FORMATS = (
    Layouts("haproxy", "HAProxy", [_TAGGED + _HTTP, _TAGGED + _TCP]),
    Layouts("squid", "Squid", [
        "<time:t> <elapsed:n>6> <client:a> <result>/<status:c> <bytes:n> <method> <url> <user> "
        "<hierarchy>/<peer> <content_type>",
    ]),
    Layouts("aws-alb", "a load balancer of AWS", [_ALB]),
    Layouts("aws-elb", "a classic load balancer of AWS", [_ELB]),
    Layouts("aws-s3", "an access log of S3", [_S3]),
    Layouts("aws-vpc", "a flow log of a VPC", [_VPC]),
    Layouts("bind", "BIND's log of queries", [_BIND]),
    Layouts("dnsmasq", "dnsmasq's log of queries", [_MASQ + one for one in _DNSMASQ]),
    Layouts("tcpdump", "`tcpdump -n`", _TCPDUMP),
    Layouts("tshark", "what `tshark` prints", [_TSHARK + one for one in (
        "<src_port:n> → <dst_port:n> [<flags:x>] Seq=<seq:n> «Ack=<ack:n> »Win=<win:n> Len=<len:n>"
        "« <options:x>»",
        "<src_port:n> → <dst_port:n> <info:x>",
        "<info:x>",
    )]),
    Layouts("fast-log", "alerts of Suricata or Snort", ["<time:m>" + _FAST, "<time:t>" + _FAST]),
    Layouts("nginx-error", "Nginx's log of errors", [_NGINX]),
    Layouts("apache-error", "Apache's log of errors", [_APACHE]),
    Layouts("nfdump-long", "flows as nfdump prints them", _NFDUMP,
            r"^(Date first seen|Summary:|Time window:|Total flows|Sys:|Aggregated flows|Top )"),
    Layouts("argus", "flows as Argus' `ra` prints them", [_ARGUS], r"^ *StartTime "),
    Layouts("yaf", "flows as YAF prints them", _YAF),
)  # fmt: skip
