"""An option, declared once: a keyword, a flag, a refusal, a line of help.

>>> Option("known_future", "Known for the future too.", many=True).flag
'--known-future'
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interfuse.errors import InterfuseError, OptionError
from interfuse.language import LANGUAGES


@dataclass(frozen=True)
class Option:
    """One option of `fit`, or of a question.

    Attributes:
        name: the keyword.
        help: what it is, for the terminal and the documentation.
        type: of a value as it is typed: str, int, float, bool or `pathlib.Path`.
        default: what it is where nothing is said. The flag of a bool says the opposite.
        flag: of the command line; "--" and the name unless given.
        short: a flag of one letter, "-n".
        metavar: what stands for the value in the help.
        least: the smallest value.
        many: whether it may be repeated.
        needed: whether a question cannot do without it.
        choices: the values that there are, where they are few: a form offers them.
        read: from what was typed to the value.
        reads_file: whether the value names a file or folder: a server, for instance, lets no client
            name one. So does every path, and whatever is shown as FILE or IMAGE.
    """

    name: str
    help: str
    type: type = str
    default: Any = None
    flag: str = ""
    short: str = ""
    metavar: str | None = None
    least: float | None = None
    many: bool = False
    needed: bool = False
    choices: tuple[str, ...] = ()
    read: Callable[[Any], Any] | None = None
    reads_file: bool = False

    def __post_init__(self) -> None:
        if not self.flag:
            object.__setattr__(self, "flag", "--" + self.name.replace("_", "-"))
        if self.type is Path or (self.metavar or "").startswith(("FILE", "IMAGE", "FOLDER")):
            object.__setattr__(self, "reads_file", True)

    def given(self, value: Any) -> bool:
        """Whether a value says anything: it is not the default, None or empty."""
        if value is None or value is self.default:
            return False
        if isinstance(value, list | tuple | dict | str):
            return bool(value)
        return not isinstance(value, bool) or value != self.default

    def typed(self, value: Any) -> Any:
        """The keyword's value for what was typed; None where nothing was."""
        if value is None or value is False or value == []:
            return None
        if self.type is bool:
            return not self.default
        return self.read(value) if self.read else value


SEED = Option("seed", "Of every random draw; default 0.", int, 0, least=0)
DEVICE = Option("device", "cpu, cuda or mps; default: the best there is.")
STEPS = Option("steps", "Steps of the sampler; default: a number that is enough.", int, least=1)
UNREAD = Option(
    "unread",
    "Also fill cells whose text is no value of their column, such as <0.05 among numbers; default: "
    "they stay as they are.",
    bool,
    False,
)
GIVEN = Option(
    "given",
    "COLUMN=VALUE, !=, 'COLUMN in [A, B]', not in, 'COLUMN > A' or 'A <= COLUMN < B'; may be "
    "repeated.",
    metavar="CONDITION",
    many=True,
)
ROWS = Option(
    "rows",
    "How many; default: a number that suits the model.",
    int,
    short="-n",
    least=1,
)
DRAWS = Option("draws", "Of each unknown cell.", int, least=1)
VALUE = Option(
    "value",
    "What fills a cell: median, mean or mode; or draws, for a row of each draw; default: median.",
    choices=("median", "mean", "mode", "draws"),
)
INTERVAL = Option(
    "interval",
    "Add columns NAME_low and NAME_high between which a drawn number lies with this probability, "
    "such as .9.",
    float,
    metavar="SHARE",
)
LANGUAGE = Option(
    "language",
    "Of the page and its sentences; default: en.",
    metavar="|".join(LANGUAGES),
    choices=LANGUAGES,
)
BELOW = Option("below", "Write only rows with a p-value of at most this.", float, metavar="P")
"""Options that questions to several kinds have."""


def check_share(interval: float | None, value: str | None = None) -> None:
    """Check `--interval`, beside `--value`.

    Raises:
        OptionError: no share, or no bounds to give.
    """
    if interval is not None and not 0 < interval < 1:
        raise OptionError(f"--interval: is {interval:g}; expected a share between 0 and 1.")
    if interval is not None and value == "draws":
        raise OptionError("--interval: cannot stand beside --value draws, which has no bounds.")


def check_below(below: float | None) -> None:
    """Check `--below`.

    Raises:
        OptionError: no probability.
    """
    if below is not None and not 0 < below <= 1:
        raise OptionError(f"--below: is {below:g}; expected a p-value above 0 and up to 1.")


def check_value(value: str, known: Iterable[str]) -> None:
    """Check `--value`.

    Raises:
        OptionError: it is not one of `known`.
    """
    if value not in known:
        raise OptionError(f"--value: {value!r} is unknown; expected one of {', '.join(known)}.")


def typed(options: Iterable[Option], values: Mapping[str, Any]) -> dict[str, Any]:
    """Keywords for what was typed; what was not said is left out."""
    said = {option.name: option.typed(values.get(option.name)) for option in options}
    return {name: value for name, value in said.items() if value is not None}


@contextlib.contextmanager
def called(source: str) -> Iterator[None]:
    """Let errors about what was read name the file that it came from.

    Args:
        source: its path, or - for standard input.
    """
    try:
        yield
    except InterfuseError as error:
        place = "standard input" if source == "-" else source
        text = re.sub("^the (frame|rows)(?=:)", lambda _: place, str(error))
        if text == str(error):
            raise
        raise type(error)(text) from error
