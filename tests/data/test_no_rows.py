"""Lines that are no rows: left out and told of, or an error with the line."""

import polars as pl
import pytest

from interfuse.errors import DataError, InterfuseWarning
from interfuse.io.read import read

BODY = "".join(f"{i},{i * 1.5:.2f},w{i % 3}\n" for i in range(1, 31))
HEAD = "a,b,c\n"


@pytest.fixture
def reading(tmp_path):
    def of(content, name="t.csv"):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return read(path).collect()

    return of


def rows_are_right(frame, names=("a", "b", "c")):
    assert frame.columns == list(names)
    assert frame.dtypes == [pl.Int64, pl.Float64, pl.String]
    assert frame[names[0]].to_list() == list(range(1, 31))
    assert frame[names[2]].to_list() == [f"w{i % 3}" for i in range(1, 31)]


def inserted(line, at):
    lines = BODY.splitlines(keepends=True)
    return HEAD + "".join([*lines[:at], line, *lines[at:]])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (inserted("a,b,c\n", 9), "line 11 is left out: it seems to repeat the names"),
        (inserted(" a , b,c \n", 9), "line 11 is left out: it seems to repeat the names"),
        (HEAD + (BODY + HEAD) * 1, "line 32 is left out: it seems to repeat the names"),
        (inserted("# a remark\n", 4), r"1 line of comments left out \(line 6\)"),
        (
            inserted("# one\n# two, with more, fields, than names\n", 4),
            r"2 lines of comments .*6, 7",
        ),
        (HEAD + BODY + "# end of file\n", r"1 line of comments left out \(line 32\)"),
        ("# by a program\n# on a day\n" + HEAD + BODY, "the first 2 lines that begin with '#'"),
        (HEAD + "m,kg,-\n" + BODY, "line 2 is left out: it seems to hold units"),
        (HEAD + "[m/s],[kg m2],\n" + BODY, "line 2 is left out: it seems to hold units"),
        (HEAD + BODY + "Total,697.5,\n", "line 32 is left out: it seems to hold totals"),
        (HEAD + BODY + "Summe:,697.5,x\n", "line 32 is left out: it seems to hold totals"),
        (HEAD + BODY + "Average,23.25,\nTotal,697.5,\n", r"2 lines are left out \(lines 32, 33\)"),
        (HEAD + BODY + ",,Grand Total\n", "line 32 is left out: it seems to hold totals"),
        (HEAD + BODY + "Gesamtergebnis,697.5,\n", "line 32 is left out: it seems to hold totals"),
        (HEAD + BODY + "Sub-Total:,697.5,\n", "line 32 is left out: it seems to hold totals"),
        (HEAD + BODY + "総計,697.5,\n", "line 32 is left out: it seems to hold totals"),
        (HEAD + BODY + "465,697.50,\n", "line 32 is left out: it seems to hold totals"),
        (HEAD + BODY + ",697.50,\n", "line 32 is left out: it seems to hold totals"),
        (HEAD + BODY + "465,23.25,\n", "line 32 is left out: it seems to hold totals"),
        (HEAD + BODY + ",,\n465,697.50,\n", r"2 lines are left out \(lines 32, 33\)"),
        (HEAD + "--,-----,-\n" + BODY, "line 2 is left out: it seems to be drawn under"),
        (HEAD + "===,===,===\n" + BODY, "line 2 is left out: it seems to be drawn under"),
        ("A title\n" + HEAD + BODY, r"the first line \('A title' ...\) stands above the names"),
    ],
)
def test_a_line_that_is_no_row(content, told, reading):
    with pytest.warns(InterfuseWarning, match=told):
        rows_are_right(reading(content))


def test_many_lines_are_counted(reading):
    lines = BODY.splitlines(keepends=True)
    content = "".join(HEAD + "".join(lines[i : i + 5]) for i in range(0, 30, 5))
    with pytest.warns(InterfuseWarning, match=r"5 lines are left out \(lines 7, 13, 19, \.\.\.\)"):
        frame = reading(content)
    rows_are_right(frame)


@pytest.mark.filterwarnings("ignore::interfuse.errors.InterfuseWarning")
def test_lines_are_counted_from_the_file_whatever_was_left_out(reading):
    content = "# x\n# y\n" + HEAD + "1,2.5,w\n\nword,3.5,w\na,b,c\n" + BODY + "oops,1.5,w\n"
    with pytest.warns(InterfuseWarning, match=r"'word' in line 6, 'oops' in line 38"):
        assert reading(content).height == 33


@pytest.mark.parametrize(
    "content",
    [
        "5.1,3.5,setosa\n4.9,3.0,setosa\n6.2,3.4,virginica\n",
        "39,State-gov,77516\n50,Private,83311\n38,Private,215646\n38,State-gov,1\n",
        "2021-01-01,5,x\n2021-01-02,6,y\n2021-01-03,7,x\n",
        "7,0,0,12\n3,0,5,0\n1,9,0,0\n",
        "01.02.2021;3,5\n02.02.2021;4,5\n03.02.2021;5,5\n",
        "1.5\n2.5\n3.5\n",
        "-3\n7\n12\n",
        "?,1.5,tcp\n2.5,3.5,udp\n3.5,4.5,tcp\n",
    ],
)
@pytest.mark.filterwarnings("ignore:.*two ways")
def test_a_file_without_names(content, reading):
    with pytest.warns(InterfuseWarning, match="is data, so that there are no names"):
        frame = reading(content)
    assert frame.height == len(content.splitlines())
    assert frame.columns == [f"column_{i + 1}" for i in range(frame.width)]


@pytest.mark.parametrize(
    "names",
    [
        "a,b,c",
        "x,2020,2021",
        "0,1,2",
        "id,10,20",
        "1,2,3",
        "#,Name,Type 1",
        "2019,2020,2021",
        "Q1,Q2,Q3",
    ],
)
def test_names_that_are_names(names, reading):
    frame = reading(names + "\n" + "".join(f"v{i % 2},{i},{i + 7}\n" for i in range(30)))
    assert frame.columns == names.split(",")
    assert frame.height == 30


def test_names_behind_a_sign(reading):
    with pytest.warns(InterfuseWarning, match="the names are taken from line 2, behind the '#'"):
        rows_are_right(reading("# made by a program\n# a,b,c\n" + BODY))


def test_a_log_of_zeek(reading):
    head = "#separator \\x09\n#unset_field\t-\n#fields\tts\tport\tservice\n"
    head += "#types\ttime\tport\tstring\n"
    body = "".join(f"1700000000.{i:06d}\t{i}\t{'-' if i % 2 else 'dns'}\n" for i in range(30))
    frame = reading(head + body + "#close\t2024-01-01\n", "conn.log")
    assert frame.columns == ["ts", "port", "service"]
    assert frame["ts"].dtype == pl.Datetime("us")
    assert frame.height == 30


def test_what_excel_says_of_the_delimiter(reading):
    assert reading("sep=;\na;b\n1;x,y\n2;z\n").rows() == [(1, "x,y"), (2, "z")]


def test_single_quotes(reading):
    assert reading("'a','b'\n'1','x,y'\n'2','z'\n").rows() == [(1, "x,y"), (2, "z")]


def test_a_word_for_a_total_that_is_a_value_stays(reading):
    content = "kind,n\n" + "total,1\npart,2\n" * 10 + "total,3\n"
    assert reading(content).height == 21


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a b c\n1 2 3\n4 5 6\n7 8 9\n", "the fields seem to be parted by blanks"),
        ("a^b^c\n1^2^3\n4^5^6\n7^8^9\n", "the fields seem to be parted by carets"),
        (HEAD + BODY + "3 rows affected\n", "line 32 has 1 field; expected 3"),
    ],
)
def test_what_is_refused_by_line(content, told, reading):
    with pytest.raises(DataError, match=told):
        reading(content)


@pytest.mark.parametrize("mark", ["//", "--", "% a", ";", "/*", "#"])
def test_comments_of_other_languages_between_the_rows(mark, reading):
    with pytest.warns(InterfuseWarning, match="line 7 is left out: it seems to hold comments"):
        rows_are_right(reading(inserted(f"{mark} by hand,see,x\n", 5)))


@pytest.mark.filterwarnings("ignore::interfuse.errors.InterfuseWarning")
def test_a_word_for_missing_begins_no_comment(reading):
    content = inserted("--,--,\n", 5).replace("1,1.50", "x,y")
    assert reading(content)["c"].null_count() == 1


@pytest.mark.parametrize(
    ("line", "word"), [("Total,75.00,\n", "Total"), (",75.00,Subtotal\n", "Subtotal")]
)
@pytest.mark.filterwarnings("ignore::interfuse.errors.InterfuseWarning")
def test_a_total_between_the_rows_is_kept_and_told_of(line, word, reading):
    told = rf"line 12 seems to hold a total \('{word}'\) and counts as a row"
    with pytest.warns(InterfuseWarning, match=told):
        assert reading(inserted(line, 10)).height == 31


@pytest.mark.filterwarnings("ignore::interfuse.errors.InterfuseWarning")
def test_a_total_with_values_everywhere_is_told_of(reading):
    with pytest.warns(InterfuseWarning, match=r"line 12 seems to hold a total \('Subtotal'\)"):
        assert reading(inserted("Subtotal,75.00,w1\n", 10)).height == 31


@pytest.mark.parametrize(
    "end",
    [
        "31,697.50,\n",  # a number that is no sum
        "465,697.50,w1\n",  # no field is empty
        ",1.00,\n",
        "31,,\n",
    ],
)
def test_a_last_row_is_a_row_unless_its_numbers_sum_up(end, reading):
    assert reading(HEAD + BODY + end).height == 31


def test_a_sum_of_few_counts_may_be_chance(reading):
    content = "a,n,c\n" + "".join(f"w,{i < 3:d},x\n" for i in range(30)) + ",3,x\n"
    assert reading(content)["n"].to_list()[-1] == 3


DRAWN = {
    "mysql": ["+---+------+---+", "| a | b    | c |", "+---+------+---+", "| 1 | 1.50 | w |"],
    "psql": [" a |  b   | c ", "---+------+---", " 1 | 1.50 | w "],
    "Markdown": ["| a | b | c |", "|:--|---:|---|", "| 1 | 1.50 | w |"],
    "polars": ["┌─────┬──────┬─────┐", "│ a   ┆ b    ┆ c   │", "╞═════╪══════╪═════╡"],
}


@pytest.mark.parametrize("who", DRAWN)
def test_a_table_drawn_for_people_is_refused_as_such(who, reading):
    with pytest.raises(DataError, match="is a table drawn with lines"):
        reading("\n".join(DRAWN[who] + DRAWN[who][-1:] * 20) + "\n")


def test_dashes_for_missing_values_draw_no_table(reading):
    content = "a|b|c\n--|--|--\n" + BODY.replace(",", "|")
    with pytest.warns(InterfuseWarning, match="drawn under the names"):
        rows_are_right(reading(content))
    content = "a|b|c\n1|1.50|w1\n--|--|--\n" + BODY.replace(",", "|")
    assert reading(content)["b"].null_count() == 1


def test_a_word_that_many_rows_have_is_no_total(reading):
    content = HEAD + "".join(f"{i},,{'mean' if i % 3 else 'sum'}\n" for i in range(30))
    assert reading(content)["c"].n_unique() == 2


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (",,\n", "1 line holds no value in any column and counts as a row"),
        (", ,\n,,\n,,\n", "3 lines hold no value in any column and count as rows"),
    ],
)
def test_rows_without_values_anywhere_are_told_of(lines, told, reading):
    with pytest.warns(InterfuseWarning, match=told):
        assert reading(inserted(lines, 10)).height == 30 + lines.count("\n")


@pytest.mark.parametrize("head", ["n, name, x", 'n, "name", "x"', '"n", "name", "x"'])
@pytest.mark.parametrize("mark", [",", ";", "|"])
def test_blanks_before_quotes_are_no_part_of_a_field(head, mark, reading):
    lines = [head.replace(",", mark)]
    lines += [
        f'{i}{mark}  "{f"Doe{mark} J" if i % 2 else "Roe"}"{mark} {i}.5' for i in range(1, 31)
    ]
    frame = reading("\n".join(lines) + "\n").rename(str.strip)
    assert frame.columns == ["n", "name", "x"]
    assert frame["name"].to_list() == [f"Doe{mark} J" if i % 2 else "Roe" for i in range(1, 31)]
    assert frame["x"].to_list() == [i + 0.5 for i in range(1, 31)]


@pytest.mark.parametrize(
    "cell", ['"he said, ""no"", twice"', '"a, "', '""', '"{""a"": 1, ""b"": 2}"']
)
def test_blanks_within_quotes_stay(cell, reading):
    content = "n,text\n" + "".join(f"{i},{cell}\n" for i in range(30))
    truth = cell[1:-1].replace('""', '"')
    assert reading(content)["text"].to_list() == [truth] * 30


def test_text_of_another_delimiter_stays(reading):
    lines = [f'{i}\t{{"a": {i}, "b": "x, y"}}\tsaid, "no"' for i in range(30)]
    frame = reading("n\tjson\tword\n" + "\n".join(lines) + "\n", "t.tsv")
    assert frame["word"].to_list() == ['said, "no"'] * 30


@pytest.mark.parametrize(
    "names",
    [
        ["2024-01-01", "2024-01-02"],
        ["1/22/20", "1/23/20"],
        ["Jan 2024", "Feb 2024"],
        ["2020", "2021"],
    ],
)
def test_days_above_numbers_are_names(names, reading):
    content = f"place,{','.join(names)}\n" + "".join(f"w{i},{i * 0.5},{i}\n" for i in range(30))
    frame = reading(content)
    assert frame.columns == ["place", *names]
    assert frame.height == 30


def test_a_day_above_days_is_data(reading):
    content = "".join(f"2024-01-{i:02d},{i * 0.5}\n" for i in range(1, 31))
    with pytest.warns(InterfuseWarning, match="is data, so that there are no names"):
        assert reading(content).height == 30
