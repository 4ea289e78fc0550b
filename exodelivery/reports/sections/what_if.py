"""Floor 9: sliders in a report: the equations as JavaScript, the values as data, and the solver that runs them."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any
from zlib import crc32

import numpy as np
from markupsafe import Markup

from exodelivery.compile.emitters.javascript import HELPERS, JavaScriptEmitter
from exodelivery.compile.native.tableau import RODAS5P
from exodelivery.draw.canvas import CONFIG, new_figure
from exodelivery.draw.html import paragraphs
from exodelivery.draw.style import DASHES, PALETTE
from exodelivery.reports.bibliography import citations_of
from exodelivery.reports.section import Section
from exodelivery.reports.template import filled, source
from exodelivery.reports.what_if import SMALL, Slider, WhatIf, entries
from exodelivery.solve.trajectory import Trajectory

RELATIVE = 1e-6
"""Relative tolerance of the solver in the page."""
AGREES = 1e-4
"""How far the page's curves may lie from the Python solver's, as a part of a curve's largest value; tests hold it."""


def render(given: WhatIf) -> Section:
    """Return the section: words, sliders, a figure, a table."""
    names = ", ".join(given.titles)
    about = paragraphs(
        f"Move a slider, and {names} are solved again in this page, which needs no network for it. "
        "Sliders run over what is believed of a value (its 95 % range; three times either way where nothing says so). "
        "The doses are those of the runs: values that make a dose (loading, body weight, molar mass) are not varied. "
        "Thin dotted lines are the runs as the model says.",
        f"Solved by Rodas5P at a relative tolerance of {RELATIVE:g}; tests hold the curves to {AGREES:g} of their "
        "largest value against the solver in Python. The AUC here is trapezoidal on the drawn times.",
    )
    kernels: dict[str, int] = {}
    data = _data(given, kernels)
    text = filled(
        "whatif.html",
        root=f"what-if-{crc32(repr(given.titles).encode()):x}",
        first=given.titles[0],
        data=Markup(json.dumps(data, allow_nan=False).replace("<", "\\u003c")),
        helpers=Markup(HELPERS),
        driver=Markup(source("rodas5p.js")),
        kernels=Markup(",\n".join(kernels)),
        script=Markup(source("whatif.js")),
    )
    sources = tuple(dict.fromkeys(one for run in given.runs for one in citations_of(run)))
    return Section("What if", about + Markup(text), citations=sources)


def _data(given: WhatIf, kernels: dict[str, int]) -> dict[str, Any]:
    """Return what the page's script reads; each text of equations that it finds is numbered in ``kernels``."""
    return {
        "at": given.times.tolist(),
        "relative": RELATIVE,
        "tableau": {key: asdict(RODAS5P)[key] for key in ("gamma", "weights", "couplings", "dense")},
        "carriers": [_carrier(run, title, given, kernels) for run, title in zip(given.runs, given.titles, strict=True)],
        "sliders": [_slider(slider) for slider in given.sliders if slider.low < slider.high],
        "observables": [
            {"title": name, "unit": text, "factor": _factor(given, name)} for name, text in given.observables.items()
        ],
        "looks": [{"colour": colour, "dash": DASHES[n % len(DASHES)]} for n, colour in enumerate(PALETTE)],
        "layout": _layout(),
        "config": CONFIG,
    }


def _slider(slider: Slider) -> dict[str, Any]:
    quantity = slider.parameter.quantity
    return {
        "name": slider.parameter.name,
        "about": f"{quantity.about} ({quantity.status or 'no status'})",
        "unit": quantity.unit.text,
        "factor": quantity.unit.factor,
        "scale": quantity.scale if slider.low > 0 else "linear",
        "value": slider.value,
        "low": slider.low,
        "high": slider.high,
        "where": slider.where,
        "group": slider.group,
    }


def _carrier(run: Trajectory, title: str, given: WhatIf, kernels: dict[str, int]) -> dict[str, Any]:
    printed = JavaScriptEmitter().emit(run.system.equations)
    line, places = run.timeline, [column.name for column in run.system.columns]
    largest = np.nanmax(np.abs(run.solution.states), axis=0)
    return {
        "title": title,
        "kernel": kernels.setdefault(printed.text, len(kernels)),
        "n": printed.states,
        "outputs": printed.outputs,
        "p": run.parameters.tolist(),
        "times": line.times.tolist(),
        "jumps": list(entries(line.jumps)),
        "inputs": list(entries(line.inputs)),
        "end": line.end,
        "small": (SMALL * np.where(largest > 0, largest, 1.0)).tolist(),
        "doubled": [one.kind == "pool" and one.ledger != "label" for one in run.system.variables],
        "columns": [places.index(name) if name in places else None for name in given.observables],
    }


def _factor(given: WhatIf, name: str) -> float:
    return next(column.factor for run in given.runs for column in run.system.columns if column.name == name)


def _layout() -> dict[str, Any]:
    layout: dict[str, Any] = json.loads(new_figure(height=440).to_json())["layout"]
    return layout
