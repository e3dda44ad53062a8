"""A hook of mkdocs: Chinese pages say that they are Chinese.

Browsers choose fonts and hyphens by it, screen readers a voice, search engines whom to show it.
"""

from __future__ import annotations

from typing import Any


def on_post_page(output: str, *, page: Any, **_: Any) -> str:
    """Name the language of a page whose file does."""
    if not page.file.src_uri.endswith(".zh-CN.md"):
        return output
    return output.replace('<html lang="en"', '<html lang="zh-CN"', 1)
