"""Records: what does not fit is one line with the place, what was found and what was expected."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct

from interfuse.errors import DataError
from interfuse.io.jsonschema import attributes, json_schema
from interfuse.io.records import checked, decode, read_object, short, words

Count = Annotated[int, Meta(ge=0)]


class Inner(Struct, forbid_unknown_fields=True):
    """What is inside."""

    name: str
    size: Count = 0
    mode: Literal["fast", "slow"] = "fast"


@dataclass(frozen=True)
class Outer:
    """What is outside.

    Attributes:
        parts: in order,
            over two lines.
        limit: the `most`.
    """

    parts: list[Inner]
    limit: Annotated[float, Meta(ge=0, le=1)] | None = None
    pair: tuple[int, str] = (0, "")
    table: dict[str, list[Count]] | None = None
    free: Any = None


GOOD = {"parts": [{"name": "a"}], "limit": 0.5, "pair": [1, "x"], "table": {"k": [1]}}


def test_what_fits_is_an_instance():
    made = checked(GOOD, Outer, "here", DataError)
    assert made == Outer([Inner("a")], 0.5, (1, "x"), {"k": [1]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parts": None}, "here: parts is None; expected a list. Mend it."),
        ({"parts": [3]}, "here: parts[0] is 3; expected an object. Mend it."),
        ({"parts": [{}]}, "here: parts[0].name is missing; expected text. Mend it."),
        (
            {"parts": [{"name": "a"}, {"name": "b", "size": -1}]},
            "here: parts[1] ('b').size is -1; expected a whole number from 0. Mend it.",
        ),
        (
            {"parts": [{"name": "a", "size": True}]},
            "here: parts[0] ('a').size is True; expected a whole number from 0. Mend it.",
        ),
        (
            {"parts": [{"name": "a", "mode": "odd"}]},
            "here: parts[0] ('a').mode is 'odd'; expected one of 'fast', 'slow'. Mend it.",
        ),
        (
            {"parts": [{"name": "a", "colour": 1}]},
            "here: parts[0] ('a') has an unknown entry 'colour'; expected one of mode, name, size. "
            "Mend it.",
        ),
        ({"limit": "1"}, "here: limit is '1'; expected a number from 0 to 1, or null. Mend it."),
        ({"limit": 2}, "here: limit is 2; expected a number from 0 to 1, or null. Mend it."),
        ({"pair": [1]}, "here: pair is [1]; expected a list. Mend it."),
        ({"pair": ["x", 1]}, "here: pair[0] is 'x'; expected a whole number. Mend it."),
        (
            {"table": {"k": [1, -1]}},
            "here: table['k'][1] is -1; expected a whole number from 0. Mend it.",
        ),
    ],
)
def test_the_first_fault_is_named(change, message):
    with pytest.raises(DataError) as error:
        checked({**GOOD, **change}, Outer, "here", DataError, "Mend it.")
    assert str(error.value) == message


@pytest.mark.parametrize("value", [None, 3, [], "x", True])
def test_what_is_no_object_at_all(value):
    with pytest.raises(DataError, match=r"^here: is .*; expected an object"):
        checked(value, Outer, "here", DataError)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "Expecting value"),
        (b"{", "line 1 column 2"),
        (b'{"a": 1,}', "line 1 column"),
        (b'{"a": NaN}', "invalid"),
        (b"[Infinity]", "invalid"),
        (b"1e999", "out of range"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff\xfe", "can't decode"),
        (b"{'a': 1}", "double quotes"),
        (b"1 2", "Extra data"),
    ],
)
def test_what_is_no_json_is_one_line(content, why):
    with pytest.raises(DataError) as error:
        decode(content, "x.json", DataError, "Mend it.")
    text = str(error.value)
    assert text.startswith("x.json: cannot be read as JSON (")
    assert why in text
    assert text.endswith("). Mend it.")
    assert "\n" not in text


def test_files(tmp_path):
    path = tmp_path / "x.json"
    with pytest.raises(DataError, match=r"x\.json: is missing"):
        read_object(path, DataError)
    path.write_text("[1]")
    with pytest.raises(DataError, match=r"x\.json: is \[1\]; expected a JSON object"):
        read_object(path, DataError)
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert read_object(path, DataError) == {"a": 1}
    with pytest.raises(DataError, match="has 11 bytes; expected at most 5"):
        read_object(path, DataError, most=5)
    with pytest.raises(DataError, match="cannot be read"):
        read_object(tmp_path, DataError)


def test_words_of_types():
    assert words(Annotated[int, Meta(ge=1, le=9)]) == "a whole number from 1 to 9"
    assert words(Annotated[float, Meta(gt=0)]) == "a number above 0"
    assert words(Annotated[int, Meta(le=4)]) == "a whole number of at most 4"
    assert words(str | None) == "text, or null"
    assert words(Literal["a"]) == "'a'"
    colour = Annotated[str, Meta(extra={"words": "a colour"})]
    either = colour | None  # pyright: ignore[reportOperatorIssue]
    assert words(either) == "a colour, or null"


def test_long_and_deep_values_are_cut():
    value = []
    for _ in range(5_000):
        value = [value]
    assert short(value) == "a list"
    assert short("x" * 1_000) == "'" + "x" * 59 + "..."


def test_docstrings_are_in_the_json_schema():
    assert attributes(Outer) == {"parts": "in order, over two lines.", "limit": "the most."}
    schema = json_schema(Outer)
    assert schema["properties"]["limit"]["description"] == "the most."
    assert schema["$defs"]["Inner"]["description"] == "What is inside."
    assert schema["$defs"]["Inner"]["additionalProperties"] is False
