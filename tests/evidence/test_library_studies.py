"""The studies in fits/studies: they load, and their numbers are those of the published tables."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from exodelivery.declare.files import folder_of
from exodelivery.evidence.identities import independent
from exodelivery.evidence.read_study import read_study
from exodelivery.evidence.records import Record
from exodelivery.evidence.studies import Studies
from exodelivery.evidence.study import Study
from exodelivery.units import convert, to_base, unit

FOLDER = Path(__file__).parents[2] / "fits" / "studies"
FOLDERS = sorted(path for path in FOLDER.iterdir() if path.is_dir())
LIBRARY = Studies(read_study(path) for path in FOLDERS)

# arms, records, records that a fit may use
COUNTS = {
    "chow_2009_liposome_peg": (2, 140, 60),
    "drummond_1999_human_liposome_pk": (16, 74, 50),
    "gabizon_2003_free_fraction": (0, 1, 0),
    "kagan_2013_ambisome_rat": (1, 5, 5),
    "kim_2019_exosome_pk_summary": (3, 15, 9),
    "laginha_2005_4t1_tumour": (4, 35, 27),
    "lazaroibanez_2021_ev_tracers": (1, 1, 1),
    "luan_tumour_exit": (1, 28, 28),
    "morishita_2015_organ_distribution": (1, 3, 3),
    "rank_2011_platelet_vesicles": (2, 6, 2),
    "wang_2017_exosome_drug_transfer": (0, 6, 0),
    "willekens_2005_red_cell_vesicles": (1, 3, 2),
    "wong_2013_liposome_mammary": (1, 33, 27),
}


def one(study: Study, arm: str, what: str, **fields: object) -> Record:
    found = [
        record
        for record in study.records
        if record.arm == arm
        and str(record.what) == what
        and all(getattr(record, name) == value for name, value in fields.items())
    ]
    assert len(found) == 1, f"{len(found)} records of {arm}: {what} {fields}"
    return found[0]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_every_study_is_counted_cited_and_honest(folder: Path) -> None:
    study = LIBRARY[folder.name]
    assert (len(study.arms), len(study.records), len(study.usable)) == COUNTS[folder.name]
    assert len(study.citation.text) > 20
    assert not study.verified
    assert study.caveats
    assert study.read


def test_no_study_of_the_table_is_missing() -> None:
    assert set(LIBRARY) == set(COUNTS)


@pytest.mark.parametrize("record", LIBRARY.records, ids=lambda record: f"{record.place.line}-{record.what}")
def test_every_unit_reads_and_every_unused_number_says_why(record: Record) -> None:
    assert unit(record.unit).factor > 0
    assert record.use or record.note
    assert math.isfinite(record.centre)


def test_arms_name_only_carriers_and_bodies_of_our_library() -> None:
    arms = LIBRARY.arms()
    shelf = FOLDER.parents[1] / "models"
    for kind in ("carrier", "body"):
        known = {path.stem for path in (shelf / folder_of(kind)).glob("*.toml")}
        assert {getattr(arm, kind) for arm in arms.values()} <= known
    assert arms["laginha_2005_4t1_tumour.dopc_9"].dose == "9 mg/kg"


@pytest.mark.parametrize(
    ("arm", "what", "value"),
    [
        ("doxil_16", "auc(tumour_total)", 5918),
        ("doxil_16", "auc(tumour_nuclear)", 2444),
        ("doxil_9", "auc(tumour_total)", 3988),
        ("doxil_9", "auc(tumour_nuclear)", 1970),
        ("dopc_9", "auc(tumour_total)", 641),
        ("free_9", "auc(tumour_total)", 45.8),
        ("free_9", "auc(tumour_nuclear)", 43.3),
        ("doxil_16", "cmax(tumour_total)", 48.8),
        ("doxil_9", "cmax(tumour_nuclear)", 15.9),
        ("dopc_9", "tmax(tumour_total)", 12),
        ("free_9", "mrt(tumour_total)", 10),
        ("doxil_9", "half_life(tumour_total)", 151),
        ("free_9", "cl(tumour_total)", 89),
    ],
)
def test_laginha_is_table_1(arm: str, what: str, value: float) -> None:
    study = LIBRARY["laginha_2005_4t1_tumour"]
    assert one(study, arm, what, against="").value == value


def test_laginha_windows_are_a_day_for_free_drug_and_a_week_for_liposomes() -> None:
    study = LIBRARY["laginha_2005_4t1_tumour"]
    assert one(study, "free_9", "auc(tumour_total)").window == (0, 24)
    assert one(study, "doxil_9", "auc(tumour_total)", against="").window == (0, to_base("7 d"))


def test_laginha_ratios_of_the_abstract_agree_with_its_table() -> None:
    study = LIBRARY["laginha_2005_4t1_tumour"]
    for arm in ("doxil_9", "dopc_9"):
        ratio = one(study, arm, "auc(tumour_total)", against="free_9")
        table = one(study, arm, "auc(tumour_total)", against="")
        free = one(study, "free_9", "auc(tumour_total)")
        assert ratio.value is not None
        assert table.centre / free.centre == pytest.approx(ratio.value, abs=0.5)
        assert not ratio.use


def test_an_odd_unit_is_read_as_the_study_declares() -> None:
    record = one(LIBRARY["laginha_2005_4t1_tumour"], "doxil_9", "auc(tumour_total)", against="")
    assert (record.printed_unit, record.unit) == ("ueq*h/g", "ug*h/g")
    pmol = one(LIBRARY["wang_2017_exosome_drug_transfer"], "", "drug_in_exosomes")
    assert convert(2.0, pmol.unit, "fmol/cell") == pytest.approx(2e-3)


def test_kim_keeps_ranges_as_ranges_and_means_as_means() -> None:
    study = LIBRARY["kim_2019_exosome_pk_summary"]
    area = one(study, "a", "auc(blood_label)")
    assert area.value is None and area.interval == (5922, 25759)
    assert one(study, "a", "half_life(blood_label)", phase=1).interval == (6.85, 8.79)
    assert one(study, "a", "half_life(blood_label)", phase=2).interval == (149, 792)
    depleted = one(study, "b", "auc(plasma_label)")
    assert (depleted.value, depleted.spread, depleted.spread_kind) == (160, 33, "sd")
    assert study.arms["b"].condition == "macrophages depleted"
    km = [record for record in study.records if record.what.observable == "uptake_km"]
    assert [record.value for record in km] == [55.5, 152] and not any(record.use for record in km)


def test_kim_set_d_is_consistent_with_the_identity_that_drops_its_volume() -> None:
    study = LIBRARY["kim_2019_exosome_pk_summary"]
    clearance = one(study, "d", "cl(plasma_label)")
    residence = one(study, "d", "mrt(plasma_label)")
    volume = convert(clearance.centre, clearance.unit, "mL/h") * residence.centre
    assert volume == pytest.approx(3.15, rel=0.05)
    _, dropped = independent(record for record in study.records if record.arm == "d")
    assert [str(drop.record.what) for drop in dropped] == ["vss(plasma_label)"]


def test_morishita_accounts_for_a_third_of_the_dose() -> None:
    shares = {record.what.observable: record.value for record in LIBRARY["morishita_2015_organ_distribution"].records}
    assert shares == {"liver_share": 28, "spleen_share": 1.6, "lung_share": 7}


def test_the_half_life_bound_is_a_bound() -> None:
    (record,) = LIBRARY["lazaroibanez_2021_ev_tracers"].records
    assert (record.limit, record.value, record.unit, record.phase) == ("<", 10, "min", 1)


@pytest.mark.parametrize(
    ("arm", "value", "spread"),
    [
        ("peg_25", 609, (227, 887)),
        ("peg_50", 902, (335, 2497)),
        ("peg_20", 577, None),
        ("free_25", 1.0, (0.7, 1.3)),
        ("free_50", 3.5, (2.6, 6.0)),
        ("tlc_20", 30.4, 32.5),
        ("dnx_80", 375.3, None),
        ("free_daunorubicin_80", 10.33, None),
    ],
)
def test_drummond_is_table_4(arm: str, value: float, spread: object) -> None:
    record = one(LIBRARY["drummond_1999_human_liposome_pk"], arm, "auc(plasma_total)")
    assert (record.value, record.spread) == (value, spread)


def test_drummond_clearances_in_use_are_dose_over_area_at_a_usual_body_surface() -> None:
    study = LIBRARY["drummond_1999_human_liposome_pk"]
    used = [record for record in study.usable if record.what.functional == "cl"]
    assert len(used) == 11
    for record in used:
        dose = float(study.arms[record.arm].dose.split()[0]) * 1.8
        area = one(study, record.arm, "auc(plasma_total)").centre
        assert record.centre == pytest.approx(dose / area, rel=0.4), record


def test_the_row_that_must_not_be_used_is_not() -> None:
    rows = [r for r in LIBRARY["drummond_1999_human_liposome_pk"].records if r.arm == "tlc_90"]
    assert len(rows) == 5
    assert not any(record.use for record in rows)


def test_wong_has_eleven_tissues_at_three_times() -> None:
    study = LIBRARY["wong_2013_liposome_mammary"]
    assert {record.time for record in study.records} == {6, 24, 48}
    assert len({record.what.observable for record in study.records}) == 11
    tumour = [one(study, "liposome", "tumour_label", time=time).value for time in (6, 24, 48)]
    blood = [one(study, "liposome", "blood_label", time=time).value for time in (6, 24, 48)]
    assert (tumour, blood) == ([7.6, 12.1, 18.9], [41.9, 19.1, 6.1])


def test_wong_blood_half_life_is_the_derived_one() -> None:
    study = LIBRARY["wong_2013_liposome_mammary"]
    points = [(r.centre, r.time or 0.0) for r in study.records if r.what.observable == "blood_label"]
    mean_time = sum(time for _, time in points) / 3
    mean_log = sum(math.log(value) for value, _ in points) / 3
    slope = sum((time - mean_time) * (math.log(value) - mean_log) for value, time in points)
    slope /= sum((time - mean_time) ** 2 for _, time in points)
    assert -math.log(2) / slope == pytest.approx(15.1, abs=0.05)


def test_wang_constants_are_facts_and_the_doubtful_one_says_so() -> None:
    study = LIBRARY["wang_2017_exosome_drug_transfer"]
    values = {record.what.observable: record.value for record in study.records}
    assert values["k_sort_exo"] == 31 and values["k_rel_exo"] == 0.105
    doubtful = one(study, "", "jmax_inter_exo")
    assert doubtful.value == 0.038 and "doubtful" in doubtful.note
    assert study.usable == ()


def test_gabizon_is_a_range() -> None:
    (record,) = LIBRARY["gabizon_2003_free_fraction"].records
    assert (record.value, record.interval, record.unit) == (None, (0.25, 1.25), "%")


@pytest.mark.parametrize(
    ("arm", "what", "values"),
    [
        ("peg_09", "blood_label", (20.19, 13.08, 3.97, 1.62, 0.29)),
        ("peg_09", "spleen_label", (27.22, 36.86, 94.14, 134.2, 164.2)),
        ("peg_6", "spleen_label", (7.34, 13.82, 17.58, 25.27, 23.92)),
        ("peg_6", "tumour_label", (2.91, 4.1, 8.22, 15.48, 10.28)),
    ],
)
def test_chow_is_the_database_row(arm: str, what: str, values: tuple[float, ...]) -> None:
    study = LIBRARY["chow_2009_liposome_peg"]
    assert tuple(one(study, arm, what, time=time).value for time in (1, 4, 24, 48, 72)) == values


def test_chow_has_no_lungs_because_their_row_is_the_same_in_both_arms() -> None:
    assert not any("lung" in str(record.what) for record in LIBRARY["chow_2009_liposome_peg"].records)


def test_luan_is_the_file_of_its_repository() -> None:
    study = LIBRARY["luan_tumour_exit"]
    times = (1, 4, 12, 24, 48, 72, 120)
    tumour = [one(study, "particle", "tumour_label", time=time) for time in times]
    assert [record.value for record in tumour] == [1.11, 1.975, 2.112, 4.684, 5.875, 4.282, 3.155]
    assert [record.spread for record in tumour] == [0.409, 0.8334, 1.175, 2.165, 1.821, 1.137, 1.042]
    assert one(study, "particle", "blood_label", time=4).spread == 0.7173


def test_a_vesicle_lives_minutes_in_rats_and_hours_in_patients() -> None:
    left = one(LIBRARY["willekens_2005_red_cell_vesicles"], "vesicles", "blood_share")
    assert left.centre == 100 - 80
    half_life = (left.time or 0) * math.log(2) / math.log(100 / left.centre)
    assert half_life * 60 == pytest.approx(2.2, abs=0.1)
    patients = one(LIBRARY["rank_2011_platelet_vesicles"], "annexin", "half_life(plasma_label)")
    assert (patients.value, patients.interval, patients.spread_kind) == (5.8, (1.8, 18.3), "ci95")
