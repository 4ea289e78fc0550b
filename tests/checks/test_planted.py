"""Mistakes planted in a sound shelf, one at a time: each is caught with its rule, its file and its line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from exodelivery.errors import Place
from tests.checks.conftest import checked

BLOCKS = "models/blocks"
BODY = "models/bodies/tiny_mouse.toml"
MODEL = "models/tiny_whole.toml"
VESICLE = "models/carriers/tiny_vesicle.toml"
DRUG = "models/drugs/tiny_drug.toml"
GIVEN = f"{BLOCKS}/loading/tiny_given.toml"
SOAK = f"{BLOCKS}/loading/tiny_soak.toml"
LEAK = f"{BLOCKS}/release/tiny_leak.toml"
CLEAR = f"{BLOCKS}/clearance/tiny_saturable.toml"
UPTAKE = f"{BLOCKS}/uptake/tiny_receptor.toml"
PLAIN = f"{BLOCKS}/disposition/tiny_plain.toml"
EFFLUX = f"{BLOCKS}/efflux/tiny_diffusion.toml"
GROWTH = f"{BLOCKS}/growth/tiny_exponential.toml"
EFFECT = f"{BLOCKS}/effect/tiny_emax_kill.toml"
PS = 'PS = { value = "0.015 mL/h", status = "assumed", range = ["1e-4 mL/h", "1 mL/h"], owner = "body x carrier" }'

# rule, file, what stands there, what is put there, words of the message
MISTAKES: tuple[tuple[str, str, str, str, str], ...] = (
    # names
    ("names", UPTAKE, "PS * conc(plasma.carrier) |", "PX * conc(plasma.carrier) |", "'PX'"),
    ("names", LEAK, "k * here.loaded", "kk * here.loaded", "'kk'"),
    ("names", EFFECT, "strength * count(cell)", "strength * count(cel)", "no population 'cel'"),
    ("names", MODEL, "conc(plasma.loaded)", "conc(plasm.loaded)", "'plasm.loaded' names no site"),
    ("names", BODY, '"V_plasma" }', '"V_plasm" }', "'V_plasm'"),
    ("names", BODY, 'start = "N_0"', 'start = "N_1"', "'N_1'"),
    ("names", PLAIN, "plasma.free -> out :", "plasma.free -> oot :", "'oot'"),
    ("names", PLAIN, "plasma.free -> out :", "out -> plasma.free :", "runs backwards"),
    ("names", GROWTH, "in -> cell :", "plasma.free -> cell :", "two kinds"),
    ("names", SOAK, "k_in * vial.free", "k_in * vail.free", "'vail.free'"),
    ("names", SOAK, '"drug_in_one"', '"drug_in_two"', "'drug_in_two'"),
    ("names", EFFECT, "conc(nucleus.bound) - signal", "conc(nucleus.bound) - signet", "'signet'"),
    # slots
    ("slots", UPTAKE, 'loaded = "cell.free"', 'loaded = "cell.bound"', "may not touch cell.bound"),
    ("slots", GROWTH, "in -> cell :", "in -> plasma.free :", "may not touch plasma.free"),
    ("slots", PLAIN, "cell.free -> nucleus.bound", "cell.carrier -> nucleus.carrier", "may not touch cell.carrier"),
    ("slots", UPTAKE, "[flows]", '[states]\nx = { rate = "k_fus" }\n[flows]', "may not have states"),
    # dimensions
    ("dimensions", UPTAKE, "PS * conc(plasma.carrier) |", "PS * plasma.carrier |", "carrier*volume/time"),
    ("dimensions", UPTAKE, "(K_int + conc(isf.carrier))", "(K_int + isf.carrier)", "K_int + isf.carrier"),
    ("dimensions", GROWTH, "k_g * count(cell)", "k_g", "1/time"),
    ("dimensions", BODY, 'volume = "v_cell * count(cell)"', 'volume = "v_cell"', "volume/cell"),
    ("dimensions", BODY, 'start = "N_0"', 'start = "2 * v_cell"', "the start of cell"),
    ("dimensions", MODEL, 'unit = "nmol/g"', 'unit = "nmol/mL"', "'nmol/mL' is amount/volume"),
    ("dimensions", MODEL, 'unit = "%ID"', 'unit = "nmol"', "total(plasma, label) is ID"),
    ("dimensions", EFFECT, "k_s * (conc(nucleus.bound) - signal)", "k_s * (nucleus.bound - signal)", "left side is"),
    ("dimensions", EFFECT, "hill(signal, EC50, h)", "hill(signal, EC50, k_max)", "exponent k_max is 1/time"),
    ("dimensions", GIVEN, '"drug_in_one"', '"inside"', "drug per particle"),
    ("dimensions", SOAK, "= \"offered\"", "= \"V_vial\"", "the start of vial.free"),
    ("dimensions", PLAIN, "CL * conc(plasma.free)", "CL * conc(plasma.free) * drug.molar_mass", "mass/time"),
    # limits
    ("limits", PLAIN, "CL * conc(plasma.free)", "CL * conc(deep.free)", "its source plasma.free"),
    ("limits", UPTAKE, "v_int * count(cell) * conc(isf.carrier) / (K_int + conc(isf.carrier))", "v_int * count(cell)",
     "does not vanish with its source isf.carrier"),
    ("limits", UPTAKE, "k_fus * cell.carrier", "k_fus * sqrt(cell.carrier * isf.carrier)", "not in proportion"),
    ("limits", EFFECT, "k_max * strength * count(cell)", "k_max * strength * 1e8", "its source cell"),
    # balances
    ("balances", UPTAKE, 'label = "cell.dye"', 'label = "cell.free"', "turns label into drug"),
    ("balances", UPTAKE, ', label = "cell.dye"', "", "passenger 'label'"),
    ("balances", EFFECT, ', contents = "isf"', "", "where what is in them goes"),
    ("balances", PLAIN, "cell.free -> nucleus.bound", "cell.free -> cell.dye", "turns drug into label"),
    # origins
    ("origins", LEAK, 'status = "assumed", ', "", "has no status"),
    ("origins", LEAK, ', range = ["0.01 1/h", "1 1/h"]', "", "is assumed, but has no range"),
    ("origins", PLAIN, 'CL = { value = "1 mL/h", status = "literature", source = "Somebody 2001, table 2",',
     'CL = { value = "1 mL/h", status = "literature",', "is literature, but has no source"),
    ("origins", DRUG, 'status = "literature", source = "A handbook, table 1"', 'status = "measured"', "is measured"),
    ("origins", GROWTH, 'status = "assumed"', 'status = "fitted"', "is fitted, but has no source or note"),
    ("origins", GROWTH, 'status = "assumed"', 'status = "derived"', "is derived"),
    ("origins", SOAK, '"2 h", status = "measured", source = "our protocol"', '"2 h", status = "assumed"', "no range"),
    ("origins", VESICLE, ', range = ["2e8 particle/ug", "2e10 particle/ug"]', "", "no range"),
    ("origins", VESICLE, 'status = "assumed", range = ["0.005 1/h", "0.5 1/h"]', 'status = "literature"', "no source"),
    # doses
    ("doses", GIVEN, 'loaded = "inside"\nfree = "1 - loaded"', 'loaded = "inside"\nfree = "1 - loaded / 2"',
     "sum to 1.45"),
    ("doses", GIVEN, 'drug_per_particle = "drug_in_one"', 'drug_per_particle = "0 * drug_in_one"', "not positive"),
    ("doses", SOAK, 'label = "1"', 'label = "0.5"', "label + dye sum to 0.5"),
    ("doses", SOAK, 'loaded = "vial.loaded / offered"\nfree = "vial.free / offered"',
     'loaded = "vial.loaded / offered"\nfree = "0.9 * vial.free / offered"', "sum to 0.9"),
    # unused
    ("unused", PLAIN, "[sites]", 'k_x = { value = "1 1/h", status = "assumed", range = ["0.1 1/h", "9 1/h"] }\n[sites]',
     "nothing reads the parameter disposition.k_x"),
    ("unused", MODEL, '[use.efflux]\nleak = "tiny_diffusion"',
     '[set."efflux.more.PS"]\nvalue = "2e-9 mL/cell/h"\nstatus = "literature"\nsource = "x"\n'
     '[use.efflux]\nleak = "tiny_diffusion"\nmore = "tiny_diffusion"', "are one parameter"),
    # what does not even load
    ("load", LEAK, 'about = "First-order leak"', 'abuot = "First-order leak"', "no key 'abuot'"),
    ("load", LEAK, 'kind = "release"', 'kind = "relaese"', "no kind"),
    ("load", LEAK, "k * here.loaded", "__import__('os').system('true')", "has no place for"),
    ("load", LEAK, "[flows]", "[flows", "not TOML"),
    ("load", LEAK, 'status = "assumed"', 'status = "guessed"', "no status is called 'guessed'"),
    ("load", LEAK, '{ value = "0.1 1/h"', '{ value = "5 1/h"', "outside its range"),
    ("load", LEAK, '{ value = "0.1 1/h"', '{ value = "0.1 1/hr_"', "unknown word"),
    ("load", UPTAKE, 'owner = "body x carrier"', 'owner = "body x carier"', "no owner is called"),
    ("load", PLAIN, 'deep = { role', 'here = { role', "word of the vocabulary"),
    ("load", EFFECT, "hill(signal, EC50, h)", "strength * hill(signal, EC50, h)", "defined by itself"),
    ("load", MODEL, 'growth = "tiny_exponential"', 'growth = "tiny_exponent"', "no growth is called"),
    ("load", BODY, 'iv = "plasma"', 'iv = "plasm"', "no site of this body"),
)  # fmt: skip


@pytest.mark.parametrize(("rule", "file", "old", "new", "words"), MISTAKES)
def test_a_planted_mistake_is_caught_with_its_rule_file_and_line(
    rule: str, file: str, old: str, new: str, words: str, plant: Callable[[str, str, str], int]
) -> None:
    line = plant(file, old, new)
    span = range(line, line + new.count("\n") + 1)
    found = checked("tiny_soaked" if file == SOAK else "tiny_vesicle")
    hits = [i for i in found.errors if i.rule == rule and i.place.file == file and i.place.line in span]
    assert any(words in issue.message for issue in hits), str(found)


@pytest.mark.parametrize(
    ("rule", "file", "old", "new", "at", "words"),
    [
        ("names", LEAK, '["blood", "interstitium", "cell"]', '["lymph"]', "[flows]", "without flows"),
        ("slots", VESICLE, 'uptake = "tiny_receptor"\n', "", "[use]", "fills no uptake"),
        ("slots", DRUG, 'disposition = "tiny_plain"\n', "", "[use]", "fills no disposition"),
    ],
)
def test_what_is_lacking_is_shown_where_it_should_stand(
    rule: str, file: str, old: str, new: str, at: str, words: str, plant: Callable[[str, str, str], int], shelf: Path
) -> None:
    plant(file, old, new)
    found = checked("tiny_vesicle")
    line = (shelf / file).read_text(encoding="utf-8").splitlines().index(at) + 1
    hits = [issue for issue in found.errors if issue.rule == rule and issue.place == Place(file, line, at[1:-1])]
    assert any(words in issue.message for issue in hits), str(found)


@pytest.mark.parametrize(
    ("rule", "file", "old", "new", "words"),
    [
        ("unused", EFFECT, "k_max * strength * count(cell)", "k_max * count(cell)", "nothing reads effect.strength"),
        ("doses", BODY, 'weight = { value = "20 g", status = "assumed", range = ["17 g", "24 g"] }', "", "no weight"),
        ("doses", GIVEN, 'drug_per_particle = "drug_in_one"', "", "no drug_per_particle"),
        ("origins", PLAIN, "k_on = {", 'n = { value = "2", status = "measured", source = "x" }\nk_on = {', "no unit"),
    ],
)
def test_what_is_likely_wrong_is_a_warning(
    rule: str, file: str, old: str, new: str, words: str, plant: Callable[[str, str, str], int]
) -> None:
    plant(file, old, new)
    hits = [issue for issue in checked("tiny_vesicle").warnings if issue.rule == rule and issue.place.file == file]
    assert any(words in issue.message for issue in hits)


def test_a_value_of_a_body_that_one_model_does_not_read_is_a_note(plant: Callable[[str, str, str], int]) -> None:
    plant(BODY, "[sites]", 'x = { value = "1", status = "assumed", range = ["0.5", "2"] }\n[sites]')
    found = checked("tiny_vesicle")
    assert not any("body.x" in issue.message for issue in (*found.errors, *found.warnings))
    assert any("nothing reads the parameter body.x" in issue.message for issue in found.notes)


def test_mistakes_in_several_files_are_all_told_at_once(plant: Callable[[str, str, str], int]) -> None:
    lines = {
        UPTAKE: plant(UPTAKE, "PS * conc(plasma.carrier) |", "PX * conc(plasma.carrier) |"),
        GROWTH: plant(GROWTH, "k_g * count(cell)", "k_g"),
        PLAIN: plant(PLAIN, "CL * conc(plasma.free)", "CL * conc(deep.free)"),
        EFFECT: plant(EFFECT, ', contents = "isf"', ""),
        LEAK: plant(LEAK, ', range = ["0.01 1/h", "1 1/h"]', ""),
        GIVEN: plant(GIVEN, '"1 - loaded"', '"1 - loaded / 2"'),
    }
    plant(VESICLE, 'clearance = "tiny_saturable"\n', "")
    told = {(issue.place.file, issue.place.line) for issue in checked("tiny_vesicle").errors}
    assert set(lines.items()) - told <= {(GIVEN, lines[GIVEN])}, "a mistake was hidden"
    assert any(file == GIVEN for file, _ in told) and any(file == VESICLE for file, _ in told)


def test_every_passenger_that_is_forgotten_is_told(plant: Callable[[str, str, str], int]) -> None:
    plant(
        UPTAKE, 'passengers = { loaded = "cell.free", adsorbed = "cell.free", label = "cell.dye" }', "passengers = {}"
    )
    messages = [issue.message for issue in checked("tiny_vesicle").errors if issue.rule == "balances"]
    assert len(messages) == 2 and "'loaded'" in messages[0] and "'label'" in messages[1]


def test_both_faults_of_one_expression_are_told(plant: Callable[[str, str, str], int]) -> None:
    line = plant(UPTAKE, "k_fus * cell.carrier", "k_fuse * cel.carrier")
    messages = [issue.message for issue in checked("tiny_vesicle").errors if issue.place.line == line]
    assert any("'k_fuse'" in message for message in messages) and any(
        "'cel.carrier'" in message for message in messages
    )


def test_the_caret_stands_under_the_part_that_does_not_fit(plant: Callable[[str, str, str], int]) -> None:
    plant(UPTAKE, "(K_int + conc(isf.carrier))", "(K_int + isf.carrier)")
    issue = next(issue for issue in checked("tiny_vesicle").errors if issue.rule == "dimensions")
    text, carets = issue.excerpt.splitlines()
    assert text[carets.index("^") : len(carets)] == "K_int + isf.carrier"
    assert "carrier/volume" in issue.message and "carrier" in issue.message


def test_a_mass_beside_an_amount_of_drug_points_at_the_molar_mass(plant: Callable[[str, str, str], int]) -> None:
    plant(EFFECT, '"1 nmol/mL", status = "assumed", range = ["0.01 nmol/mL", "100 nmol/mL"]',
          '"1 ug/mL", status = "assumed", range = ["0.01 ug/mL", "100 ug/mL"]')  # fmt: skip
    issue = next(issue for issue in checked("tiny_vesicle").errors if issue.rule == "dimensions")
    assert "molar_mass" in issue.remedy
