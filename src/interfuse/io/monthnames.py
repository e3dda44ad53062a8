"""Names of months in the languages that tables are written in."""

from __future__ import annotations

SHORT = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMES = {
    "en": ("January February March April May June July August September October November December",
           "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"),
    "de": ("Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
           "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez"),
    "fr": ("janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
           "janv févr mars avr mai juin juil août sept oct nov déc"),
    "es": ("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre"
           " diciembre", "ene feb mar abr may jun jul ago sep oct nov dic"),
    "it": ("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre"
           " dicembre", "gen feb mar apr mag giu lug ago set ott nov dic"),
    "pt": ("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro"
           " dezembro", "jan fev mar abr mai jun jul ago set out nov dez"),
    "nl": ("januari februari maart april mei juni juli augustus september oktober november"
           " december", "jan feb mrt apr mei jun jul aug sep okt nov dec"),
}  # fmt: skip
"""By language, in full and in short."""
NAMES = {lang: tuple(tuple(n.split()) for n in both) for lang, both in _NAMES.items()}
NUMBERS = {
    name.lower(): i for both in NAMES.values() for names in both for i, name in enumerate(names, 1)
} | {"sept": 9}
"""The month of each name; no name means two."""
ENGLISH = frozenset(name.lower() for names in NAMES["en"] for name in names) | {"sept"}


def language_of(names: list[str]) -> str:
    """The first language that has all these names, English as nothing; None of them is nothing."""
    asked = {n.lower().rstrip(".") for n in names} - {"sept"}
    for language, both in NAMES.items():
        if asked <= {n.lower() for some in both for n in some}:
            return "" if language == "en" else language
    return ""


def is_short(name: str) -> bool:
    """Whether it is the short form alone, in any language."""
    name = name.lower().rstrip(".")
    return name == "sept" or all(
        name not in [n.lower() for n in full] for full, _ in NAMES.values()
    )
