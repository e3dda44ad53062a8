"""What the folders of a set of images say: the class of each image, or the part of the set.

The class of an image is its first folder. Where all first folders are parts of a set (train, val,
test and the like), the class is the one below; so it is where there is one first folder called
images or so. A folder called `test` beside classes is a class.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence

_PART = re.compile(
    r"(?i)^(train|training|trn|val|valid|validation|dev|test|testing|tst|eval|evaluation|holdout|"
    r"hold_out|unlabell?ed|extra)([-_ ]?(set|data|images|split|\d{1,4}))?$"
)
_ALL = re.compile(r"(?i)^(images?|imgs?|pictures?|photos?|jpe?gimages|dataset|data)$")


def classes_of(names: Sequence[str]) -> tuple[list[str | None], list[str]]:
    """The class of each image, None where there is none; and notes for people.

    Args:
        names: paths under the folder of the set.
    """
    paths = [name.split(os.sep) for name in names]
    notes: list[str] = []
    depth = 0
    while True:
        tops = Counter(p[depth] if len(p) > depth + 1 else "" for p in paths)
        if all(_PART.match(top) for top in tops):
            listed = ", ".join(f"{top} {n:,}" for top, n in sorted(tops.items()))
            notes.append(
                f"folders that are parts of a set are no classes, and all are used: {listed}. Give "
                "one of them alone to leave out the rest"
            )
        elif not (len(tops) == 1 and _ALL.match(next(iter(tops)))):
            break
        depth += 1
    return [p[depth] if len(p) > depth + 1 else None for p in paths], notes


def left_out(others: Counter[str]) -> list[str]:
    """A note on files whose ending is none of an image.

    Args:
        others: how many there are of each ending; a file without one under its name.
    """
    if not others:
        return []
    total = sum(others.values())
    some = ", ".join(f"{n:,} {suffix}" for suffix, n in others.most_common(5))
    more = ", ..." if len(others) > 5 else ""
    files = "file" if total == 1 else "files"
    return [f"{total:,} {files} of other endings left out: {some}{more}"]
