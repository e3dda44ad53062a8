"""Delimited text: what is read, and where each malformed file is said to be wrong."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from interfuse.errors import DataError, InterfuseWarning
from interfuse.io.read import read


@pytest.fixture
def reading(tmp_path):
    def of(content, name="a.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read(path).collect()

    return of


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"a\.csv: is empty \(0 bytes\)"),
        ("\n\n", r"a\.csv: is empty\. Expected a header"),
        ("a,b\n", "has a header of 2 columns but no rows"),
        ("a,b\n1,2\n3\n", "line 3 has 1 field; expected 2, as in the header, with comma"),
        ("a,b\n1,2\n3,4,5\n", "line 3 has 3 fields; expected 2"),
        ('a,b\n"1\n2",2\n3\n', "line 4 has 1 field; expected 2"),
        ("a,b\n" + "1,2\n" * 99_999 + "3,4,5\n", "line 100001 has 3 fields; expected 2"),
        ("a,b\n" + "1,2\n" * 99_999 + "3\n", "line 100001 has 1 field; expected 2"),
        ("a,b,a\n1,2,3\n", r"columns share a name: 'a' \(2 times\)"),
        (",a\n0,1\n", r"no name to column 1 of 2\..*`index=False`"),
        ("a, ,c\n0,1,2\n", "no name to column 2 of 3"),
        ("a,^b$\n0,1\n", r"is named '\^b\$', which stands for a pattern"),
        ("näme,b\n1,2\n".encode("latin-1"), "is not UTF-8: byte 0xe4 at byte 1.*iconv"),
        (b"a,b\n" + b"1,2\n" * 300_000 + b"\xff,2\n", "byte 0xff at byte 1200004"),
        ("a,b\n1,2\n".encode("utf-16"), "is encoded as UTF-16.*iconv -f UTF-16"),
        (b"a,b\n1,2\n\0,3\n", "is binary, not text: a NUL at byte 8"),
        (b"\x7fELF\x01\x00\x00", "is binary, not text: a NUL at byte 5"),
        (b"PAR1\x00\x00", "is binary, not text: it looks like parquet"),
        ('a,b\n1,"2\n3,4\n', "cannot be read|line"),
        ("a,b\n1,2\n".encode("utf-32"), "is encoded as UTF-32.*iconv -f UTF-32 "),
        ("a,b\n1,2\n".encode("utf-16-le"), "is encoded as UTF-16; .*iconv -f UTF-16LE"),
        ("a,b\n1,2\n".encode("utf-16-be"), "is encoded as UTF-16; .*iconv -f UTF-16BE"),
        ("<!DOCTYPE html>\n<p>404</p>\n<p>no</p>\n", "is a page in HTML, not the data"),
        ("\ufeff\n <html lang='en'>\n<p>a</p>\n", "is a page in HTML, not the data"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:4d\n", "a pointer of Git LFS"),
        ('a,b\n"1 ""x""",2\n' + '19" rack,4\n' + "5,6\n" * 50, "line 3 has a quote that neither"),
        ("a,b\n1,2\n3,4\r5,6\n7,8\n", "line 3 holds a carriage return that no line feed"),
    ],
)
def test_a_malformed_file_is_one_clear_error(reading, content, message):
    with pytest.raises(DataError, match=message):
        reading(content)


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,x\n2,y\n",
        "a;b\n1;x\n2;y\n",
        "a\tb\n1\tx\n2\ty\n",
        "a|b\n1|x\n2|y\n",
        "\ufeffa,b\n1,x\n2,y\n",
        "a,b\r\n1,x\r\n2,y\r\n",
        "a,b\n1,x\n2,y",
        "a,b\n1,x\n\n2,y\n",
        '"a","b"\n"1","x"\n"2","y"\n',
    ],
)
def test_delimiters_marks_line_ends_and_quotes(reading, content):
    assert_frame_equal(reading(content), pl.DataFrame({"a": [1, 2], "b": ["x", "y"]}))


def test_the_delimiter_is_the_one_the_lines_agree_on(reading):
    got = reading("name;value\na,b;1\nc,d,e;2\n")
    assert_frame_equal(got, pl.DataFrame({"name": ["a,b", "c,d,e"], "value": [1, 2]}))


def test_quoted_newlines_delimiters_and_quotes(reading):
    got = reading('a,b\n"x\ny, ""z""",1\n"",2\n,3\n')
    assert_frame_equal(got, pl.DataFrame({"a": ['x\ny, "z"', "", None], "b": [1, 2, 3]}))


def test_one_column_where_a_blank_line_is_a_missing_value(reading):
    assert_frame_equal(reading("a\n1\n\n3\n"), pl.DataFrame({"a": [1, None, 3]}))


def test_a_wrong_delimiter_leaves_one_column_of_text(reading):
    got = reading("a:b\n1:2\n3:4\n")
    assert_frame_equal(got, pl.DataFrame({"a:b": ["1:2", "3:4"]}))


def test_types_do_not_depend_on_which_rows_come_first(reading):
    rows = ["1"] * 5000 + ["1.5"]
    assert reading("a,b\n" + "".join(f"{v},x\n" for v in rows)).schema["a"] == pl.Float64
    rows = ["1"] * 5000 + ["word"]
    with pytest.warns(
        InterfuseWarning, match=r"1 of 5,001 values is no number .*'word' in line 5002"
    ):
        assert reading("a,b\n" + "".join(f"{v},x\n" for v in rows)).schema["a"] == pl.Int64
    rows = ["NA"] * 5000 + ["7"]
    assert reading("a,b\n" + "".join(f"{v},x\n" for v in rows)).schema["a"] == pl.Int64


def test_a_blank_last_field_in_many_rows_is_missing_and_no_error(reading):
    assert_frame_equal(reading("a,b\n1,\n2,3\n"), pl.DataFrame({"a": [1, 2], "b": [None, 3]}))
