"""What planted mistakes do not reach: proofs on altered systems, Python mirrors, hostile input, the findings."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from exodelivery.checks.balances import prove_ledgers
from exodelivery.checks.check import RULES, check
from exodelivery.checks.findings import Findings, Issue, findings
from exodelivery.compile.flatten import flatten
from exodelivery.declare.block import Block
from exodelivery.declare.model import Model
from exodelivery.declare.parts import Body
from exodelivery.declare.shelf import find
from exodelivery.errors import NOWHERE, CheckError, DeclarationError, Place
from tests.checks.conftest import checked


def whole() -> Model:
    model: Model = find("tiny_whole", "model")
    return model


@pytest.mark.parametrize("carrier", ["tiny_vesicle", "tiny_soaked", "tiny_none"])
def test_a_sound_model_has_neither_error_nor_warning_with_any_carrier(carrier: str, shelf: Path) -> None:
    found = checked(carrier)
    assert found and not found.errors and not found.warnings, str(found)


def test_a_flow_that_the_body_has_no_place_for_is_a_note(shelf: Path) -> None:
    notes = [issue for issue in checked("tiny_vesicle").notes if issue.rule == "names"]
    assert [issue.message for issue in notes] == ["the flow clearance.liver is left out: the body has no liver"]
    assert notes[0].place == Place("models/blocks/clearance/tiny_saturable.toml", 11, "flows.liver")


# -- the proof of balances


def test_every_ledger_of_a_sound_model_is_proved(shelf: Path) -> None:
    system = flatten(whole(), ("all",))
    assert set(system.ledgers) == {"drug", "carrier", "label", "cell"}
    assert not list(prove_ledgers(system, {}, NOWHERE))


@pytest.mark.parametrize("variable", ["plasma.free", "isf.carrier", "cell.dye", "out.drug", "in.cell"])
def test_a_rate_that_lost_a_term_breaks_the_proof_of_its_ledger(variable: str, shelf: Path) -> None:
    system = flatten(whole(), ("all",))
    rates = list(system.equations.rates)
    rates[system.index(variable)] *= 2
    broken = dataclasses.replace(system, equations=dataclasses.replace(system.equations, rates=tuple(rates)))
    issues = list(prove_ledgers(broken, {}, NOWHERE))
    ledger = system.variables[system.index(variable)].ledger
    assert len(issues) == 1 and f"the ledger {ledger} does not close" in issues[0].message


def test_the_proof_does_not_need_terms_to_be_written_alike(shelf: Path) -> None:
    import sympy

    system = flatten(whole(), ("all",))
    at = system.index("plasma.free")
    rates = [sympy.factor(rate) if n == at else rate for n, rate in enumerate(system.equations.rates)]
    same = dataclasses.replace(system, equations=dataclasses.replace(system.equations, rates=tuple(rates)))
    assert not list(prove_ledgers(same, {}, NOWHERE))


# -- limits


KILL = {"k_max": "0.05 1/h", "EC50": "1 nmol/mL", "h": "1.5"}


@pytest.mark.parametrize(
    ("rate", "sound"),
    [
        ("k_max * hill(conc(nucleus.bound), EC50, h) * count(cell)", True),
        ("k_max * count(cell) * max(0, 1 - conc(nucleus.bound) / EC50)", True),
        ("when(conc(nucleus.bound) > EC50, k_max * count(cell), 0)", True),
        ("k_max * count(cell) * log(1 + conc(nucleus.bound) / EC50)", False),
        ("k_max * count(cell) * conc(nucleus.bound) / EC50", False),
    ],
)
def test_a_kill_rate_per_cell_stays_bounded_as_cells_die_out(rate: str, sound: bool, shelf: Path) -> None:
    used = {name: value for name, value in KILL.items() if name in rate}
    kill = Block("effect", parameters=used, flows={"kill": {"flow": f"cell -> out : {rate}", "contents": "isf"}})
    assert any(issue.rule == "limits" for issue in check(whole().swap(effect=kill))) != sound


@pytest.mark.parametrize(
    ("rate", "sound"),
    [
        ("V * plasma.free / (K + plasma.free)", True),
        ("k * sqrt(plasma.free * K)", True),
        ("k * min(plasma.free, K)", True),
        ("k * (plasma.free - isf.free)", False),
        ("k * K * exp(-plasma.free / K)", False),
    ],
)
def test_a_drug_leaves_no_empty_pool(rate: str, sound: bool, shelf: Path) -> None:
    values = {"V": "1 nmol/h", "K": "1 nmol", "k": "1 1/h"}
    block = Block("disposition", parameters=values, flows={"go": f"plasma.free -> out : {rate}"})
    assert any(issue.rule == "limits" for issue in check(whole().swap(disposition=block))) != sound


def test_a_block_is_judged_at_pools_that_this_carrier_never_fills(shelf: Path) -> None:
    block = Block("efflux", parameters={"k": "1 nmol/h"}, flows={"go": "cell.bound -> cell.free : k"})
    issues = check(whole().swap(carrier="tiny_none", efflux=block)).errors
    assert any(issue.rule == "limits" and "cell.bound" in issue.message for issue in issues)


# -- declared in Python


def test_a_circulation_moves_a_volume_per_time(shelf: Path) -> None:
    def issues(rate: str) -> list[Issue]:
        flow = {"out": f"plasma -> isf : {rate}", "home": f"isf -> plasma : {rate}"}
        blood = Block("circulation", parameters={"Q": "10 mL/h"}, flows=flow)
        body: Body = dataclasses.replace(whole().body, use={"circulation": blood})
        return [issue for issue in check(whole().swap(body=body)).errors if issue.rule in ("dimensions", "balances")]

    assert not issues("Q")
    wrong = issues("Q / body.V_plasma")
    assert {issue.place.key for issue in wrong} == {"flows.out", "flows.home"}
    assert all("volume/time" in issue.message for issue in wrong)


def test_a_model_declared_in_python_is_pointed_at_by_its_dotted_key(shelf: Path) -> None:
    block = Block("growth", parameters={"k_g": "0.01 1/h"}, flows={"grow": "in -> cell : k_g"})
    errors = check(whole().swap(growth=block)).errors
    assert {(issue.rule, issue.place.key) for issue in errors} == {
        ("dimensions", "flows.grow"),
        ("origins", "parameters.k_g"),
    }


def test_a_stage_that_loses_drug_by_a_flow_is_not_believed(plant: Callable[[str, str, str], int]) -> None:
    soak = "models/blocks/loading/tiny_soak.toml"
    plant(soak, "[outputs]", 'wash = "vial.free -> out : k_off * vial.free"\n[outputs]')
    warned = [issue for issue in checked("tiny_soaked").warnings if issue.rule == "doses"]
    assert any("could not be proved" in issue.message for issue in warned)


def test_an_empty_pool_of_the_vial_is_not_drawn_from(plant: Callable[[str, str, str], int]) -> None:
    plant("models/blocks/loading/tiny_soak.toml", "k_in * vial.free |", "k_in * offered |")
    assert any("drawn from when it is empty" in issue.message for issue in checked("tiny_soaked").errors)


def test_two_parameters_are_one_only_with_the_same_owners(shelf: Path) -> None:
    model = whole()
    leak = model.use["efflux"]["leak"]
    assert check(model.swap(efflux={"leak": leak, "more": leak})).ok
    changed = model.swap(efflux={"leak": leak, "more": leak}).with_values({"efflux.more.PS": "5e-9 mL/cell/h"})
    assert any("are one parameter" in issue.message for issue in check(changed).errors)


# -- hostile things


@pytest.mark.parametrize(
    "rate",
    ["plasma.free**plasma.free * k", "k * plasma.free / 0", "k * plasma.free * log(0)", "k * (" * 20 + "1" + ")" * 20],
)
def test_a_hostile_rate_is_an_issue_and_never_a_crash(rate: str, shelf: Path) -> None:
    block = Block("disposition", parameters={"k": "1 1/h"}, flows={"go": f"plasma.free -> out : {rate}"})
    assert not check(whole().swap(disposition=block)).ok


def test_a_name_of_markup_is_escaped_in_a_notebook() -> None:
    found = Findings("<b>x</b>", (Issue("error", "names", "<script>alert(1)</script>", Place("<i>.toml", 1)),))
    shown = found._repr_html_()
    assert "<script>alert" not in shown and "&lt;script&gt;" in shown and "<i>.toml" not in shown


# -- findings


def test_findings_count_sort_and_judge() -> None:
    issues = [Issue("note", "a", "n"), Issue("warning", "a", "w"), Issue("error", "a", "e"), Issue("error", "b", "e")]
    found = findings("it", issues)
    assert [issue.severity for issue in found] == ["error", "warning", "note"]
    assert found.errors[0].rule == "a", "the first rule to say a thing is the one heard"
    assert not found.ok and not found and len(found) == 3
    assert str(found).startswith("it: 1 error, 1 warning, 1 note\n")


def test_strict_raises_all_errors_at_once(plant: Callable[[str, str, str], int]) -> None:
    plant("models/blocks/growth/tiny_exponential.toml", "k_g * count(cell)", "k_g")
    plant("models/blocks/release/tiny_leak.toml", 'status = "assumed", ', "")
    with pytest.raises(CheckError) as caught:
        check(whole(), strict=True)
    assert isinstance(caught.value.findings, Findings)
    assert "tiny_exponential.toml:7" in str(caught.value) and "tiny_leak.toml:6" in str(caught.value)


def test_a_rule_that_cannot_go_on_hides_no_other(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(case: object) -> list[Issue]:
        raise DeclarationError("this rule cannot go on")

    monkeypatch.setitem(RULES, "names", stumble)  # type: ignore[arg-type]
    block = Block("growth", parameters={"k_g": "0.01 1/h"}, flows={"grow": "in -> cell : k_g"})
    told = {issue.rule for issue in check(whole().swap(growth=block)).errors}
    assert {"names", "dimensions", "origins"} <= told


# -- creation, circulation, clock


def test_drug_does_not_arise_from_nothing(shelf: Path) -> None:
    def found(source: str) -> list[Issue]:
        block = Block("disposition", parameters={"k": "1 nmol/h"}, flows={"go": f"in -> {source} : k"})
        return [issue for issue in check(whole().swap(disposition=block)).errors if issue.rule == "creation"]

    assert len(found("plasma.free")) == 1
    assert not found("plasma.marker.free")


def test_blood_that_flows_into_a_site_flows_out_of_it(shelf: Path) -> None:
    def found(home: str) -> list[Issue]:
        flow = {"there": "plasma -> isf : Q", "back": f"isf -> plasma : {home}"}
        blood = Block("circulation", parameters={"Q": "10 mL/h"}, flows=flow)
        body: Body = dataclasses.replace(whole().body, use={"circulation": blood})
        return [issue for issue in check(whole().swap(body=body)).errors if issue.rule == "circulation"]

    assert not found("Q")
    assert not found("Q / 2 + Q - 0.5 * Q")
    assert {"isf", "plasma"} == {issue.message.split()[3] for issue in found("0.9 * Q")}


@pytest.mark.parametrize(("role", "balanced"), [("medium", True), ("interstitium", False)])
def test_a_medium_is_poured_on_and_taken_off(role: str, balanced: bool, shelf: Path) -> None:
    sites = {**whole().body.sites, "well": {"role": role, "volume": "V_plasma"}}
    poured = Block("circulation", parameters={"Q": "10 mL/h"}, flows={"change": "well -> out : Q"})
    body: Body = dataclasses.replace(whole().body, sites=sites, use={"circulation": poured})
    told = [issue for issue in check(whole().swap(body=body)).errors if issue.rule == "circulation"]
    assert (not told) == balanced


def test_what_a_pool_that_the_body_lacks_starts_with_is_not_asked(shelf: Path) -> None:
    def found(pool: str) -> list[Issue]:
        block = Block(
            "disposition",
            parameters={"k": "1 1/h"},
            start={pool: "body.most_in_spleen"},
            flows={"go": "plasma.free -> out : k * plasma.free"},
        )
        return [issue for issue in check(whole().swap(disposition=block)).errors if issue.rule == "names"]

    assert not found("spleen.free")
    assert any("most_in_spleen" in issue.message for issue in found("isf.free"))
    assert any("spleeen" in issue.message for issue in found("spleeen.free"))


@pytest.mark.parametrize(
    ("rate", "clock"),
    [("k", True), ("-k * age", True), ("k * (total(cell, drug) / dose - age)", False)],
)
def test_a_state_that_nothing_moves_is_a_clock(rate: str, clock: bool, shelf: Path) -> None:
    block = Block(
        "effect",
        parameters={"k": "0.1 1/h", **({} if clock else {"dose": "1 nmol"})},
        states={"age": {"unit": "1", "start": "1", "rate": rate}},
        flows={"kill": {"flow": "cell -> out : k * hill(age, 1, 2) * count(cell)", "contents": "isf"}},
    )
    assert any(issue.rule == "clock" for issue in check(whole().swap(effect=block))) == clock
