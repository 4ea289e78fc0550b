"""Floor 2: start a shelf of one's own: the folders, first blocks, a carrier,
a model that uses them and a study, each a template with comments, all ready to edit.

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

Start with `exo check my_model`, then edit `models/carriers/my_exosome.toml`: a new carrier is one file. A new block is
one file and one test, as `models/blocks/release/my_release.toml` and `tests/test_my_release.py`. A name that the
library bears too is written with its prefix, `here:pgp` or `library:pgp`.
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

_RELEASE = """\
# A block fills one slot with parameters and flows. Try it in any carrier: exo.load("my_model", release="my_release")
format = 1
kind = "release"                # the slot: loading, release, clearance, uptake, immunity, disposition, efflux, ...
about = "My release: one rate in blood and organs, one where it is acid, in cells"
status = "assumed"              # of the equations: literature (then with a source), or assumed: a form of our own
where = ["blood", "tissue", "peripheral", "interstitium", "lymph", "medium"]   # each is a `here` below

[parameters]                    # each number with its unit and its origin; assumed, with the range believed
k_leak = { value = "0.05 1/h", about = "leak outside cells", status = "assumed", range = ["0.001 1/h", "2 1/h"] }
k_acid = { value = "0.5 1/h", about = "leak inside cells", status = "assumed", range = ["0.01 1/h", "10 1/h"] }
k_desorb = { value = "2 1/h", about = "desorption from the outside", status = "assumed", range = ["0.1 1/h", "50 1/h"] }

[flows]                         # what moves where : how much in an hour; the equations and the balances follow
leak = "here.loaded -> here.free : k_leak * here.loaded"
leak_cell = "cell.loaded -> cell.free : k_acid * cell.loaded"
desorb = "here.adsorbed -> here.free : k_desorb * here.adsorbed"
desorb_cell = "cell.adsorbed -> cell.free : k_desorb * cell.adsorbed"

[cautions]                      # where the block should not be believed; told by every check and run that goes there
acid = { measure = "k_acid / k_leak", below = "1", text = "acid slows this release, which is not what it is for" }
"""

_CARRIER = """\
# A carrier is its blocks and their values, and its name is the file's: exo.load("my_model", carrier="my_exosome")
format = 1
kind = "carrier"
about = "My exosome: loaded by sonication, released as my_release says; mouse values"

[use]                           # any block of a slot fits any carrier, a liposome's too; see exo list
loading = "permeability_pulse"
release = "my_release"
clearance = "linear"
uptake = "leaky_vessels"
# immunity = "anti_peg"

[dose]                          # what a microgram of protein and a purification contain; leave out what is not known
particles_per_protein = {value = "2e9 particle/ug", status = "assumed", range = ["2e8 particle/ug", "2e10 particle/ug"]}
# most_particles = { value = "1e12 particle", status = "assumed", range = ["1e10 particle", "1e14 particle"] }

[set]                           # values that differ from the block's own: "slot.parameter"
"loading.work" = { value = "3 min", status = "assumed", range = ["0.5 min", "10 min"], note = "our protocol" }
"release.k_leak" = { value = "0.03 1/h", status = "assumed", range = ["0.001 1/h", "1 1/h"] }
"""

_STUDY = """\
# A study is data with their citation: this file says who, what and how, table.csv holds the numbers.
format = 1
kind = "study"
about = "My measurement: drug in plasma of mice"
verified = false                # until a second person has compared table.csv with its source
read = "made up, to be replaced: say which table or figure, and how it was read"

[citation]
text = "Nobody N. Not measured yet."

[system]
species = "mouse"
body = "mouse_4t1"

[arms.treated]                  # one treated group
carrier = "my_exosome"
drug = "doxorubicin"
dose = "5 mg/kg"
metric = "drug"
route = "iv"
"""

_TABLE = """\
arm,what,against,time_h,from_h,to_h,phase,value,unit,spread,spread_kind,n,limit,use,note
treated,plasma_total,,1,,,,2.0,ug/mL,0.5,sd,3,,false,made up: take use = false out with a number of yours
treated,auc(plasma_total),,,0,24,,20,ug*h/mL,,none,,,false,made up
"""

_TEST = """\
import exodelivery as exo


def test_my_release_is_sound_in_my_carrier_and_in_a_liposome() -> None:
    for carrier in ("my_exosome", "liposome_pegylated"):
        assert exo.check(exo.load("my_model", carrier=carrier, release="my_release")).ok
"""

_MODEL = """\
format = 1
kind = "model"
about = "My first model: the library's mouse, drug and carrier, with a block of mine"
body = "mouse_4t1"
drug = "doxorubicin"
carrier = "my_exosome"

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
    """Start a shelf: ``models/`` and ``fits/studies/`` with blocks, a carrier, a model, a study and a guide.

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
    ...     print(*sorted(str(path.relative_to(shelf)) for path in shelf.rglob("*.toml")), sep="\\n")
    fits/studies/my_study/study.toml
    models/blocks/efflux/my_pump.toml
    models/blocks/release/my_release.toml
    models/carriers/my_exosome.toml
    models/my_model.toml
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
        "models/blocks/release/my_release.toml": _RELEASE,
        "models/carriers/my_exosome.toml": _CARRIER,
        "models/my_model.toml": _MODEL,
        "fits/studies/my_study/study.toml": _STUDY,
        "fits/studies/my_study/table.csv": _TABLE,
        "tests/test_my_release.py": _TEST,
    }
    try:
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
