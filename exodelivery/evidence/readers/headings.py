"""Floor 3: what a heading says: its words, its unit, and which role it has by the words that labs use."""

from __future__ import annotations

import re

from exodelivery.errors import UnitError
from exodelivery.units import unit as read_unit

ROLES: dict[str, tuple[str, ...]] = {
    "arm": ("arm", "group", "treatment", "formulation", "carrier", "scenario", "cohort"),
    "subject": ("subject", "id", "animal", "mouse", "rat", "patient", "replicate", "usubjid"),
    "what": ("what", "analyte", "tissue", "organ", "matrix", "observable", "specimen", "quantity"),
    "time": ("time", "t", "tad", "time after dose", "hours", "hour", "timepoint", "time point"),
    "value": ("value", "conc", "concentration", "dv", "level", "mean", "result", "signal", "measured", "average"),
    "unit": ("unit", "units"),
    "spread": ("sd", "sem", "se", "cv", "std", "stdev", "st dev", "standard deviation", "standard error"),
    "n": ("n", "replicates", "count", "animals"),
    "limit": ("lloq", "loq", "limit of quantification"),
    "note": ("note", "notes", "comment", "comments", "remark", "remarks"),
}
"""Words, in any case, by which a column is known for what it is."""

SPREADS = {
    "sd": "sd", "std": "sd", "stdev": "sd", "st dev": "sd", "standard deviation": "sd", "sem": "sem", "se": "sem",
    "standard error": "sem", "cv": "cv",
}  # fmt: skip
UNDECLARED = ("error", "err", "error bar", "spread", "dev", "deviation", "±", "+/-", "+-")
"""Headings of a spread that do not say which."""

_FORMS = (
    re.compile(r"(?P<name>[^\[\]]*?)\s*\[(?P<unit>[^\[\]]+)\]"),
    re.compile(r"(?P<name>.*?)\s*\((?P<unit>[^()]+)\)"),
    re.compile(r"(?P<name>.+?)\s*,\s*(?P<unit>[^,]+)"),
    re.compile(r"(?P<name>[^/]+?)\s+/\s*(?P<unit>.+)"),
    re.compile(r"(?P<name>.+?)_(?P<unit>h|hr|min|d|day|days|hours)"),
)


def split_heading(heading: str) -> tuple[str, str]:
    """Return the words of a heading and its unit, empty where it has none that we know.

    Examples
    --------
    >>> split_heading("Conc. (ug/mL)"), split_heading("time_h"), split_heading("tumour_free")
    (('Conc.', 'ug/mL'), ('time', 'h'), ('tumour_free', ''))
    """
    text = heading.strip()
    for form in _FORMS:
        found = form.fullmatch(text) if len(text) <= 200 else None
        if found and found["name"].strip() and is_unit(found["unit"]):
            return found["name"].strip(), found["unit"].strip()
    return text, ""


def is_unit(text: str) -> bool:
    """Say whether a text is a unit that we know."""
    try:
        return bool(text.strip()) and not text.strip().isdigit() and bool(read_unit(text.strip()).text)
    except UnitError:
        return False


def role_of(heading: str) -> str:
    """Return the role that a heading's words have, empty where they have none.

    Examples
    --------
    >>> role_of("Time (min)"), role_of("SEM"), role_of("Doxorubicin")
    ('time', 'spread', '')
    """
    words = re.sub(r"[\s._]+", " ", split_heading(heading)[0]).strip().lower()
    return next((role for role, known in ROLES.items() if words in known), "")


def spread_kind(heading: str) -> str:
    """Return which spread a heading means, empty where it does not say."""
    words = re.sub(r"[\s._]+", " ", split_heading(heading)[0]).strip().lower()
    if words in SPREADS:
        return SPREADS[words]
    last = words.rpartition(" ")[2]
    return SPREADS.get(last, "")


def is_undeclared_spread(heading: str) -> bool:
    """Say whether a heading is of a spread and does not say which."""
    words = re.sub(r"[\s._]+", " ", split_heading(heading)[0]).strip().lower()
    return words in UNDECLARED or words.rpartition(" ")[2] in UNDECLARED
