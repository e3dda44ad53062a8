"""Ports, URLs, agents, names of hosts, and plain categories of the internet."""

import re
from typing import Any

import numpy as np
import polars as pl
import pytest

from interfuse.errors import ConditionError, InterfuseWarning, SchemaError
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.fields import field_class
from interfuse.kinds.table.fields.port import RANGES
from interfuse.kinds.table.infer import infer_schema
from interfuse.kinds.table.schema import ColumnSpec

N = 600


def fitted(kind, column) -> Any:
    return field_class(kind).fit(column, ColumnSpec(column.name, kind, column.dtype))


def drawn(field, column, seed=1):
    cells = field.encode(column)
    scores = np.nan_to_num(cells.scores.astype(float), nan=np.nan)
    return field.decode(cells.codes.astype(int), scores, np.arange(len(column)), seed)


def kinds(**columns):
    schema = infer_schema(pl.DataFrame(columns))
    return [c.kind for c in schema.columns]


def test_columns_of_logs_are_recognised():
    rng = np.random.default_rng(0)
    names = [f"{'ab'[i % 2]}{i}.example.com" for i in range(N)]
    assert kinds(
        sport=rng.integers(1024, 60_000, N),
        id_resp_p=rng.integers(0, 60_000, N),
        airport=rng.integers(0, 60_000, N),
        uri=[f"/item/{i}" for i in range(N)],
        folder=[f"/item/{i % 70}" for i in range(N)],
        referrer=[f"https://example.org/{i}" for i in range(N)],
        user_agent=[f"curl/7.{i}.0" for i in range(N)],
        query=names,
        status_code=[200, 404, 500] * (N // 3),
        src_asn=[f"AS{i % 90}" for i in range(N)],
        country=["AT", "US", "CN"] * (N // 3),
        tcp_flags=["S", "··AP·SF", "0x12"] * (N // 3),
        file=[f"report{i % 60}.pdf" for i in range(N)],
    ) == [
        *("port", "port", "number", "url", "category", "url", "user_agent", "hostname"),
        *("status", "asn", "country", "tcp_flags", "category"),
    ]


def test_services_keep_their_ports_and_others_their_range():
    rng = np.random.default_rng(1)
    values = np.where(rng.random(4000) < 0.5, rng.choice([22, 80, 443], 4000), 0)
    values = np.where(values == 0, rng.integers(32_768, 61_000, 4000), values)
    column = pl.Series("port", values)
    field = fitted("port", column)
    cells = field.encode(column)
    z = rng.normal(size=(4000, 1))
    out = field.decode(cells.codes.astype(int), z, np.arange(4000), 1).to_numpy()
    service = np.isin(values, [22, 80, 443])
    assert (out[service] == values[service]).all()
    where = [np.searchsorted(RANGES, x[~service], side="right") for x in (values, out)]
    assert (where[0] == where[1]).all()
    assert field.cells[0].ordered == 0, "22 is no neighbour of 23"


@pytest.mark.parametrize("dtype", [pl.Int64, pl.String])
def test_a_port_that_is_the_other_one_comes_back_as_it(dtype):
    """As of time servers, which ask from the port they answer at."""
    r = np.random.default_rng(4)
    n = 2_000
    source = r.integers(30_000, 60_000, n)
    other = np.where(r.random(n) < 0.1, source, r.integers(5_000, 5_200, n))
    frame = pl.DataFrame({"src_port": source, "dst_port": other}).cast(dtype)
    codec = TableCodec.fit(frame, infer_schema(frame))
    assert codec.fields["dst_port"].kind == "port"
    code = codec.links.code("dst_port", 0)
    cells = codec.encode(frame)
    same = (frame["src_port"] == frame["dst_port"]).to_numpy()
    assert np.array_equal(cells.codes[:, codec.places["dst_port"].codes.start] == code, same)
    z = np.zeros((n, codec.numbers))
    made = codec.decode(cells.codes, z, np.arange(n))
    assert made.schema == frame.schema
    assert np.array_equal((made["src_port"] == made["dst_port"]).to_numpy()[same], same[same])


def test_ports_as_text_are_text_again():
    text = pl.Series("port", [str(p) for p in [22, 443, *range(5_000, 5_100)] * 6])
    schema = infer_schema(pl.DataFrame([text]))
    assert schema["port"].kind == "port"
    assert drawn(fitted("port", text), text).cast(pl.Int64).is_between(22, 5_099).all()
    odd = pl.Series("port", [*text, "-"])
    with pytest.warns(InterfuseWarning, match="1 value is no port"):
        assert fitted("port", odd).special == ("missing",)
    with pytest.raises(SchemaError, match="holds 70000; ports are 0 to 65535"):
        fitted("port", pl.Series("port", [80, 70_000]))


def test_urls_of_few_rows_are_filled_anew():
    values = [
        ["/", f"/user/{i % 290 + 10_000}/photo", f"/x{i:08x}/ada.lovelace.{i}"][i % 3]
        for i in range(N)
    ]
    column = pl.Series("url", values)
    field = fitted("url", column)
    out = drawn(field, column)
    assert out.filter(column == "/").to_list() == ["/"] * 200
    users = out.filter(column.str.starts_with("/user/"))
    assert users.str.contains(r"^/user/\d{5}/photo$").all()
    # 97 or so real numbers of 90,000: .2 of 200 by chance.
    assert len(set(users) & set(values)) < 5
    assert not set(out.filter(out != "/")) & set(column.filter(column.str.contains("ada")))
    kept = "".join(field.values.drop_nulls())
    assert "10000" not in kept
    assert not re.search("x0000[0-9a-f]{4}", kept)


def test_agents_and_names_keep_what_many_rows_have():
    agents = pl.Series(
        "ua", [f"Mozilla/5.0 (X11; Linux) Chrome/{100 + i % 4}.0.{i}.7" for i in range(N)]
    )
    out = drawn(fitted("user_agent", agents), agents)
    form = r"^Mozilla/\d\.0 \(X11; Linux\) Chrome/\d{3}\.0\.\d+\.\d$"
    assert out.str.contains(form).sum() > 0.95 * N
    hosts = pl.Series("host", [f"d{i:05x}qv.cdn.example.net" for i in range(N)])
    out = drawn(fitted("hostname", hosts), hosts)
    assert out.str.ends_with(".cdn.example.net").all()
    assert not set(out) & set(hosts)


def test_words_that_are_made_can_be_spoken():
    rng = np.random.default_rng(7)
    words = ["".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), 9)) for _ in range(N)]
    hosts = pl.Series("host", [f"{w}.example.net" for w in words])
    made = drawn(fitted("hostname", hosts), hosts).str.strip_suffix(".example.net")
    assert made.str.contains("^[a-z]{9}$").all()
    assert not made.str.contains("[^aeiou]{2}|[aeiou]{2}").any()
    # Some 15 of the others and 4 vowels effectively: 2e8 words, of which two of N are one in .001.
    assert made.n_unique() >= N - 1
    assert not set(made) & set(words)


def test_texts_never_seen_get_what_they_have():
    column = pl.Series("url", [f"/user/{10_000 + i}" for i in range(N)])
    field = fitted("url", column)
    again = type(field).from_json("url", pl.String(), field.to_json(), field.arrays())
    known, _ = again.known_cells(pl.Series("url", ["/user/99999", "mailto:x", None]))
    assert known[0, 0] == field.encode(column).codes[0, 0]
    assert known[1, 0] == known[2, 0] == -1, "neither was seen"


def test_a_class_of_codes_may_be_asked_for():
    column = pl.Series("status", [200, 204, 404, 503] * 50)
    field = fitted("status", column)
    limit = field.word("4xx")
    codes = field.encode(pl.Series("status", [200, 204, 404, 503])).codes[:, 0]
    assert limit is not None
    assert limit.weight[codes].tolist() == [0, 0, 1, 0]
    other = field.word_except("2xx")
    assert other is not None
    assert other.weight[codes].tolist() == [0, 0, 1, 1]
    with pytest.raises(ConditionError, match="no code of 1xx was seen"):
        field.word("1xx")


def test_tables_without_such_columns_are_learned_as_before():
    frame = pl.DataFrame({"country": ["AT", "US", None] * 60, "n": range(180)})
    schema = infer_schema(frame)
    other = schema.edited("country", kind="category")
    one, two = (TableCodec.fit(frame, s) for s in (schema, other))
    assert schema["country"].kind == "country"
    assert one.to_json() == two.to_json()
    assert (one.encode(frame).codes == two.encode(frame).codes).all()
