"""Floor 7: kinds of recipes: a problem of models and studies, or one of the fits of a raw table, and who makes each.

The kind stands in ``fit.toml``. A function takes the folder, and ``again``; what it returns has a verdict and prints
itself.
"""

from __future__ import annotations

from pathlib import Path

from exodelivery.declare.files import read_document

PLAIN = "fit"
KINDS: dict[str, str] = {
    "table fit": "exodelivery.fitting.tables.fit:fit_table",
    "pulses fit": "exodelivery.fitting.pulses.kept:fit_pulses",
    "hierarchy of pulses": "exodelivery.fitting.pulses.kept_lines:fit_hierarchy",
    "recovery fit": "exodelivery.fitting.pulses.kept_recovery:fit_recovery",
    "plates fit": "exodelivery.judge.dose_response.plates:fit_plates",
}
"""Functions are named, and loaded when asked for: some stand on floors above."""


def kind_of(folder: Path) -> str:
    """Return the kind of the recipe in a folder; a recipe of models and studies where none is said."""
    return str(read_document(Path(folder) / "fit.toml")[0].get("kind", PLAIN))
