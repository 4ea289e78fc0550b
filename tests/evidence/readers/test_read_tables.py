"""Readers: each layout with its mapping, every fault at once with its row, nothing dropped in silence, hostile text."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exodelivery.errors import EvidenceError, ExodeliveryError
from exodelivery.evidence.read_csv import read_csv
from exodelivery.evidence.readers.read import read
from exodelivery.evidence.readers.reading import read_cell

LONG = """Group,Animal,Time (min),Tissue,Conc (ug/mL),LLOQ
free,1,5,plasma,4.2,0.1
free,2,5,plasma,3.8,0.1
free,3,60,plasma,BLQ,0.1
liposome,4,5,plasma,40,0.1
"""


def write(folder: Path, text: str, name: str = "lab.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


# -- one number a row


def test_a_lab_table_shows_its_mapping_and_gives_its_numbers(tmp_path: Path) -> None:
    found = read(write(tmp_path, LONG), names={"plasma": "plasma_total"})
    text = str(found)
    assert "'Group' → arm" in text and "'Time (min)' → time [min]" in text and "no faults" in text
    first = found.entries[0]
    assert (first.row, first.arm, first.subject, first.what, first.value, first.unit) == (
        2, "free", "1", "plasma_total", 4.2, "ug/mL",
    )  # fmt: skip
    assert first.time == pytest.approx(5 / 60)
    assert (found.entries[2].value, found.entries[2].limit) == (0.1, "<")
    assert list(found.table()["row"]) == [2, 3, 4, 5] and found.table().attrs["units"]["value"] == "ug/mL"


def test_every_bad_row_is_named_at_once_and_nothing_is_handed_out(tmp_path: Path) -> None:
    bad = LONG + "free,5,late,plasma,2,0.1\nfree,6,90,plasma,#DIV/0!,0.1\nfree,7,90,plasma,1.0 ± 0.2,0.1\n"
    found = read(write(tmp_path, bad))
    assert not found
    assert [fault.where.line for fault in found.faults] == [6, 7, 8]
    with pytest.raises(EvidenceError, match="3 faults") as error:
        found.table()
    assert "SD or SEM" in str(error.value) and "'late' is no number" in str(error.value)


def test_rows_left_out_keep_their_reason(tmp_path: Path) -> None:
    bad = LONG + "free,5,late,plasma,2,0.1\n,,,,,\nfree,6,90,plasma,,0.1\n"
    found = read(write(tmp_path, bad), leave_out={6: "the label came off"})
    assert found and len(found) == 4
    assert {(e.row, e.why) for e in found.excluded} == {(6, "left out: the label came off"), (8, "no value")}
    with pytest.raises(EvidenceError, match="without a reason"):
        read(write(tmp_path, bad), leave_out={6: " "})
    assert "row 99" in str(read(write(tmp_path, LONG), leave_out={99: "gone"}).faults[0])


def test_means_are_written_as_a_study_reads_them(tmp_path: Path) -> None:
    found = read(write(tmp_path, LONG), names={"plasma": "plasma_total"}).means()
    mean = found.entries[0]
    assert (mean.value, mean.n, mean.spread_kind) == (4.0, 2, "sd") and mean.spread == pytest.approx(math.sqrt(0.08))
    target = found.write(tmp_path / "tidy.csv")
    records = read_csv(target, study="lab", arms=["free", "liposome"])
    assert [(r.arm, str(r.what), r.value, r.n) for r in records] == [
        ("free", "plasma_total", 4.0, 2), ("free", "plasma_total", 0.1, 1), ("liposome", "plasma_total", 40.0, 1),
    ]  # fmt: skip
    with pytest.raises(EvidenceError, match="there already"):
        found.write(target)


def test_a_mean_over_levels_below_the_limit_is_not_made(tmp_path: Path) -> None:
    text = "time (h),conc (ng/mL)\n1,5\n1,<0.5\n"
    found = read(write(tmp_path, text)).means()
    assert not found.entries and "biased" in found.excluded[0].why


def test_roles_units_and_spreads_can_be_told(tmp_path: Path) -> None:
    text = "who;when;DOX;±;batch\nA;1;2,5;0,5;x\nA;2;1,5;0,4;y\n"
    found = read(
        write(tmp_path, text), roles={"value": "DOX", "time": "when", "arm": "who", "batch": "batch"},
        units={"value": "ug/mL", "time": "h"}, spread="sem", constants={"what": "plasma_total"},
    )  # fmt: skip
    assert [(e.value, e.spread, e.spread_kind, e.extra["batch"]) for e in found.entries] == [
        (2.5, 0.5, "sem", "x"), (1.5, 0.4, "sem", "y"),
    ]  # fmt: skip
    assert not read(write(tmp_path, text), roles={"value": "DOX", "time": "when"}, units={"value": "1", "time": "h"})


def test_merged_cells_repeat_only_when_told(tmp_path: Path) -> None:
    text = "arm,time (h),conc (ng/mL)\nfree,1,5\n,2,4\n"
    assert [e.arm for e in read(write(tmp_path, text)).entries] == ["free", ""]
    assert [e.arm for e in read(write(tmp_path, text), fill=["arm"]).entries] == ["free", "free"]
    with pytest.raises(EvidenceError, match="no arm"):
        read(write(tmp_path, text), constants={"what": "x"}).write(tmp_path / "t.csv")


# -- wide tables


def test_a_wide_table_has_a_series_a_column_with_its_spread(tmp_path: Path) -> None:
    text = "Time (h),free (ng/mL),SD,liposome (ng/mL),error\n1,5,1,50,8\n4,<0.5,,40,7\n"
    found = read(write(tmp_path, text), constants={"what": "plasma_total", "n": "6"}, spread="sem")
    assert [(e.arm, e.value, e.spread, e.spread_kind, e.limit, e.n) for e in found.entries] == [
        ("free", 5, 1, "sd", "", 6), ("liposome", 50, 8, "sem", "", 6), ("free", 0.5, None, "none", "<", 6),
        ("liposome", 40, 7, "sem", "", 6),
    ]  # fmt: skip
    undeclared = read(write(tmp_path, text))
    assert "SD or SEM" in str(undeclared.faults[0])


def test_headings_of_a_wide_table_may_name_animals(tmp_path: Path) -> None:
    found = read(write(tmp_path, "time_h\tm1\tm2\n1\t5\t6\n2\t\t3\n"), heads="subject", units={"value": "ng/mL"})
    assert [(e.subject, e.value) for e in found.entries] == [("m1", 5), ("m2", 6), ("m2", 3)]
    assert [(e.row, e.column, e.why) for e in found.excluded] == [(3, "m1", "no value")]


# -- plates


def plate(tmp_path: Path, *titles: str, cell: Any = lambda t, r, c: f"{r * 12 + c}") -> Path:
    lines = []
    for title in titles:
        lines += [title, "," + ",".join(str(c) for c in range(1, 13))]
        lines += [chr(65 + r) + "," + ",".join(cell(title, r, c) for c in range(12)) for r in range(8)]
        lines.append("")
    return write(tmp_path, "\n".join(lines))


def test_blocks_of_a_plate_are_laid_over_one_another(tmp_path: Path) -> None:
    def cell(title: str, r: int, c: int) -> str:
        return {"drug": "DOX" if c < 6 else "liposome", "dose [uM]": f"{10.0**-r}"}.get(title, f"{0.1 * r + c}")

    path = plate(tmp_path, "drug", "OD", "dose [uM]", cell=cell)
    found = read(path, units={"value": "1"}, roles={"arm": "drug", "value": "OD"})
    assert found.kind == "wells of a plate" and len(found) == 96
    last = found.entries[-1]
    assert (last.subject, last.arm, last.extra["dose [uM]"]) == ("H12", "liposome", "1e-07")
    assert last.value == pytest.approx(0.7 + 11) and last.row == 21
    assert read(path, units={"value": "1"}).entries[0].what == "OD"  # the first block of numbers is the signal


def test_plates_say_what_is_missing_or_ambiguous(tmp_path: Path) -> None:
    holes = read(plate(tmp_path, "OD", cell=lambda _t, r, c: "" if r == 7 else "ok" if (r, c) == (0, 0) else "1"))
    assert {e.why for e in holes.excluded} == {"an empty well"} and len(holes.excluded) == 12
    assert next(str(f.where) for f in holes.faults if "'ok'" in f.message).endswith(":3 (A1)")
    assert any("no unit" in f.message for f in holes.faults)
    with pytest.raises(EvidenceError, match="title"):
        read(plate(tmp_path, "OD", "OD"))


# -- workbooks


def test_a_sheet_is_read_like_a_table(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="the extra data is not installed")
    book = openpyxl.Workbook()
    page = book.active
    page.title = "PK"
    for row in (["Group", "Time (h)", "Conc (ng/mL)"], ["free", 1, 5.5], ["free", 2, None], ["free", "=1+1", 3]):
        page.append(row)
    path = tmp_path / "lab.xlsx"
    book.save(path)
    found = read(path)
    assert [(e.row, e.value) for e in found.entries] == [(2, 5.5)] and found.excluded[0].row == 3
    assert found.faults[0].where.line == 4  # a formula that was never computed has no value
    book.create_sheet("notes").append(["a", "b"])
    book.save(path)
    with pytest.raises(EvidenceError, match="several sheets"):
        read(path)
    assert len(read(path, sheet="PK", leave_out={4: "formula"})) == 1
    with pytest.raises(EvidenceError, match="no sheet 'PKK'"):
        read(path, sheet="PKK")


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl", reason="the extra data is not installed")
    (tmp_path / "x.xlsx").write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(EvidenceError, match="no workbook"):
        read(tmp_path / "x.xlsx")


# -- digitised points


def project(version: int, *, log: bool, calibrated: bool = True, data: Any = None) -> dict[str, Any]:
    """A figure of 100 pixels to a decade or to ten units on its vertical axis."""
    ends = ("1", "100") if log else ("0", "20")
    marks = [
        {"px": 0, "py": 0, "dx": "0", "dy": "0"}, {"px": 100, "py": 0, "dx": "10", "dy": "0"},
        {"px": 0, "py": 300, "dx": "0", "dy": ends[0]}, {"px": 0, "py": 100, "dx": "0", "dy": ends[1]},
    ]  # fmt: skip
    points = (
        data if data is not None else [{"x": 1, "y": 2, "value": [1.0, 10.0]}, {"x": 3, "y": 4, "value": [2.0, 5.0]}]
    )
    if version == 4:
        axis = {"name": "XY", "type": "XYAxes", "isLogX": False, "isLogY": log}
        return {
            "version": [4, 2],
            "axesColl": [axis | ({"calibrationPoints": marks} if calibrated else {})],
            "datasetColl": [{"name": "free", "axesName": "XY", "data": points}],
        }
    body = {"version": [3, 8], "axesType": "XYAxes", "axesParameters": {"isLogX": False, "isLogY": log}}
    return {
        "wpd": body | {"calibration": marks if calibrated else None, "dataSeries": [{"name": "free", "data": points}]}
    }


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize(("log", "sigmas"), [(False, [0.1, 0.1]), (True, [math.log(10) / 10, math.log(10) / 20])])
def test_digitised_points_bring_the_error_of_a_pixel(
    tmp_path: Path, version: int, log: bool, sigmas: list[float]
) -> None:
    """A pixel is 0.1 unit on the linear axis, and ln(10)/100 of the value on the logarithmic one."""
    path = write(tmp_path, json.dumps(project(version, log=log)), "figure.json")
    found = read(path, units={"value": "ug/mL", "time": "h"}, constants={"what": "plasma_total"})
    assert [(e.arm, e.time, e.value) for e in found.entries] == [("free", 1.0, 10.0), ("free", 2.0, 5.0)]
    assert [e.spread for e in found.entries] == pytest.approx(sigmas)
    twice = read(path, units={"value": "ug/mL", "time": "h"}, pixels=2.0)
    assert twice.entries[0].spread == pytest.approx(2 * sigmas[0])


def test_a_project_without_calibration_says_that_its_error_is_unknown(tmp_path: Path) -> None:
    path = write(tmp_path, json.dumps(project(3, log=True, calibrated=False)), "figure.json")
    found = read(path, units={"value": "1", "time": "h"})
    assert found.entries[0].spread is None and "not known" in found.notes[0]


def test_points_that_are_none_are_all_named(tmp_path: Path) -> None:
    data = [{"value": [1]}, {"value": ["a", 2]}, {"value": [1.0, -3.0]}, {"value": [1.0, 2.0]}, None]
    path = write(tmp_path, json.dumps(project(4, log=True, data=data)), "figure.json")
    found = read(path, units={"value": "1", "time": "h"})
    assert [fault.where.line for fault in found.faults] == [1, 2, 3, 5]
    assert len(read(path, units={"value": "1", "time": "h"}, leave_out=dict.fromkeys((1, 2, 3, 5), "slips"))) == 1
    assert len(read(path).faults) == 6  # and no units


def test_a_csv_of_series_has_two_headings(tmp_path: Path) -> None:
    path = write(tmp_path, "free,,liposome,\nX,Y,X,Y\n1,10,1,100\n2,5,,\n")
    found = read(path, units={"value": "ug/mL", "time": "d"})
    assert [(e.arm, e.time, e.value) for e in found.entries] == [
        ("free", 24.0, 10.0), ("free", 48.0, 5.0), ("liposome", 24.0, 100.0),
    ]  # fmt: skip


# -- NONMEM


def test_observations_of_a_nonmem_set_keep_their_conventions(tmp_path: Path) -> None:
    text = (
        "C,ID,TIME,DV [ng/mL],AMT,EVID,MDV,DVID,CENS,LLOQ\n"
        ".,1,0,.,100,1,1,1,0,0.5\n.,1,1,7.5,.,0,0,1,0,0.5\n.,1,2,0.5,.,0,0,2,1,0.5\n"
        "C,1,3,9,.,0,0,1,0,0.5\n.,1,4,3,.,0,1,1,0,0.5\n.,2,1,0.2,.,0,0,1,0,0.5\n"
    )
    found = read(write(tmp_path, text), names={"1": "plasma_total", "2": "tumour_total"})
    assert [(e.subject, e.time, e.what, e.value, e.limit) for e in found.entries] == [
        ("1", 1, "plasma_total", 7.5, ""), ("1", 2, "tumour_total", 0.5, "<"), ("2", 1, "plasma_total", 0.5, "<"),
    ]  # fmt: skip
    assert [(e.row, e.why) for e in found.excluded] == [
        (2, "a dose or event, not an observation"), (5, "a comment row"), (6, "MDV 1: the value is missing"),
    ]  # fmt: skip


def test_without_evid_an_amount_makes_a_dose(tmp_path: Path) -> None:
    found = read(write(tmp_path, "ID,TIME,AMT,DV\n1,0,100,.\n1,1,.,7\n"), units={"value": "ng/mL"})
    assert [e.value for e in found.entries] == [7] and found.excluded[0].row == 2


# -- what cannot be read


@pytest.mark.parametrize(
    ("text", "change", "said"),
    [
        ("", {}, "empty"),
        ("a,b\n1,2\n", {}, "no layout fits"),
        ("time (h),conc (ng/mL)\n1,2\n", {"roles": {"value": "con"}}, "no column 'con'"),
        ("time (h),conc (ng/mL)\n1,2\n", {"kind": "tall"}, "no layout is called"),
        ("time (h),conc (ng/mL)\n1,2\n", {"units": {"value": "florin"}}, "unit of value"),
        ("time (h),conc (ng/mL)\n1,2\n", {"spread": "se"}, "cannot be 'se'"),
        ("time (h),conc (ng/mL)\n1,2\n", {"constants": {"colour": "x"}}, "no role"),
        ("time (h),conc (ng/mL)\n1,2\n", {"sheet": "one"}, "no sheets"),
    ],
)
def test_what_cannot_be_read_is_one_clear_error(tmp_path: Path, text: str, change: dict[str, Any], said: str) -> None:
    with pytest.raises(EvidenceError, match=said):
        read(write(tmp_path, text), **change)


def test_numbers_without_units_are_faults(tmp_path: Path) -> None:
    found = read(write(tmp_path, "time,conc\n1,2\n"))
    assert sorted(fault.message for fault in found.faults) == ["the times have no unit", "the values have no unit"]


@given(text=st.text(max_size=60))
@settings(max_examples=120, deadline=None)
def test_a_cell_is_a_number_or_a_reason(text: str) -> None:
    found = read_cell(text)
    assert isinstance(found, str) or found.missing or math.isfinite(found.value)


@given(body=st.text(max_size=200), kind=st.sampled_from(["long", "wide", "plate", "digitised", "nonmem", None]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_hostile_text_gives_a_reading_or_an_error_of_ours(tmp_path: Path, body: str, kind: str | None) -> None:
    path = tmp_path / "hostile.csv"
    path.write_bytes(f"time (h),conc (ng/mL)\n{body}".encode("utf-8", "surrogatepass"))
    try:
        str(read(path, kind=kind))
    except ExodeliveryError:
        return


@given(
    body=st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
            st.sampled_from(["wpd", "datasetColl", "axesColl", "dataSeries", "data", "value", "calibration", "name"]),
            inner, max_size=4,
        ),
        max_leaves=15,
    )
)  # fmt: skip
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_hostile_json_gives_a_reading_or_an_error_of_ours(tmp_path: Path, body: Any) -> None:
    path = tmp_path / "hostile.json"
    path.write_text(json.dumps(body))
    try:
        str(read(path, units={"value": "1", "time": "h"}))
    except ExodeliveryError:
        return
