"""A hook of mkdocs: formulas become MathML while the site is built.

Browsers show MathML by themselves, so that the pages load no script and nothing from elsewhere.
"""

from __future__ import annotations

import html as escapes
import re
from typing import Any

from latex2mathml.converter import convert

_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.+?)\\[)\]]</\1>', re.DOTALL)


def on_page_content(html: str, **_: Any) -> str:
    """Replace every formula that arithmatex has marked."""
    return _FORMULA.sub(_converted, html)


def _converted(found: re.Match[str]) -> str:
    display = "block" if found[1] == "div" else "inline"
    return convert(escapes.unescape(found[2]), display=display)
