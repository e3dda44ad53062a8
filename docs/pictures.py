"""Make the pictures of the studio in README and the guide anew.

    python docs/pictures.py [--seconds 60]

Fits the demo in a studio of its own, asks for rows under a condition, and keeps the page in English
and in Chinese. Needs playwright, a chromium, and a font with Chinese letters.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ASSETS = Path(__file__).parent / "assets"
WIDTH, HEIGHT = 1440, 1010
WORDS = {
    "en": ("Ask", "studio.png"),
    "zh": ("提问", "studio.zh-CN.png"),
}


def fitted(page: Page, seconds: int) -> None:
    """Take the demo, and fit it for so long."""
    page.get_by_role("button", name="Take the demo").click()
    start = page.get_by_role("button", name="Start the fit", disabled=False)
    start.wait_for()
    page.locator(f"input[name=budget][value='{seconds}']").check(force=True)
    start.click()
    page.get_by_role("tab", name="generate").wait_for()


def picture(page: Page, language: str) -> None:
    """Ask for buyers, and keep the page."""
    ask, name = WORDS[language]
    form = page.locator("#panel form")
    form.locator("input[type=number]").first.fill("2000")
    form.locator("fieldset select").first.select_option("Revenue")
    form.locator("fieldset input").fill("true")
    form.locator("fieldset button").last.click()
    form.get_by_role("button", name=ask, exact=True).click()
    page.locator(".charts figure").first.wait_for()
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    page.wait_for_timeout(500)
    seen = Image.open(io.BytesIO(page.screenshot()))
    seen.quantize(128, dither=Image.Dither.NONE).save(ASSETS / name, optimize=True)


def main() -> None:
    """Serve, drive, look."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, choices=[5, 15, 60, 300])
    seconds = parser.parse_args().seconds
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    folder = Path(tempfile.mkdtemp()) / "models"
    server = subprocess.Popen(
        [sys.executable, "-m", "interfuse", "studio", folder, "--port", "0", "--no-browser"],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert server.stdout is not None
    address = next(line.strip() for line in server.stdout if "token=" in line)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(locale="en-US", color_scheme="light")
            page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
            page.set_default_timeout(600_000)
            page.goto(address)
            fitted(page, seconds)
            picture(page, "en")
            page.get_by_role("button", name="中文").click()
            page.get_by_role("tab", name="生成").wait_for()
            picture(page, "zh")
            browser.close()
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder.parent, ignore_errors=True)


if __name__ == "__main__":
    main()
