"""Hostile and careless tables: every fault is named with its line, none is swallowed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exodelivery.errors import EvidenceError
from exodelivery.evidence.read_csv import COLUMNS, LARGEST, in_our_words, read_csv
from exodelivery.evidence.records import Record

HEADER = ",".join(COLUMNS)
GOOD = "a,blood_label,,6,,,,41.9,%ID/g,,none,,,,"


def read(tmp_path: Path, *lines: str, header: str = HEADER) -> tuple[Record, ...]:
    path = tmp_path / "table.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return read_csv(path, study="demo", arms=["a", "b"], units={"ueq": "ug"})


def test_a_sound_line_keeps_what_it_says(tmp_path: Path) -> None:
    line = 'a,half_life(plasma_total),,,2,24,,3.2,h,0.2:5.4,range,7,,true,"why, so"'
    (record,) = read(tmp_path, line)
    assert (record.value, record.interval, record.window, record.n) == (3.2, (0.2, 5.4), (2, 24), 7)
    assert (record.note, record.place.line, record.use) == ("why, so", 2, True)


def test_columns_may_be_left_out_if_the_needed_ones_are_there(tmp_path: Path) -> None:
    (record,) = read(tmp_path, "a,cmax(x),3,nmol/mL,none", header="arm,what,value,unit,spread_kind")
    assert record.value == 3 and record.use


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("a,blood_label,,6,,,,about 4,%ID/g,,none,,,,", "no number"),
        ("a,blood_label,,6,,,,nan,%ID/g,,none,,,,", "no number"),
        ("a,blood_label,,6,,,,inf,%ID/g,,none,,,,", "no number"),
        ("a,blood_label,,6,,,,1e999,%ID/g,,none,,,,", "no number"),
        ("a,blood_label,,6,,,,1_000,%ID/g,,none,,,,", "no number"),
        ("a,blood_label,,6,,,,٣,%ID/g,,none,,,,", "no number"),
        ("a,blood_label,,6,,,,=1+1,%ID/g,,none,,,,", "no number"),
        ("a,blood_label,,-6,,,,4,%ID/g,,none,,,,", "negative"),
        ("a,blood_label,,,,,,4,%ID/g,,none,,,,", "needs a time"),
        ("a,auc(x),,6,,,,4,nmol*h/mL,,none,,,,", "takes no time"),
        ("a,auc(x),,,24,0,,4,nmol*h/mL,,none,,,,", "before it begins"),
        ("a,auc(x),,,,,1,4,nmol*h/mL,,none,,,,", "no phase"),
        ("a,blood_label,,6,0,24,,4,%ID/g,,none,,,,", "no window"),
        ("a,half_life(x),,,,,,4,h,,none,,,,", "needs a phase"),
        ("a,half_life(x),,,,,1,4,mL,,none,,,,", "is a time"),
        ("a,half_life(x),,,,,1.5,4,h,,none,,,,", "whole number"),
        ("c,blood_label,,6,,,,4,%ID/g,,none,,,,", "no arm 'c'"),
        (",blood_label,,6,,,,4,%ID/g,,none,,,,", "belongs to an arm"),
        ("a,auc(x),z,,,,,4,1,,none,,,,", "no arm 'z'"),
        ("a,auc(x),a,,,,,4,1,,none,,,,", "with itself"),
        ("a,auc(x),b,,,,,4,nmol*h/mL,,none,,,,", "no dimension"),
        ("a,area(x),,,,,,4,1,,none,,,,", "no functional 'area'"),
        ("a,auc(x,,6,,,,4,1,,none,,,,", "neither an observable"),
        ("a,__import__('os'),,6,,,,4,1,,none,,,,", "neither an observable"),
        ("a,blood_label,,6,,,,4,furlong,,none,,,,", "furlong"),
        ("a,blood_label,,6,,,,4,,,none,,,,", "no unit"),
        ("a,blood_label,,6,,,,,%ID/g,,none,,,,", "no value"),
        ("a,blood_label,,6,,,,4,%ID/g,1,std,,,,", "'std' is not allowed"),
        ("a,blood_label,,6,,,,4,%ID/g,1,none,,,,", "kind is none"),
        ("a,blood_label,,6,,,,4,%ID/g,,sd,,,,", "has no number"),
        ("a,blood_label,,6,,,,4,%ID/g,0,sd,,,,", "not positive"),
        ("a,blood_label,,6,,,,4,%ID/g,1,range,,,,", "no two ends"),
        ("a,blood_label,,6,,,,4,%ID/g,5:3,range,,,,", "not below"),
        ("a,blood_label,,6,,,,4,%ID/g,5:9,range,,,,", "outside its own"),
        ("a,blood_label,,6,,,,4,%ID/g,1,sd,0,,,", "whole number"),
        ("a,blood_label,,6,,,,4,%ID/g,,none,,<=,,", "'<=' is not allowed"),
        ("a,blood_label,,6,,,,4,%ID/g,,none,,,no,x", "'no' is not allowed"),
        ("a,blood_label,,6,,,,4,%ID/g,,none,,,false,", "says why"),
        ("a,blood_label,,6", "4 cells"),
        ('a,"blood_label,,6', "no CSV"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, line: str, word: str) -> None:
    with pytest.raises(EvidenceError) as caught:
        read(tmp_path, GOOD, line)
    assert word in str(caught.value)
    assert "table.csv:3" in str(caught.value)


def test_all_faults_are_listed_at_once(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError) as caught:
        read(tmp_path, GOOD.replace("41.9", "x"), GOOD.replace("none", "std"), GOOD.replace("a,", "q,", 1))
    message = str(caught.value)
    assert "3 faults" in message
    assert all(f"table.csv:{line}" in message for line in (2, 3, 4))


def test_a_repeated_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="repeats line 2"):
        read(tmp_path, GOOD, GOOD.replace("41.9", "12"))


@pytest.mark.parametrize(
    ("header", "word"),
    [
        (HEADER + ",colour", "no column 'colour'"),
        (HEADER + ",arm", "twice"),
        (HEADER.replace("unit,", ""), "lacks unit"),
        ("", "lacks arm"),
    ],
)
def test_a_header_that_is_not_ours_is_refused(tmp_path: Path, header: str, word: str) -> None:
    with pytest.raises(EvidenceError, match=word):
        read(tmp_path, GOOD, header=header)


def test_a_file_that_is_too_large_or_no_text_is_refused(tmp_path: Path) -> None:
    large, binary = tmp_path / "large.csv", tmp_path / "binary.csv"
    large.write_bytes(b"x" * (LARGEST + 1))
    binary.write_bytes(b"\xff\xfe\x00arm")
    for path, word in ((large, "more than"), (binary, "UTF-8"), (tmp_path / "absent.csv", "cannot be read")):
        with pytest.raises(EvidenceError, match=word):
            read_csv(path, study="demo", arms=[])


def test_a_cell_beyond_the_limit_of_csv_is_a_fault_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="no CSV"):
        read(tmp_path, GOOD + "x" * 200_000)


def test_a_reading_replaces_whole_words_only() -> None:
    assert in_our_words("ueq/ueqx", {"ueq": "ug"}) == "ug/ueqx"
    assert in_our_words("1/odd", {"odd": "ug/mL"}) == "1/(ug/mL)"


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_as_evidence(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("any") / "table.csv"
    path.write_bytes((HEADER + "\n" + text).encode("utf-8", "surrogatepass"))
    try:
        records = read_csv(path, study="demo", arms=["a"])
    except EvidenceError:
        return
    assert records == ()
