"""Every case of the library reads; the quick ones are run, and what must fail does."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pytest

import exodelivery as exo
from exodelivery.cli.main import main
from exodelivery.declare.origin import NO_ORIGIN
from exodelivery.declare.shelf import library_folder
from exodelivery.errors import DeclarationError
from exodelivery.judge.qualification.case import Case, Target
from exodelivery.judge.qualification.gate import judge
from exodelivery.judge.qualification.kinds.protocol import Measured
from exodelivery.judge.qualification.kinds.table import DEFAULT_GATES, KEYS, KINDS
from exodelivery.judge.qualification.qualify import cases, judged, qualification
from exodelivery.judge.qualification.read import case_of, read_published

CASES = sorted((library_folder() / "fits" / "qualification").glob("*.toml"))


def case(**more: Any) -> Case:
    """Return a case of arithmetic, with more keys."""
    numbers = {"dose": "100 %ID", "AUC": "160 %ID*h/mL"}
    return case_of({"format": 1, "kind": "qualification", "numbers": numbers, **more}, "toy", NO_ORIGIN)


def row(target: dict[str, Any], **more: Any) -> Any:
    """Return the only row of a case with one target."""
    return next(judged(case(targets=[target], **more)))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case_reads_and_cites(path: Path) -> None:
    (found,) = cases(path.stem)
    assert found.about
    assert found.citation is not None
    assert found.grade
    gated = [target for target in found.targets if target.gate]
    assert all(target.published is not None or target.kind in ("curve", *DEFAULT_GATES) for target in gated), found.name


def test_the_cases_that_the_catalogue_asks_for_are_there() -> None:
    names = {path.stem for path in CASES}
    assert names >= {"evans_2004", "kagan_2013_two_form", "kagan_2013_organs", "brendel_2021", "perez_blanco_2016"}
    assert names >= {"kim_2019", "harashima_1999", "gilkey_2015", "cheng_2020", "kunarajah_2017"}


@pytest.mark.parametrize("name", ["kim_2019", "gilkey_2015", "cheng_2020", "andrean_2025", "shen_2025", "kwong_2015"])
def test_identities_hold_and_defects_of_print_are_caught(name: str) -> None:
    found = exo.qualify(name)
    assert found.ok, found
    assert any(row.verdict in ("met", "caught") for row in found)


def test_topotecan_on_dna_is_that_of_the_paper() -> None:
    """Evans 2004, Math Biosci 189:185, doi:10.1016/j.mbs.2004.01.007, Tables 4 and 5."""
    found = exo.qualify("evans_2004")
    assert [row.verdict for row in found] == ["met"] * 10
    table4 = [abs(row.deviation) for row in found if row.source == "Table 4"]
    table5 = [abs(row.deviation) for row in found if row.source == "Table 5"]
    assert len(table4) == 4
    assert len(table5) == 5
    assert max(table4) < 0.0005
    assert max(table5) < 0.001


def test_a_number_that_is_moved_is_missed() -> None:
    (found,) = cases("evans_2004")
    values = {"efflux.membrane.k_e": "1.02 1/min"}
    run = dataclasses.replace(found.runs["high"], values=found.runs["high"].values | values)
    moved = dataclasses.replace(found, runs=found.runs | {"high": run}, targets=found.targets[2:3])
    result = qualification([moved])
    assert not result.ok
    assert result.rows[0].verdict == "missed"
    assert result.rows[0].deviation == pytest.approx(-0.006, abs=0.001)


def test_a_sound_model_is_not_caught() -> None:
    """A defect that the checker does not find fails the case."""
    (found,) = cases("gilkey_2015")
    document: Any = json.loads(json.dumps(found.defective))
    del document["blocks"]["disposition"]["flows"]["made_rest"]
    mended = dataclasses.replace(found, defective=document, targets=found.targets[:1])
    (result,) = judged(mended)
    assert result.verdict == "failed"
    assert "does not say so" in result.note


def test_units_are_converted_and_dimensions_held() -> None:
    assert row({"what": "dose / AUC", "published": "0.625 mL/h", "gate": "0.01 %"}).verdict == "met"
    assert row({"what": "dose / AUC", "published": "15 mL/d", "gate": "0.01 %"}).verdict == "met"
    failed = row({"what": "dose / AUC", "published": "0.625 mL", "gate": "0.01 %"})
    assert failed.verdict == "failed"
    assert "volume/time" in failed.note


@pytest.mark.parametrize(
    ("published", "gate", "ours", "verdict"),
    [
        ("2", "1 %", 2.01, "met"),
        ("2", "1 %", 2.05, "missed"),
        ("2 h", "0.1 h", 2.05, "met"),
        ("2 h", "3 min", 2.06, "missed"),
        ("0.07746", "digits", 0.077464, "met"),
        ("0.07746", "digits", 0.077466, "missed"),
        ("> 1", "", 1.2, "met"),
        ("> 1", "", 1.0, "missed"),
        ("2 to 7", "", 7.0, "met"),
        ("2 to 7", "", 7.5, "missed"),
        ("2", "", 9.0, "reported"),
        ("2", "1 %", math.nan, "failed"),
    ],
)
def test_a_gate_judges(published: str, gate: str, ours: float, verdict: str) -> None:
    target = Target("x", "expression", read_published(published, NO_ORIGIN), gate)
    unit = target.published.unit if target.published else ""
    found = judge(target, Measured(ours, unit, "" if math.isfinite(ours) else "no value"))
    assert found.verdict == verdict


def test_a_nan_is_never_met() -> None:
    target = Target("x", "expression", read_published("2", NO_ORIGIN), "1 %")
    assert judge(target, Measured(math.nan)).verdict in ("missed", "failed")
    assert judge(Target("x", "balance"), Measured(math.nan, is_deviation=True)).verdict in ("missed", "failed")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "says why it can have none"),
        ({"cannot": "no value", "targets": [{"what": "dose"}]}, "says why it can have none"),
        ({"targets": [{"kind": "reeding", "what": "x"}]}, "no kind of target"),
        ({"targets": [{"what": "dose", "gait": "1 %"}]}, "has no key"),
        ({"targets": [{"run": "a", "what": "x"}]}, "no run is called"),
        ({"runs": {"a": {"dose": "lots"}}, "targets": [{"what": "dose"}]}, "cannot be read"),
        ({"runs": {"a": {}}, "targets": [{"what": "dose", "published": "two"}]}, "two"),
        ({"readings": {"r": {"run": "a", "what": "area(x)"}}, "runs": {"a": {}}}, "no functional"),
    ],
)
def test_a_case_that_cannot_be_read_is_one_clear_error(more: dict[str, Any], words: str) -> None:
    with pytest.raises(DeclarationError, match=words):
        case(**more)


def test_an_unknown_name_fails_its_target_and_no_other() -> None:
    found = qualification([case(targets=[{"what": "dose / AUK"}, {"what": "dose / AUC", "published": "> 0 mL/h"}])])
    assert [row.verdict for row in found] == ["failed", "met"]
    assert "AUC" in found.rows[0].note


def test_every_kind_has_its_keys() -> None:
    assert set(KINDS) == set(KEYS)


def test_the_shell_prints_a_list_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["qualify", "kim_2019", "choi_2022", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"model", "target", "published", "ours", "deviation", "gate", "verdict", "ok"} <= set(rows[0])
    assert rows[-1]["verdict"] == "cannot be reproduced"
    assert all(row["ok"] for row in rows)


def test_a_report_shows_it(tmp_path: Path) -> None:
    page = exo.report(tmp_path / "held.html", exo.qualify("kim_2019")).read_text(encoding="utf-8")
    assert "Held against the literature" in page
    assert "macrophage-depleted" in page


def test_a_table_that_is_not_at_hand_is_said_and_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EXODELIVERY_DATA", raising=False)
    (found,) = cases("kagan_2013_organs")
    (result,) = judged(dataclasses.replace(found, targets=found.targets[:1]))
    assert result.verdict == "not run"
    assert "EXODELIVERY_DATA" in result.note


def test_a_run_that_fails_fails_its_target() -> None:
    (found,) = cases("evans_2004")
    run = dataclasses.replace(found.runs["high"], until="0.001 min", keep=("nowhere.free",))
    (result,) = judged(dataclasses.replace(found, runs=found.runs | {"high": run}, targets=found.targets[2:3]))
    assert result.verdict == "failed"
    assert not result.ok
