"""Lists of addresses in one text: recognised, made anew in their class, never stored."""

import ipaddress

import numpy as np
import polars as pl
import pytest

import interfuse
from interfuse.kinds.table.infer import infer_schema

SEEN = {f"93.184.{a}.{b}" for a in range(4) for b in range(60)}


def answers(n=900, seed=0):
    """None to three addresses a row, some behind a name, and one that 300 rows have."""
    r = np.random.default_rng(seed)
    hosts = sorted(SEEN)
    out = []
    for i in range(n):
        some = [hosts[k] for k in r.integers(0, len(hosts), 1 + i % 3)]
        some += ["10.1.2.3"] if i % 5 == 0 else []
        some = ["cdn.example.net", *some] if i % 4 == 0 else some
        out.append("8.8.8.8" if i % 3 == 0 else None if i % 17 == 0 else ",".join(some))
    return pl.DataFrame({"answers": out, "size": r.integers(60, 900, n)})


def test_lists_are_recognised_and_single_addresses_and_texts_are_not():
    frame = answers().with_columns(
        one=pl.Series([f"10.0.0.{i % 200}" for i in range(900)]),
        versions=pl.Series([f"1.2.{i % 9}, 3.4" for i in range(900)]),
        times=pl.Series([f"10:20:{i % 60}, 11:00:00" for i in range(900)]),
        names=pl.Series([f"a{i % 7}.example.org, b.example.org" for i in range(900)]),
        six=pl.Series([f"2001:db8::{i % 40:x} fe80::1" for i in range(900)]),
    )
    schema = infer_schema(frame)
    assert schema["answers"].kind == "address_list"
    assert schema["six"].kind == "address_list"
    assert schema["one"].kind == "address"
    for name in ("versions", "times", "names"):
        assert schema[name].kind != "address_list", name


@pytest.fixture(scope="module")
def model():
    return interfuse.fit(answers(), examples=2_000, seed=0)


def test_drawn_addresses_are_new_of_their_class_and_no_text_is_broken(model):
    drawn = model.generate(1_500)["answers"]
    assert 0.005 < drawn.null_count() / 1_500 < 0.3
    items = [item for text in drawn.drop_nulls() for item in text.split(",")]
    found = [ipaddress.ip_address(i) for i in items if i[0].isdigit()]
    assert len(found) > 1_000
    assert all(a.is_private == (a in ipaddress.ip_network("10.0.0.0/8")) for a in found)
    assert any(a.is_private for a in found)
    assert not SEEN & set(items), "of 2^31 addresses a drawn one is one of 240 by a small chance"
    assert "8.8.8.8" not in items, "however many rows have it"
    assert any("cdn.example.net" in text for text in drawn.drop_nulls())


def test_no_address_is_stored(model, tmp_path):
    model.save(tmp_path / "run")
    for path in (tmp_path / "run").iterdir():
        content = path.read_bytes()
        assert not [one for one in (*SEEN, "8.8.8.8", "10.1.2.3") if one.encode() in content], path


def test_rows_are_the_same_in_any_batch_and_from_a_folder(model, tmp_path):
    model.save(tmp_path / "run")
    again = interfuse.load(tmp_path / "run", kind="table")
    assert again.generate(300, seed=5).equals(model.generate(300, seed=5))
    assert len(model.detect(answers(40, 1)).p_value) == 40
