"""Which ways of writing a time a text may be in: patterns, in the signs of strftime.

A pattern is text with these signs, each of which stands for one part:

    %Y %y     year, of four digits or two        %H %I     hour, of 24 or of 12
    %m %b %B  month, as number, short, in full   %M %S     minute, second
    %d %j     day of the month, of the year      %f        fraction of a second
    %G %V %u  year, week and day of ISO 8601     %p        AM or PM, a.m. or p.m.
    %o        day of the month as 1st, 2nd ...
    %Q        quarter                            %z        Z, GMT, +0200, +02:00, EST ...
    %a %A     day of the week, not looked at     %s        seconds since 1970, or ms, us, ns

`2021-07-16T13:00:00.5+02:00` is `%Y-%m-%dT%H:%M:%S.%f%z`. What stands between the signs is meant
as it is, but that one blank stands for several. Where day and month can be either way round, or a
part is not written (no year in `Oct 10 13:55:36`), there are several patterns, or one that lacks
the part.
"""

from __future__ import annotations

import re

from interfuse.io.monthnames import ENGLISH, NUMBERS, is_short

ZONES = {"Z": 0, "UTC": 0, "GMT": 0, "UT": 0, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300,
         "MST": -420, "MDT": -360, "PST": -480, "PDT": -420, "WET": 0, "WEST": 60, "CET": 60,
         "CEST": 120, "EET": 120, "EEST": 180, "MSK": 180, "JST": 540}  # fmt: skip
"""Minutes from UTC of the zones that have one meaning in dates: those of RFC 2822, and few more."""

_MONTH = r"[^\W\d_]{3,}"
_DAY_NAME = re.compile(r"(?i)(mon|tue|wed|thu|fri|sat|sun)([a-z]*)(?=[,.\s])")
_OFFSET = (
    r"Z|z|[+-]\d\d:?\d\d|[+-]\d\d|(?:(?:UTC|GMT)[+-]\d\d?(?::?\d\d)?)|(?:"
    + "|".join(ZONES)
    + ")\\b"
)
_CLOCK = re.compile(
    r"(?P<H>\d{1,2}):(?P<M>\d\d)(?::(?P<S>\d\d)(?:(?P<dot>[.,]|:(?=\d{3}(?:\d{3})?(?!\d)))(?P<f>\d{1,9}))?)?"
    r"(?:(?P<gap>\s?)(?P<p>[AaPp]\.?[Mm]\.?))?(?:(?P<zgap>\s?)(?P<z>" + _OFFSET + "))?(?![\\d:])"
)
_HOUR = re.compile(
    r"^(?P<date>.*\d{4}.*?)(?P<sep>[T ]|, )(?P<H>\d{1,2})(?P<p>\s?[AaPp]\.?[Mm]\.?)?$"
)
_SEPARATOR = re.compile(r"(?i)^(.*?)(\s*,\s*|\s+(?:at|@|-|um|à|om)\s+|\s*T|:|_|-|\s+)$")
_BELOW = re.compile(
    # A clock with other marks: 15.14, 03.14PM, 15h14, T15-14-34, 15时14分34秒.
    r"(?P<day>.*\d年?月?日?[T_ -]|.*日\s?|)"
    r"(?P<H>\d{1,2})(?P<a>[.]|\s?h\s?|(?<=[T_ ]\d\d)-|[时時点])(?P<M>\d\d)"
    r"(?:(?P<b>\.|\s?m(?:in)?\s?|-|分)(?P<S>\d\d))?(?P<end>秒|分|s|)"
    r"(?P<rest>(?:[.,]\d{1,9})?(?:\s?[AaPp]\.?[Mm]\.?)?)"
)
_EXIF = re.compile(r"\d{4}:\d\d:\d\d(?=[ T]\d)")
_AROUND = {"[": "]", "(": ")", "'": "'", '"': '"'}
_COMMENT = re.compile(
    r"^(.*?)(?P<name>(?<=\d) \([^\W\d_][^\d()]{0,40}\)|"
    r"(?<=[\dZ])\[[\w/+-]{3,40}\]|(?<=[+-]\d{4}) [A-Z]{3,5}|"
    r"(?<=\d) [A-Z][A-Za-z]+/[\w/+-]+|(?<=\d) Uhr)$"
)
"""The name of a zone behind a time, as mail, browsers, Java and Go have it, or a word for hours."""
_NO_YEAR = re.compile(r"\d\d(?P<s>[-/.])\d\d")

_SEP = r"(?P<s>[-/._ ])"
_DATES: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (re.compile(f"(?i){pattern}"), forms)
    for pattern, forms in (
        (rf"\d{{4}}{_SEP}\d\d?(?P=s)\d\d?", ("%Y{s}%m{s}%d",)),
        (rf"\d\d?{_SEP}\d\d?(?P=s)\d{{4}}", ("%d{s}%m{s}%Y", "%m{s}%d{s}%Y")),
        (rf"\d\d?{_SEP}\d\d?(?P=s)\d\d", ("%d{s}%m{s}%y", "%m{s}%d{s}%y", "%y{s}%m{s}%d")),
        (rf"(?P<d>\d\d?){_SEP}(?P<b>{_MONTH})(?P<s2>[-/._ ]|[.,] )\d{{4}}", ("%d{s}{b}{s2}%Y",)),
        (rf"(?P<d>\d\d?){_SEP}(?P<b>{_MONTH})(?P<s2>[-/._ ]|\. )\d\d", ("%d{s}{b}{s2}%y",)),
        (rf"(?P<d>\d\d?)(?P<s>\. )(?P<b>{_MONTH})(?P<s2>\.? )\d{{4}}", ("%d{s}{b}{s2}%Y",)),
        (rf"(?P<d>\d\d?)(?P<s> de | )(?P<b>{_MONTH})(?P<s2> de )\d{{4}}", ("%d{s}{b}{s2}%Y",)),
        (rf"\d\d(?P<b>{_MONTH})\d{{4}}", ("%d{b}%Y",)),
        (rf"\d\d(?P<b>{_MONTH})\d\d", ("%d{b}%y",)),
        (rf"\d\d?(?:st|nd|rd|th)(?P<s>[- ]| of )(?P<b>{_MONTH})(?P<s2>[- ]|, )\d{{4}}",
         ("%o{s}{b}{s2}%Y",)),
        (rf"(?P<b>{_MONTH})(?P<s>\.? +)\d\d?(?:st|nd|rd|th)(?P<s2>,? +)\d{{4}}",
         ("{b}{s}%o{s2}%Y",)),
        (r"\d\d?\. \d\d?\. \d{4}", ("%d. %m. %Y",)),
        (r"\d{4}\.(?P<s> ?)\d\d?\.(?P=s)\d\d?\.", ("%Y.{s}%m.{s}%d.",)),
        (r"\d{4}-\d\d-\d\d(?P<z>Z|[+-]\d\d:\d\d)", ("%Y-%m-%d{z}",)),
        (rf"\d{{4}}{_SEP}(?P<b>{_MONTH})(?P<s2>[-/._ ])\d\d?", ("%Y{s}{b}{s2}%d",)),
        (rf"(?P<b>{_MONTH})(?P<s>\.? +)\d\d?(?P<s2>,? +)\d{{4}}", ("{b}{s}%d{s2}%Y",)),
        (rf"(?P<b>{_MONTH})(?P<s>[-/])\d\d?(?P<s2>[-/])\d{{4}}", ("{b}{s}%d{s2}%Y",)),
        (rf"(?P<b>{_MONTH})(?P<s> +)\d\d?", ("{b}{s}%d",)),
        (rf"(?P<d>\d\d?){_SEP}(?P<b>{_MONTH})", ("%d{s}{b}",)),
        (rf"(?P<b>{_MONTH})(?P<s>[-/ ,]+)\d{{4}}", ("{b}{s}%Y",)),
        (r"\d{4}(?P<s>[-/])\d\d", ("%Y{s}%m",)),
        (r"\d\d?(?P<s>[-/])\d{4}", ("%m{s}%Y",)),
        (rf"(?P<b>{_MONTH})(?P<s>[-/])\d\d", ("{b}{s}%y",)),
        (r"\d{4}年\d\d?月\d\d?日", ("%Y年%m月%d日",)),
        (r"\d{4}(?P<s>-?)W\d\d(?P=s)\d", ("%G{s}W%V{s}%u",)),
        (r"\d{4}(?P<s>-?)W\d\d", ("%G{s}W%V",)),
        (r"\d{4}(?P<s>[- ]?)Q[1-4]", ("%Y{s}Q%Q",)),
        (r"Q[1-4](?P<s>[-/ ]?)\d{4}", ("Q%Q{s}%Y",)),
        (r"\d{4}-\d{3}", ("%Y-%j",)),
    )
)  # fmt: skip
_COMPACT = (
    (re.compile(r"\d{8}"), "%Y%m%d", "%d%m%Y", "%m%d%Y"),
    (re.compile(r"\d{10}"), "%Y%m%d%H"),
    (re.compile(r"\d{12}"), "%Y%m%d%H%M"),
    (re.compile(r"\d{14}"), "%Y%m%d%H%M%S"),
    (re.compile(r"\d{15,23}"), "%Y%m%d%H%M%S%f"),
)
_COMPACT_ISO = re.compile(
    r"\d{8}(?P<gap>[T _-]?)\d\d(?P<M>\d\d)(?P<S>\d\d)?(?P<f>[.,]\d{1,9})?(?P<z>" + _OFFSET + ")?"
)
MOST = 80
"""No time is written in more characters."""


def compact_patterns(text: str) -> list[str]:
    """The patterns of a whole number that may be a date, by its length, the likeliest first."""
    return [p for form, *patterns in _COMPACT if form.fullmatch(text) for p in patterns]


def patterns_of(text: str) -> list[str]:
    """The patterns that a text may be in, the likelier first; none if it is no time."""
    text = re.sub(r"\s+", " ", text.strip())
    if not any(c.isdigit() for c in text) or len(text) > MOST:
        return []
    before, after = "", ""
    if len(text) > 2 and _AROUND.get(text[0]) == text[-1]:
        before, after, text = text[0], text[-1], text[1:-1]
    if comment := _COMMENT.match(text):
        text, after = comment[1], comment["name"] + after
    if name := _DAY_NAME.match(text):
        gap = re.match(r"[,.]?\s*", text[name.end() :])
        assert gap is not None
        before += ("%A" if name[2] else "%a") + gap[0]
        text = text[name.end() + gap.end() :]
    found = _of_plain(text) or _other_marks(text)
    return [before + p + after for p in found]


def _other_marks(text: str) -> list[str]:
    """The patterns of times with other marks than a colon, or with colons in the day."""
    if re.match(r"T\d\d:", text):
        return ["T" + p for p in _of_plain(text[1:])]
    if day := _EXIF.match(text):
        found = _of_plain(day[0].replace(":", "-") + text[day.end() :])
        return [p.replace("%Y-%m-%d", "%Y:%m:%d") for p in found if p.startswith("%Y-%m-%d")]
    odd = _BELOW.fullmatch(text)
    if odd is None:
        half = re.fullmatch(r"\d{1,2}(\s?)[AaPp]\.?[Mm]\.?", text)
        return [f"%I{half[1]}%p"] if half else []
    if not odd["day"] and odd["a"] == "." and not re.search("(?i)m", odd["rest"]):
        return []  # a number
    usual = f"{odd['day']}{odd['H']}:{odd['M']}" + (f":{odd['S']}" if odd["S"] else "")
    out = []
    for pattern in _of_plain(usual + odd["rest"]):
        for hour in ("%H", "%I"):
            pattern = pattern.replace(
                f"{hour}:%M:%S", f"{hour}{odd['a']}%M{odd['b'] or ''}%S{odd['end']}"
            ).replace(f"{hour}:%M", f"{hour}{odd['a']}%M{odd['end']}")
        out.append(pattern)
    return out


def _of_plain(text: str) -> list[str]:
    compact = _COMPACT_ISO.fullmatch(text)
    if compact and (compact["gap"] or compact["z"]):
        clock = "%H%M" + "%S" * bool(compact["S"])
        if compact["f"]:
            clock += compact["f"][0] + "%f"
        return ["%Y%m%d" + compact["gap"] + clock + "%z" * bool(compact["z"])]
    clock = _CLOCK.search(text)
    if clock is None:
        return _dates(text) + _date_and_hour(text)
    pattern = ("%I" if clock["p"] else "%H") + ":%M"
    if clock["S"]:
        pattern += ":%S"
    if clock["f"]:
        pattern += clock["dot"] + "%f"
    if clock["p"]:
        pattern += clock["gap"] + "%p"
    if clock["z"]:
        pattern += clock["zgap"] + "%z"
    start, end = text[: clock.start()], text[clock.end() :]
    if not start and not end:
        return [] if clock["z"] else [pattern]
    if not end:
        gap = _SEPARATOR.match(start)
        return [d + gap[2] + pattern for d in _dates(gap[1]) or _days(gap[1])] if gap else []
    later = re.match(r"(\s*,?\s+)(.+)$", end)
    if later is None:
        return []
    if not start:
        return [pattern + later[1] + d for d in _dates(later[2])]
    # Tue Oct 10 13:55:36 2000, and with the zone before the year
    gap = _SEPARATOR.match(start)
    if gap is None or not re.fullmatch(r"\d{4}", later[2]):
        return []
    return [d + gap[2] + pattern + later[1] + "%Y" for d in _dates(gap[1]) if "%Y" not in d]


def _days(text: str) -> list[str]:
    """Day and month without a year, which are a date beside a time of day alone."""
    found = _NO_YEAR.fullmatch(text)
    return [p.format(s=found["s"]) for p in ("%m{s}%d", "%d{s}%m")] if found else []


def _dates(text: str) -> list[str]:
    out = []
    for form, patterns in _DATES:
        found = form.fullmatch(text)
        if found is None:
            continue
        parts = {k: v or "" for k, v in found.groupdict().items()}
        if "b" in parts:
            name = parts["b"].lower()
            year = "%Y" in patterns[0]
            if name not in (NUMBERS if year else ENGLISH):
                continue  # of another language only beside a year: "set 3" is no day
            parts["b"] = "%b" if len(name) == 3 or is_short(name) else "%B"
        out += [p.format(**parts) for p in patterns]
    if re.fullmatch(r"\d{8}", text):
        out.append("%Y%m%d")
    return out


def _date_and_hour(text: str) -> list[str]:
    found = _HOUR.match(text)
    if found is None:
        return []
    end = found["p"] or ""
    gap = end[: len(end) - len(end.lstrip())]
    hour = "%I" + gap + "%p" if end else "%H"
    return [d + found["sep"] + hour for d in _dates(found["date"])]
