"""Texts of the internet that few rows have are in no byte of a run folder.

The log is fitted by the command line, so that the folder has all that a fit leaves behind: weights,
schema, kept rows, pictures, the record of the fit.
"""

import random
import sys
from urllib.parse import quote

import pytest

import interfuse
from interfuse.cli import main
from interfuse.kinds.table.fields.tags import FEW

PLANTED = {
    "path": ["/reset?token=9f8e7d6c5b4a3f21", "/u/ada.lovelace-1815/diary", "/x/Zürich/Übung%20q7"],
    "referrer": ["https://intranet.corp-wxyz.example/secret-plan", "http://[2001:db8::77]/quux81"],
    "agent": ["AcmeFridge/7.31.9918 (serial KX-88213)", "Mozilla/5.0 (Opaque 77; owner=bellatrix)"],
    "server": ["bellatrix-laptop.home.lan", "d1a2b3c4e5f6.ts.example.net"],
}  # fmt: skip
"""Each in fewer than `FEW` rows: the first of a column in one, others in one less than it."""
SECRETS = [
    "9f8e7d6c5b4a3f21", "lovelace", "diary", "Übung", "corp-wxyz", "secret-plan", "quux81",
    "AcmeFridge", "88213", "Opaque 77", "bellatrix", "laptop", "d1a2b3c4e5f6",
]  # fmt: skip
"""Words of them that no other row has, too long to stand among random bytes by chance."""
COMMON = {
    "path": ["/", "/static/site.css", "/api/v1/items"],
    "referrer": ["-", "https://www.example.org/start"],
    "agent": ["curl/8.5.0", "Mozilla/5.0 (X11; Linux x86_64) Firefox/121.0"],
    "server": ["www.example.org", "cdn.example.org"],
}
ROWS = 400


def log() -> str:
    """An access log of Nginx with the name of the server behind the agent."""
    rng = random.Random(3)
    have = {n: [rng.choice(some) for _ in range(ROWS)] for n, some in COMMON.items()}
    for name, texts in PLANTED.items():
        place = 10
        for turn, text in enumerate(texts):
            for _ in range(1 if turn == 0 else FEW - 1):
                have[name][place % ROWS] = text
                place += 29
    return "".join(
        f"192.0.2.{rng.randrange(1, 250)} - - [10/Oct/2023:13:{i // 60:02d}:{i % 60:02d} +0000] "
        f'"GET {have["path"][i]} HTTP/1.1" {rng.choice([200, 404])} {rng.randrange(100, 9000)} '
        f'"{have["referrer"][i]}" "{have["agent"][i]}" server={have["server"][i]}\n'
        for i in range(ROWS)
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("planted")
    (place / "access.log").write_text(log(), encoding="utf-8")
    asked = ["fit", place / "access.log", "-o", place / "run", "--examples", 2000]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["interfuse", *map(str, asked)])
        with pytest.raises(SystemExit) as ended:
            main()
    assert not ended.value.code
    return place / "run"


def forms(text: str) -> list[bytes]:
    """How a text may stand in a file: plain, escaped in JSON or a URL, in other capitals, wide."""
    shown = {text, text.lower(), text.upper(), quote(text), text.encode("unicode_escape").decode()}
    return [s.encode(code) for s in shown for code in ("utf-8", "utf-16-le", "utf-32-le")]


def test_no_rare_url_agent_or_name_of_a_host_is_in_the_run_folder(folder):
    stored = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    kinds = {c.name: c.kind for c in interfuse.load(folder, kind="table").schema.columns}
    assert kinds["path"] == kinds["referrer"] == "url"
    assert (kinds["agent"], kinds["server"]) == ("user_agent", "hostname")
    everything = b"\0".join(stored.values())
    for common in ("/static/site.css", "Firefox/121.0", "cdn.example.org"):
        assert common.encode() in everything, "what is stored stands there in plain bytes"
    texts = [text for some in PLANTED.values() for text in some]
    found = {
        (text, name)
        for text in (*texts, *SECRETS)
        for name, content in stored.items()
        if any(form in content for form in forms(text))
    }
    assert not found


def test_no_rare_url_agent_or_name_of_a_host_is_drawn(folder):
    drawn = interfuse.load(folder, kind="table").generate(2000, seed=1)
    for name, texts in PLANTED.items():
        column = drawn[name].drop_nulls()
        assert not set(column) & set(texts)
        told = [s for s in SECRETS if column.str.contains(s, literal=True).any()]
        assert not told
