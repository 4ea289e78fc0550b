"""Floor 2: start a shelf of one's own: the folders, a first block, and a model that uses it, all ready to edit.

What is written here is a person's from then on: a folder that already holds something is refused, and nothing is ever
written over.
"""

from __future__ import annotations

from pathlib import Path

from exodelivery.errors import Place, ShelfError

_GUIDE = """\
# A shelf of models

`exo` finds what stands here when it runs in this folder (the shelf is called `here`), or from anywhere once it knows
the folder under a name of your choice:

    export EXODELIVERY_SHELVES="mine={folder}"

- `models/blocks/<slot>/`, `models/bodies/`, `models/drugs/`, `models/carriers/`: parts, one a file
- `models/<name>.toml`: models
- `fits/studies/<author_year_topic>/`: published data; `fits/<name>/fit.toml`: recipes

Start with `exo check my_model`, then edit `models/blocks/efflux/my_pump.toml`. A name that the library bears too is
written with its prefix, `here:pgp` or `library:pgp`.
"""

_BLOCK = """\
format = 1
kind = "efflux"
about = "My first block: cells put free drug out in proportion to its level"

[parameters]
k_out = { value = "0.1 1/h", about = "export", status = "assumed", range = ["0.001 1/h", "10 1/h"] }

[flows]
pump = "cell.free -> isf.free : k_out * cell.free"
"""

_MODEL = """\
format = 1
kind = "model"
about = "My first model: the library's mouse, drug and carrier, with a block of mine"
body = "mouse_4t1"
drug = "doxorubicin"
carrier = "liposome_pegylated"

[use.efflux]
leak = "diffusion"
pump = "my_pump"

[observables.plasma_total]
formula = "conc(plasma.free) + conc(plasma.loaded) + conc(plasma.adsorbed)"
unit = "nmol/mL"
error = "log-normal"
about = "all drug in plasma"

[observables.tumour_total]
formula = "total(tumour, drug) / mass(tumour)"
unit = "nmol/g"
error = "log-normal"
about = "all drug in the tumour"
"""


def new_shelf(folder: Path) -> Path:
    """Start a shelf: ``models/`` and ``fits/studies/`` with a first block, a first model and a page that explains.

    Parameters
    ----------
    folder : Path
        A folder that does not exist, or is empty.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ShelfError
        If something stands there already, or the folder cannot be made.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as where:
    ...     shelf = new_shelf(Path(where) / "mine")
    ...     sorted(str(path.relative_to(shelf)) for path in shelf.rglob("*.toml"))
    ['models/blocks/efflux/my_pump.toml', 'models/my_model.toml']
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ShelfError(
            "a shelf starts in an empty folder, and something stands here already",
            where=Place(str(folder)),
            remedy="name a folder that does not exist",
        )
    files = {
        "README.md": _GUIDE.format(folder=folder.resolve()),
        "models/blocks/efflux/my_pump.toml": _BLOCK,
        "models/my_model.toml": _MODEL,
    }
    try:
        (folder / "fits" / "studies").mkdir(parents=True)
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ShelfError(
            f"the shelf cannot be written: {error.strerror}",
            where=Place(str(folder)),
            remedy="name a folder where you may write",
        ) from None
    return folder
