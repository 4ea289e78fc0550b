"""Floor 3: from what was read to a study on a shelf: the lab's own numbers with who, what and how beside them.

A folder in ``fits/studies/`` with ``study.toml`` and the tidy table. It is read back before it is handed out, so that a
study that could not be used is not kept; what gave no number stands among the caveats with its reason.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exodelivery.errors import EvidenceError, Place
from exodelivery.evidence.read_study import FORMAT, read_study
from exodelivery.evidence.readers.reading import Reading
from exodelivery.evidence.study import Study


def keep_study(
    reading: Reading,
    folder: Path,
    *,
    about: str,
    citation: str,
    body: str,
    arms: Mapping[str, Mapping[str, Any]],
    caveats: tuple[str, ...] = (),
) -> Study:
    """Write a study's folder from a reading, and return the study.

    Parameters
    ----------
    reading : Reading
        Without faults; each number has an arm and a quantity.
    folder : Path
        Does not exist yet; its name is the study's.
    about, citation : str
        One line, and where the numbers come from.
    body : str
        Of our library, for all arms that name none.
    arms : mapping of mappings
        By the names that the numbers bear; keys as in ``study.toml``: carrier, dose, metric, route, ...
    caveats : tuple of str
        What a reader must know.

    Raises
    ------
    EvidenceError
        If the folder stands, the reading has faults, or what is told makes no study; nothing is left behind then.
    """
    reading.require()
    if folder.exists():
        raise EvidenceError("the study stands already", where=Place(str(folder)), remedy="choose another name")
    gone = [f"row {e.row}{f' ({e.column})' if e.column else ''} gives no number: {e.why}" for e in reading.excluded]
    read = f"by exo.read from {Path(reading.source).name}, as {reading.kind}: " + "; ".join(map(str, reading.roles))
    document = {
        "format": FORMAT, "kind": "study", "about": about, "verified": False, "read": read,
        "caveats": [*caveats, *gone], "citation": {"text": citation}, "system": {"body": body},
        "arms": {name: dict(arm) for name, arm in arms.items()},
    }  # fmt: skip
    import tomli_w

    try:
        folder.mkdir(parents=True)
        (folder / "study.toml").write_text(tomli_w.dumps(document), encoding="utf-8")
        reading.write(folder / "table.csv")
        return read_study(folder)
    except OSError as error:
        raise EvidenceError(f"the study cannot be written: {error.strerror}", where=Place(str(folder))) from None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
