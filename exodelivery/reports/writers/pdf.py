"""Floor 9: the page on paper, printed by Chromium or Chrome with the page's own style sheet for print."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from exodelivery.errors import ExodeliveryError
from exodelivery.reports.document import Document
from exodelivery.reports.writers.html import page_of

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
SECONDS = 120


def write(document: Document, path: Path) -> None:
    """Print the page to a PDF.

    Raises
    ------
    ExodeliveryError
        If no browser is found that can print, or it fails; what it said is in the message.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise ExodeliveryError(
            "a PDF is printed by Chromium or Chrome, and none is found on the PATH",
            remedy="install one (apt-get install chromium), or write an .html and print it from any browser",
        )
    with tempfile.TemporaryDirectory() as folder:
        source, printed = Path(folder, "page.html"), Path(folder, "page.pdf")
        source.write_text(page_of(document), encoding="utf-8")
        # A browser refuses to run as root inside its sandbox; the page is our own and may connect to nothing.
        sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        command = [
            browser, "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", f"--user-data-dir={folder}/profile", *sandbox,
            "--window-size=700,1000", "--no-pdf-header-footer", "--virtual-time-budget=60000",
            f"--print-to-pdf={printed}", source.as_uri(),
        ]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise ExodeliveryError(f"{browser} did not print within {SECONDS} s", remedy="write an .html") from None
        if not printed.is_file():
            said = done.stderr.strip().splitlines()[-1:] or ["nothing"]
            raise ExodeliveryError(f"{browser} could not print; it said: {said[0]}", remedy="write an .html")
        shutil.copyfile(printed, path)
