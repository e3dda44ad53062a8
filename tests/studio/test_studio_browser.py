"""The page in a real browser: drop a file, fit, ask, download; every view without a violation."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from shopping import EVIL, shop

from interfuse.cli.main import execute

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed")
WAIT = 300_000
"""Milliseconds: an end for what hangs, not a measure of what is slow."""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A studio in a process of its own, and where it is."""
    folder = tmp_path_factory.mktemp("studio")
    server = subprocess.Popen(
        [sys.executable, "-m", "interfuse", "studio", folder, "--port", "0", "--no-browser"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert server.stdout is not None
    found = next(line.strip() for line in server.stdout if "token=" in line)
    yield found, folder
    server.terminate()
    server.wait()
    server.stdout.close()


@pytest.fixture(scope="module")
def page(address):
    """A page that has come in, and what it complained of."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(locale="en-US", color_scheme="light")
        page.set_default_timeout(WAIT)
        bad: list[str] = []
        page.on("pageerror", lambda error: bad.append(str(error)))
        page.on("dialog", lambda dialog: bad.append(f"a script ran: {dialog.message}"))
        page.on("console", lambda m: bad.append(m.text) if m.type == "error" else None)
        page.goto(address[0])
        yield page
        assert bad == []
        browser.close()


def violations(page) -> list[str]:
    """What axe-core finds on the view as it is: rules and the elements that break them."""
    found = axe.Axe().run(page).response["violations"]
    return [f"{v['id']}: {n['html'][:120]}" for v in found for n in v["nodes"]]


def test_the_journey_in_a_browser_ends_with_the_commands_bytes(page, address, tmp_path):
    """In light, dark, on a phone and in Chinese; a column's name is markup that must stay text."""
    _, folder = address
    data = tmp_path / "shop.csv"
    shop().write_csv(data)
    assert "token" not in page.url
    assert violations(page) == []

    page.set_input_files("main input[type=file]", data)
    page.get_by_role("button", name="Start the fit").wait_for()
    page.get_by_role("cell", name=EVIL, exact=True).wait_for()
    assert violations(page) == []
    page.get_by_label("5 s", exact=True).check()
    page.get_by_role("button", name="Start the fit", disabled=False).click()
    page.get_by_role("button", name="Stop and save").wait_for()
    assert violations(page) == []

    page.get_by_role("tab", name="generate").wait_for()
    page.get_by_label("rows", exact=True).fill("100")
    page.get_by_label("Column", exact=True).select_option("buys")
    page.get_by_label("value", exact=True).fill("true")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Ask", exact=True).click()
    page.locator(".charts figure").first.wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    here = tmp_path / "here.csv"
    download.value.save_as(here)
    there = tmp_path / "there.csv"
    asked = ["generate", str(folder / "shop"), "-n", "100", "--given", "buys=true"]
    assert execute([*asked, "-o", str(there), "--quiet"]) == 0
    assert here.read_bytes() == there.read_bytes()
    page.evaluate("document.querySelector('.charts').remove()")
    page.get_by_role("button", name="Ask", exact=True).click()  # the answer is there already
    page.locator(".charts figure").first.wait_for()
    assert page.get_by_role("alert").count() == 0
    assert page.locator("main img").count() == 0, "a name became an element"
    assert violations(page) == []

    for tab in ("detect", "changes", "Judge", "Side by side", "About"):
        page.get_by_role("tab", name=tab).click()
        page.get_by_role("tab", name=tab, selected=True).wait_for()
        page.wait_for_timeout(300)
        assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="中文").click()
    page.get_by_role("tab", name="生成").wait_for()
    assert violations(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, "a phone has to scroll sideways"


def test_a_question_asked_while_its_file_is_on_its_way_waits_for_it(page, tmp_path):
    """The answer is a page, shown beside the question."""
    fresh = tmp_path / "fresh.csv"
    shop(900)[400:].write_csv(fresh)
    page.get_by_role("tab", name="解释").click()
    page.get_by_label("目标列").select_option("buys")
    page.get_by_label("行", exact=True).fill("200")
    on_its_way = []
    page.route("**/v1/uploads?*", lambda route: on_its_way.append(route))
    page.set_input_files("#panel input[type=file]", fresh)
    page.get_by_role("button", name="提问", exact=True).click()
    page.wait_for_timeout(300)
    assert page.get_by_role("progressbar").count() == 0, "asked without its file"
    on_its_way.pop().continue_()
    page.locator("iframe.report").wait_for(state="visible")
    shown = page.frame_locator("iframe.report").get_by_role("heading", level=1)
    assert shown.inner_text() == "有什么可知？"


def test_the_page_is_light_and_whole_without_the_internet(page, address):
    """At most 300 kB, all from this server."""
    seen: list[tuple[str, int]] = []
    page.on("requestfinished", lambda r: seen.append((r.url, r.sizes()["responseBodySize"])))
    page.goto(page.url.split("#")[0])
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_load_state("networkidle")
    base = address[0].split("/?")[0]
    assert seen
    assert all(url.startswith(base) for url, _ in seen)
    assert sum(size for _, size in seen) <= 300_000
