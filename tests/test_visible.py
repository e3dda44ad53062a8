"""Control characters are shown, never obeyed; what is quoted a shell reads back."""

from __future__ import annotations

import subprocess

import pytest

from interfuse import console
from interfuse.visible import cut, quoted, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("日本 ÿ é", "日本 ÿ é"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("a\rb", r"a\rb"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\x9b31m", r"\x9b31m"),
        ("\x7f", r"\x7f"),
        ("\u202ecod.exe", r"\u202ecod.exe"),
        ("\u2066x\u2069", r"\u2066x\u2069"),
        ("a\u2028b", r"a\u2028b"),
        ("\udce9", r"\udce9"),
        ("\0", r"\x00"),
    ],
)
def test_controls_are_written_out(text, shown):
    assert visible(text) == shown
    assert visible("a\n\tb", layout=True) == "a\n\tb"
    assert visible("a\r\x1b", layout=True) == r"a\r\x1b"


@pytest.mark.parametrize(
    "word",
    ["a.csv", "a b.csv", "it's", "$HOME", "`id`", "; rm x", "a\nb", "\x1b[31m'\\x", "日本\t", "-n"],
)
def test_a_shell_reads_back_what_is_quoted(word):
    done = subprocess.run(["bash", "-c", f"printf %s {quoted(word)}"], capture_output=True)
    assert done.stdout.decode() == word
    assert visible(quoted(word)) == quoted(word), "nothing in it may be lost on the screen"


def test_what_is_long_is_cut():
    assert cut("abc", 3) == "abc"
    assert cut("abcd", 3) == "abc... (4 characters)"


@pytest.mark.parametrize("name", ["\x1b[2J", "[bold]x[/]", "a\nb", "\u202ex"])
def test_the_console_obeys_no_name(capsys, name):
    console.table(name, (name, "n"), [(name, 1)], text=True)
    console.facts(name, [(name, name)])
    console.say(name)
    for say in (console.tell, console.warn, console.fail):
        say(name)
    said = capsys.readouterr()
    for text in (said.out, said.err):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert visible(name) in said.out
    assert said.err.count("warning: " + visible(name)) == 1
    assert said.err.count("error: " + visible(name)) == 1
