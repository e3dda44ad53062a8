"""Addresses: private stays private, busy stays busy, and no rare one is kept or comes back."""

import ipaddress

import numpy as np
import polars as pl
import pytest

import interfuse
from interfuse.errors import ConditionError, InterfuseWarning, SchemaError
from interfuse.internet import CLASSES, Addresses, parse, written
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.fields import field_class
from interfuse.kinds.table.fields.networks import Networks
from interfuse.kinds.table.fields.pseudonyms import feistel, new_prefix
from interfuse.kinds.table.infer import infer_schema
from interfuse.kinds.table.schema import ColumnSpec

PLANTED = ("198.41.0.4", "2001:500:2f::f", "192.168.77.201", "10.99.1.7")


def classes(column):
    found, _ = parse(column.drop_nulls())
    return [CLASSES[k].name for k in found.classes()]


@pytest.fixture(scope="module")
def flows():
    """Clients of two private networks, some servers, and four hosts of one row each."""
    rng = np.random.default_rng(0)
    n = 600
    client = [f"192.168.{[3, 9][i % 2]}.{rng.zipf(1.6) % 90 + 10}" for i in range(n)]
    public = [f"93.184.{rng.integers(0, 4)}.{rng.zipf(1.5) % 200 + 1}" for i in range(n)]
    fixed = ["224.0.0.251", "255.255.255.255", "fe80::1%eth0", "2a00:1450:4001::200e"]
    server = [fixed[i % 4] if i % 5 == 0 else public[i] for i in range(n)]
    client[7], server[11], client[13], server[17] = PLANTED
    port = [5353 if s == fixed[0] else 443 for s in server]
    return pl.DataFrame({"src_ip": client, "dst_ip": server, "port": port})


@pytest.fixture(scope="module")
def model(flows):
    return interfuse.fit(flows, examples=8_000, seed=1)


def test_every_text_comes_back_as_it_was():
    texts = ["0.0.0.0", "192.0.2.255", "::", "fe80::1%eth0", "2001:DB8::A", "[2001:db8::1]"]
    texts += ["::ffff:192.0.2.1", "192.0.2.0/24", "2001:db8::/32", "00:1B:21:0a:0B:0C".lower()]
    texts += ["0123.4567.89ab", "AA-BB-CC-DD-EE-FF", "2001:0db8:0000:0000:0000:0000:0000:0001"]
    column = pl.Series(texts)
    found, forms = parse(column)
    assert written(found, forms).to_list() == texts
    bad = pl.Series(["256.1.1.1", "01.2.3.4", "1.2.3", "1::2::3", "192.0.2.1/33", "", None, "ip"])
    assert not parse(bad)[0].family.any()


def test_classes_are_those_of_the_standard_library():
    rng = np.random.default_rng(1)
    low = rng.integers(0, 2**32, 4_000, dtype=np.uint64)
    low[:40] = [int(ipaddress.ip_address(f"{o}.{o}.1.1")) for o in range(90, 130)]
    found = Addresses(np.full(len(low), 4, np.uint8), np.zeros(len(low), np.uint64), low)
    for number, kind in zip(low.tolist(), found.classes().tolist(), strict=True):
        address, name = ipaddress.ip_address(number), CLASSES[kind].name
        assert address.is_multicast == name.startswith("multicast")
        assert address.is_loopback == (name == "loopback")
        assert address.is_link_local == (name == "link-local")
        if name == "public":
            assert address.is_global
        if name.startswith("private"):
            assert address.is_private


def test_new_prefixes_keep_classes_and_common_prefixes():
    public = next(c for c in CLASSES if c.family == 4 and c.length == 0)
    rng = np.random.default_rng(2)
    key = b"k" * 32
    whole = [o for o in range(1, 224) if o not in (10, 100, 127, 169, 172, 192, 198, 203)]
    old = [int(rng.choice(whole)) << 16 | int(rng.integers(2**16)) for _ in range(300)]
    old += [x ^ 1 << int(rng.integers(16)) for x in old]
    new = [new_prefix(key, public, x, 24) for x in old]
    assert len(set(new)) == len(set(old)), "one to one"
    assert {x >> 16 for x in new} <= set(whole), "public stays public"
    for i in range(300):
        # Crypto-PAn: as many leading bits in common as before, from the first octet on.
        assert (old[i] ^ old[i + 300]).bit_length() == (new[i] ^ new[i + 300]).bit_length()
    assert np.mean([a == b for a, b in zip(old, new, strict=True)]) < 0.05
    ten = next(c for c in CLASSES if c.name.startswith("private 10"))
    assert {new_prefix(key, ten, 10 << 16 | x, 24) >> 16 for x in range(50)} == {10}


def test_hosts_are_a_permutation():
    x = np.arange(2**16, dtype=np.uint64)
    assert (np.sort(feistel(99, 16, x)) == x).all()
    assert (feistel(99, 16, x) != x).mean() > 0.99
    first = int(ipaddress.ip_address("192.168.5.1"))
    low = np.arange(first, first + 254, dtype=np.uint64)
    found = Addresses(np.full(254, 4, np.uint8), np.zeros(254, np.uint64), low)
    networks = Networks.learn(found, np.full(254, 30), real=True, recognise=True)
    made = networks.address(np.zeros(254, np.int64), np.arange(254))
    assert sorted(made.low.tolist()) == sorted(low.tolist()), "all 254 hosts, each once"


def test_columns_share_hosts_and_networks(flows):
    turned = flows.rename({"src_ip": "dst_ip", "dst_ip": "src_ip"}).select(flows.columns)
    swapped = pl.concat([flows, turned])
    codec = TableCodec.fit(swapped, infer_schema(swapped))
    cells = codec.encode(swapped).codes
    one, two = (cells[:, codec.places[n].codes] for n in ("src_ip", "dst_ip"))
    assert (one[:600] == two[600:]).all()
    out = codec.decode(cells, np.zeros((1200, 0)), np.zeros(1200, np.int64), 3)
    # A bin of one host: the host that it is in one column it is in the other.
    single = one[:600, 1] < 16
    source, target = out["src_ip"][:600], out["dst_ip"][600:]
    assert source.filter(single).to_list() == target.filter(single).to_list()


def test_what_is_drawn_is_alike_and_nobody_real(flows, model):
    drawn = model.generate(600, seed=2)
    seen = {*classes(flows["src_ip"]), *classes(flows["dst_ip"])}
    for name in ("src_ip", "dst_ip"):
        assert set(classes(drawn[name])) <= seen
    assert set(PLANTED).isdisjoint([*drawn["src_ip"], *drawn["dst_ip"]])
    real, made = flows["dst_ip"].str.starts_with("224."), drawn["dst_ip"].str.starts_with("224.")
    assert abs(real.mean() - made.mean()) < 0.05, "multicast is what it is for, as often"
    assert {"224.0.0.251"} == set(drawn["dst_ip"].filter(made))
    public = [c == "public" for c in classes(drawn["dst_ip"])]
    assert not set(drawn["dst_ip"].filter(public)) & set(flows["dst_ip"])
    # The busiest hosts are as busy: 600 rows of a share of .1 have a deviation of .012.
    busy = [c["src_ip"].value_counts(sort=True)["count"][0] / 600 for c in (flows, drawn)]
    assert abs(busy[0] - busy[1]) < 0.1
    assert drawn.equals(model.generate(600, seed=2))


def test_no_rare_address_is_in_the_run_folder(model, tmp_path):
    model.save(tmp_path / "run")
    stored = b"".join(p.read_bytes() for p in sorted((tmp_path / "run").rglob("*")) if p.is_file())
    for text in PLANTED:
        number = int(ipaddress.ip_address(text))
        # As text, as a number in both orders of bytes, and without the last byte, its network.
        size = 4 if number < 2**32 else 16
        forms = [text.encode(), number.to_bytes(size, "big"), number.to_bytes(size, "little")]
        assert not [f for f in forms if f in stored], text
    again = interfuse.load(tmp_path / "run", kind="table")
    assert again.generate(300, seed=5).equals(model.generate(300, seed=5))


def test_rows_asked_about_are_known_by_their_networks(flows, model, tmp_path):
    model.save(tmp_path / "run")
    again = interfuse.load(tmp_path / "run", kind="table")
    codec, stored = model.codec, again.codec
    cells = codec.encode(flows).codes
    for name in ("src_ip", "dst_ip"):
        place = codec.places[name].codes
        known, _ = stored.fields[name].known_cells(flows[name])
        # A tag of 16 bits is another network's by chance: n networks, 2^-16 n of the rows.
        assert (known[:, 0] == cells[:, place.start]).mean() > 0.98
        seen = known[:, 1] >= 0
        # Of 12 bits a host: 256 of them meet 3 busy ones in a fifth of all networks.
        assert (known[seen, 1] == cells[seen, place.start + 1]).mean() > 0.98
    scores, twin = model.detect(flows.head(50)), again.detect(flows.head(50))
    assert np.array_equal(scores.score, twin.score)
    odd = flows.head(50).with_columns(dst_ip=pl.lit("10.0.0.1"))
    assert (model.detect(odd).score > scores.score).mean() > 0.9, "nobody talks to that class"


def test_known_cells_come_back(flows, model):
    rows = flows.head(30).with_columns(port=pl.Series([None] * 30, dtype=pl.Int64))
    filled = model.impute(rows, draws=2).median()
    assert filled["src_ip"].equals(flows["src_ip"].head(30))
    holes = flows.head(30).with_columns(dst_ip=pl.Series([None] * 30, dtype=pl.String))
    assert model.impute(holes, draws=2).frame(0)["dst_ip"].null_count() == 0


@pytest.mark.parametrize(
    ("given", "prefix"),
    [
        ("src_ip in 192.168.0.0/16", "192.168.0.0/16"),
        ("dst_ip in 93.184.2.0/24", "93.184.2.0/24"),
        ("dst_ip in 8.8.0.0/16", "8.8.0.0/16"),
        ("src_ip=192.168.3.11", "192.168.3.11/32"),
    ],
)
def test_conditions_name_prefixes(model, given, prefix):
    name = given.split(" ")[0].split("=")[0]
    drawn = model.generate(200, given=given, seed=1)[name]
    net = ipaddress.ip_network(prefix)
    assert all(ipaddress.ip_address(a) in net for a in drawn)
    other = model.generate(200, given=f"{name} not in {prefix}", seed=1)[name]
    assert not any(ipaddress.ip_address(a.split("%")[0]) in net for a in other)


def test_bad_prefixes_are_said(model):
    with pytest.raises(ConditionError, match=r"has host bits set\. Mend the prefix"):
        model.generate(3, given="src_ip in 10.1.2.3/8")
    with pytest.raises(ConditionError, match="'x' is no address and was never seen"):
        model.generate(3, given="src_ip=x")


def test_what_is_no_address_is_left_alone():
    schema = infer_schema(pl.DataFrame({"ip": ["US10123", "EP77", "patent"] * 40}))
    assert schema["ip"].kind == "category", "intellectual property"
    versions = infer_schema(pl.DataFrame({"version": ["1.2.3.4", "1.2.3.5"] * 60}))
    assert versions["version"].kind == "category"
    frame = pl.DataFrame({"ip": ["10.0.0.1", "10.0.0.2"] * 200 + ["-"] * 4})
    assert infer_schema(frame)["ip"].kind == "address"
    with pytest.warns(InterfuseWarning, match="4 values are no address, each in fewer than 20"):
        field = field_class("address").fit(frame["ip"], ColumnSpec("ip", "address", pl.String()))
    cells = field.encode(frame["ip"]).codes
    out = field.decode(cells, np.zeros((404, 0)), np.arange(404), 0)
    assert out[400:].null_count() == 4
    often = pl.Series("ip", [*frame["ip"], *["-"] * 30])
    field = field_class("address").fit(often, ColumnSpec("ip", "address", pl.String()))
    out = field.decode(field.encode(often).codes, np.zeros((434, 0)), np.arange(434), 0)
    assert out[400:].to_list() == ["-"] * 34
    with pytest.raises(SchemaError, match="is of kind 'address' but holds 'a'"):
        field_class("address").fit(
            pl.Series("x", ["a", "b"]), ColumnSpec("x", "address", pl.String())
        )


def test_whole_numbers_named_so_are_addresses():
    low = pl.Series("src_ip", [3232235777 + i % 50 for i in range(300)], dtype=pl.UInt32)
    schema = infer_schema(pl.DataFrame({"src_ip": low, "bytes": low}))
    assert [c.kind for c in schema.columns] == ["address", "number"]
    field = field_class("address").fit(low, ColumnSpec("src_ip", "address", pl.UInt32()))
    out = field.decode(field.encode(low).codes, np.zeros((300, 0)), np.arange(300), 0)
    assert out.dtype == pl.UInt32
    assert (out // 2**16 == 0xC0A8).all(), "192.168/16"


def test_real_networks_stay_if_asked(flows):
    codec = TableCodec.fit(flows, infer_schema(flows).with_option("real", True))
    cells = codec.encode(flows)
    drawn = codec.decode(cells.codes, cells.scores, np.arange(600), 1)
    three = flows["src_ip"].str.starts_with("192.168.3.")
    assert (drawn["src_ip"].str.starts_with("192.168.3.") == three).mean() > 0.98
    assert (drawn["src_ip"] == flows["src_ip"]).mean() < 0.1, "hosts are made anew all the same"
    model = interfuse.fit(flows, examples=500, real_networks=True, kind="table")
    assert model.schema["src_ip"].options == {"real": True}


def test_macs_keep_their_makers_and_subnets_their_zeros():
    macs = pl.Series("mac", [f"00:1b:21:00:00:{i % 60:02x}" for i in range(300)])
    nets = pl.Series("net", [f"10.{i % 9}.0.0/16" for i in range(300)])
    frame = pl.DataFrame([macs, nets])
    assert [c.kind for c in infer_schema(frame).columns] == ["mac", "subnet"]
    codec = TableCodec.fit(frame, infer_schema(frame))
    out = codec.decode(codec.encode(frame).codes, np.zeros((300, 0)), np.arange(300), 1)
    assert (out["mac"].str.head(8) == "00:1b:21").all()
    assert len(set(out["mac"]) & set(macs)) < 5, "256^3 stations have room"
    assert all(ipaddress.ip_network(n).prefixlen == 16 for n in out["net"])
