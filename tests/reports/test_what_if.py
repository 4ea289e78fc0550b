"""Sliders move what is solved, in the page as in Python; what cannot be varied is refused before a page is written."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_browser import CHROMIUM, QUIET

import exodelivery as exo
from exodelivery.declare.quantity import from_scale, to_scale
from exodelivery.errors import SimulationError
from exodelivery.reports.report import write
from exodelivery.reports.sections.what_if import AGREES, render
from exodelivery.reports.what_if import WhatIf

CARRIERS = ("liposome_pegylated", "exosome_targeted", "none")
TIMES = [1.0, 0.4]
"""By what the slider of the dose multiplies it, in each draw; the body's weight grows, and no slider moves that."""


def dose(times: float = 1.0) -> exo.Regimen:
    boluses = exo.bolus(f"{0.05 * times} mg/kg", every="24 h", times=2)
    both = boluses + exo.infusion(f"{0.02 * times} mg/kg", over="6 h", at="60 h")
    return both.varying("body.weight", [("0 h", "20 g"), ("48 h", "22 g")])


UNTIL = 96.0


@cache
def sliders() -> WhatIf:
    return exo.what_if("doxorubicin_mouse", CARRIERS, dose(), UNTIL)


def data() -> dict[str, Any]:
    found = re.search(r'<script type="application/json">(.*?)</script>', render(sliders()).html, re.DOTALL)
    assert found is not None
    held: dict[str, Any] = json.loads(found[1])
    return held


def test_every_parameter_of_the_equations_that_is_no_part_of_a_dose_has_a_slider() -> None:
    names = {slider.parameter.name for slider in sliders().sliders}
    assert {"uptake.PS", "release.k_plasma", "disposition.V_c"} & names
    assert not any(name.startswith(("loading.", "carrier.")) or name == "body.weight" for name in names)
    for slider in sliders().sliders:
        assert slider.low <= slider.value <= slider.high
        for run, index in slider.where:
            assert sliders().runs[run].parameters[index] == slider.value


def test_what_carriers_share_has_one_slider_and_what_they_do_not_has_its_own() -> None:
    groups = {(slider.parameter.name, slider.group) for slider in sliders().sliders}
    assert ("growth.k_g", "shared by all") in groups
    assert {("release.k_plasma", "liposome_pegylated"), ("release.k_plasma", "exosome_targeted")} <= groups


def test_the_page_holds_no_name_outside_its_data() -> None:
    html = render(sliders()).html
    script = html[html.index("</div>\n<script>") :]
    assert not [slider.parameter.name for slider in sliders().sliders if slider.parameter.name in script]


def test_what_a_page_cannot_solve_is_refused() -> None:
    steady = exo.bolus("0.05 mg/kg", every="24 h", times=2, steady_state="alone")
    with pytest.raises(SimulationError, match="steady state"):
        exo.what_if("doxorubicin_mouse", ["none"], steady, 48.0)
    waiting = exo.bolus("0.05 mg/kg").when("time > 2 h")
    with pytest.raises(SimulationError, match="under a condition"):
        exo.what_if("doxorubicin_mouse", ["none"], waiting, 48.0)
    with pytest.raises(SimulationError, match="after a reset"):
        exo.what_if("doxorubicin_mouse", ["none"], exo.bolus("0.05 mg/kg").reset("5 h"), 48.0)
    with pytest.raises(SimulationError, match="needs a run"):
        WhatIf(())


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium: install the package chromium")
def test_the_page_solves_what_python_solves(tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'exodelivery[dev]'")
    path = write(tmp_path / "page.html", sliders(), title="What if")
    given, rng = sliders(), np.random.default_rng(5)
    draws = [[_between(slider, rng.uniform(0.1, 0.9)) for slider in given.sliders] for _ in TIMES]
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        page = browser.new_page()
        said: list[str] = []
        asked: list[str] = []
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready=yes]", state="attached", timeout=60_000)
        before = page.locator("[data-part=table]").inner_text()
        solved = page.evaluate(
            "([draws, times]) => { const { run, curve, observables } = document.querySelector('.what-if').exo;"
            " return draws.map((values, n) => [0, 1, 2].map(c => { const done = run(c, values, times[n]);"
            " return observables.map((_, o) => curve(done, c, o)); })); }",
            [draws, TIMES],
        )
        first = page.locator(".what-if-sliders input").first
        first.focus()
        for _ in range(20):
            first.press("ArrowRight")
        page.wait_for_function("document.querySelector('.what-if').exo.count() > 1")
        after = page.locator("[data-part=table]").inner_text()
        browser.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file://", "data:", "blob:"))] == []
    assert after != before  # a slider moved by the keyboard moves the table
    worst = max(
        _apart(given, values, dose(times), number, carrier)
        for values, times, curves in zip(draws, TIMES, solved, strict=True)
        for number, carrier in enumerate(curves)
    )
    assert worst < AGREES


def _between(slider: Any, share: float) -> float:
    scale = slider.parameter.quantity.scale if slider.low > 0 else "linear"
    low, high = to_scale(slider.low, scale), to_scale(slider.high, scale)
    return from_scale(low + share * (high - low), scale)


def _apart(given: WhatIf, values: list[float], given_dose: exo.Regimen, number: int, curves: list[Any]) -> float:
    """Return the largest difference of a run's curves, as a part of each curve's largest value."""
    run = given.runs[number]
    laid = {
        run.system.parameters[index].name: value
        for slider, value in zip(given.sliders, values, strict=True)
        for at, index in slider.where
        if at == number
    }
    again = exo.simulate(run.model, given_dose, UNTIL, values=laid, tolerance=1e-9)
    found = [0.0]
    for name, curve in zip(given.observables, curves, strict=True):
        assert (curve is None) == (name not in again.names)
        if curve is not None:
            expected = again.curve(name, given.times)
            found.append(float(np.max(np.abs(np.array(curve) - expected)) / np.max(np.abs(expected))))
    return max(found)
