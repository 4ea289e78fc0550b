"""The page in a real browser: it draws itself, asks nothing of any network, and fits a phone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_page import parts

from exodelivery.reports.report import write

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip

HARMLESS = {
    "Download plot as a PNG", "Zoom", "Pan", "Box Select", "Lasso Select", "Zoom in", "Zoom out", "Autoscale",
    "Reset axes",
}  # fmt: skip
"""Buttons of a figure; any other, such as "Share chart...", would be one that sends data away."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM:
        pytest.skip("needs Chromium: install the package chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'exodelivery[dev]'")
    with playwright.sync_playwright() as play:
        running = play.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield running
        running.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("report") / "report.html", *parts(), title="Exosome or liposome?")


@pytest.mark.parametrize("width", [400, 1400])
def test_a_report_draws_itself_and_sends_nothing(browser: Any, report: Path, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(report.as_uri())
    page.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
    figures = page.locator("figure.plot").count()
    assert page.evaluate("document.documentElement.dataset.ready") == "yes"
    assert figures >= 5
    assert page.locator("figure.plot .main-svg").count() >= figures
    buttons = page.eval_on_selector_all("[data-title]", "found => found.map(one => one.dataset.title)")
    assert set(buttons) == HARMLESS
    assert said == []
    assert [url for url in asked if not url.startswith(("file://", "data:", "blob:"))] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_the_policy_of_the_page_forbids_every_connection(browser: Any, report: Path) -> None:
    page = browser.new_page()
    page.goto(report.as_uri())
    refused = page.evaluate("fetch('https://example.org/').then(() => 'let through', () => 'refused')")
    blocked = page.evaluate(
        "new Promise(done => { document.addEventListener('securitypolicyviolation', e => done(e.violatedDirective));"
        " fetch('https://example.org/').catch(() => 0); setTimeout(() => done('none'), 3000); })"
    )
    assert refused == "refused"
    assert blocked == "connect-src"
    page.close()
