"""In a notebook: every noun shows itself without a kernel, and Ctrl-C leaves nothing broken."""

from __future__ import annotations

import ast
import inspect
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import exodelivery as exo

PLAIN = {"str", "Path", "Any", "None", "ExodeliveryError", "ExodeliveryWarning"}
"""What a verb may return that needs no look of its own: text, a path, a frame or a figure."""


def returned(verb: Any) -> list[type]:
    """Return the nouns that a verb is annotated to return, found by the imports of its own file."""
    path = Path(inspect.getsourcefile(verb) or "")
    names = str(inspect.signature(verb).return_annotation).replace("|", " ").split()
    homes = {
        alias.name: node.module
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    return [getattr(import_module(homes.get(name, verb.__module__)), name) for name in names if name not in PLAIN]


def nouns() -> list[type]:
    from exodelivery.fitting.profiles import Profile
    from exodelivery.fitting.regression import Regression
    from exodelivery.fitting.result import Fit
    from exodelivery.fitting.tables.fit import TableFit
    from exodelivery.solve.trajectory import Series

    found: dict[str, type] = {one.__name__: one for one in (Fit, Profile, Regression, TableFit, Series)}
    for name in exo.__all__:
        public = getattr(exo, name)
        if inspect.isclass(public) and not issubclass(public, BaseException | Warning):
            found[name] = public
        elif callable(public) and not inspect.isclass(public):
            found |= {noun.__name__: noun for noun in returned(public)}
    return [found[name] for name in sorted(found)]


@pytest.mark.parametrize("noun", nouns(), ids=lambda noun: noun.__name__)
def test_every_noun_of_the_door_has_a_look_in_a_notebook(noun: type) -> None:
    assert callable(getattr(noun, "_repr_html_", None))


def test_the_walk_finds_nouns_of_every_floor() -> None:
    assert {"Block", "Reading", "Trajectory", "Fit", "Comparison", "WhatIf"} <= {noun.__name__ for noun in nouns()}


@pytest.mark.parametrize(
    "thing",
    [
        exo.load("receptor", kind="uptake"), exo.load("mouse_4t1"), exo.load("doxorubicin", kind="drug"),
        exo.load("exosome_targeted"), exo.load("electroporation"), exo.load("mouse_4t1").parameters["V_plasma"],
        exo.load("pgp"), exo.load("none"),
    ],
    ids=lambda thing: getattr(thing, "name", "quantity"),
)  # fmt: skip
def test_a_part_is_well_formed_markup_with_its_numbers_and_their_origin(thing: Any) -> None:
    shown = thing._repr_html_()
    ElementTree.fromstring(f"<div>{shown}</div>")
    assert "script" not in shown
    for name, quantity in getattr(thing, "parameters", {}).items():
        assert name in shown and str(quantity) in shown and quantity.status in shown


def test_flows_are_formulas_and_text_of_a_file_is_escaped() -> None:
    block = exo.Block(
        kind="efflux", name="x", about="<b>bold</b>", flows={"out": "cell.free -> isf.free : k * cell.free"},
        parameters={"k": {"value": "1 1/h", "status": "assumed", "range": ["0.1 1/h", "10 1/h"]}},
    )  # fmt: skip
    shown = block._repr_html_()
    assert "<math" in shown and "cell.free → isf.free" in shown
    assert "<b>" not in shown and "0.1 1/h to 10 1/h" in shown


def test_a_series_and_a_page_of_sliders_tell_themselves() -> None:
    run = exo.simulate(exo.load("doxorubicin_mouse", carrier="none"), exo.bolus("5 mg/kg"), until="2 h")
    assert "plasma_total [nmol/mL]" in run["plasma_total"]._repr_html_()
    assert repr(run["plasma_total"]).startswith("plasma_total: largest")
    page = exo.what_if("doxorubicin_mouse", ["none"], exo.bolus("5 mg/kg"), "2 h")
    assert "none" in page._repr_html_() and "sliders" not in repr(page).splitlines()[0][:8]


def compared() -> Any:
    dose = exo.bolus("5 mg/kg")
    return exo.compare(
        "doxorubicin_mouse", ["none"], dose, baseline="liposome_pegylated", metrics=["plasma AUC"], horizon="6 h",
        draws=3, progress=True,
    )  # fmt: skip


def told() -> Any:
    model = exo.load("doxorubicin_human", carrier="none")
    return exo.identifiability(model, "plasma_total", exo.bolus("30 mg/m2"), unknown=["disposition"], seconds=0)


def simulated() -> Any:
    sets = {"body.V_plasma": np.linspace(0.8, 1.2, 4)}
    runs = exo.simulate(
        exo.load("doxorubicin_mouse", carrier="none"), exo.bolus("5 mg/kg"), sets=sets, times=["1 h"], progress=True
    )
    return runs["plasma_total"].tolist()


def interrupted(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("work", "inside"),
    [
        (compared, "tqdm.tqdm.update"),
        (simulated, "tqdm.tqdm.update"),
        (told, "exodelivery.fitting.structural.rank.Ranker.point"),
    ],
    ids=["compare", "simulate", "identifiability"],
)
def test_an_interrupt_comes_through_and_the_next_call_is_as_if_nothing_had_been(work: Any, inside: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inside, interrupted)
        with pytest.raises(KeyboardInterrupt):
            work()
    once, again = work(), work()
    assert str(once) == str(again)


def test_a_fit_that_is_interrupted_keeps_nothing_half_made_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from exodelivery.fitting.progress import Progress

    (tmp_path / "lab.csv").write_text("Time (h),EV (%ID/g),SD\n1,10,1\n4,5,0.6\n", encoding="utf-8")
    arm = {"carrier": "liposome_pegylated", "dose": "1 ID", "metric": "label", "route": "iv"}
    read = exo.read(tmp_path / "lab.csv", constants={"what": "blood_label", "n": "3"})
    study = read.keep("ours", about="a trial", citation="a test", body="mouse", arms={"EV": arm}, shelf=tmp_path)
    exo.recipe("trial", study, "label_mouse", starts=1, shelf=tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Progress, "tell", interrupted)
        with pytest.raises(KeyboardInterrupt):
            exo.fit("trial", again=True)
    assert not (tmp_path / "fits" / "trial" / "result.json").exists()
    with pytest.raises(exo.ExodeliveryError):
        exo.fit("trial")
    assert exo.fit("trial", again=True).verdict.converged
    assert sorted(path.name for path in (tmp_path / "fits" / "trial").iterdir()) == [
        "fit.toml", "fitted.toml", "result.json",
    ]  # fmt: skip
