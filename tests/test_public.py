"""What is public stays so: names and signatures are pinned here, and changed only on purpose."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import exodelivery as exo

SIGNATURES = {
    "attribute": "(model, carrier, dose, *, baseline, using=None, **options)",
    "bolus": (
        "(amount, *, route='iv', at=0.0, every=0.0, times=1, label='', lag=0.0, bioavailability=1.0, steady_state='')"
    ),
    "check": "(model, *, strict=False)",
    "cite": "(*things)",
    "combine": "(data, *, doses, response='response', blank=None, references=('bliss', 'hsa', 'loewe', 'zip'), "
    "confidence=0.95, draws=200, seed=1)",
    "compare": "(model, carriers, dose, *, baseline, using=None, **options)",
    "curves": "(data, *, dose='dose', response='response', by=(), unit='', shape='hill4', control=None, time0=None, "
    "blank=None, plate='', weight='', fixed=None, bounds=None, level=0.5, confidence=0.95, "
    "intervals=('ec50', 'ic50', 'e0', 'einf', 'form'), threads=None)",
    "diff": "(before, after)",
    "design": "(model, dose, *, using=None, **options)",
    "fit": "(name, *, again=False, **options)",
    "identifiability": "(model, observables=None, regimen=None, *, unknown=None, known=(), seconds=5.0)",
    "infusion": "(amount='', over=None, *, rate='', route='iv', at=0.0, every=0.0, times=1, label='', lag=0.0,"
    " bioavailability=1.0, steady_state='')",
    "list": "(kind='')",
    "load": "(name, *, kind='', **swaps)",
    "nca": "(data, observable=None, *, route=None, dose=None, infusion=0.0, rule='linear-up/log-down', "
    "below='standard', limit=None, tau=None, windows=(), terminal=None, sparse=False, subject=None, time=None, "
    "level=None, by=(), units=None, times=None)",
    "new": "(folder)",
    "plan": "(model, carriers, dose, *, baseline, using=None, **options)",
    "product": "(model, values=None)",
    "qualify": "(*names, progress=False)",
    "read": "(path, *, kind=None, roles=None, constants=None, units=None, names=None, leave_out=None, fill=(), "
    "spread='', lloq=None, heads='arm', sheet=None, pixels=1.0)",
    "recipe": "(name, study, model, *, about='', without=None, spread='', literature='15 %', starts=4, seed=1, "
    "shelf='.')",
    "report": "(path, *parts, title='')",
    "save": "(noun, path, *, replace=False)",
    "scale": "(model, body, *, slots=('clearance', 'uptake', 'immunity'))",
    "sensitivity": "(model, dose, *, using=None, **options)",
    "show": "(thing, **swaps)",
    "simulate": "(model, regimen, until=None, *, values=None, using=None, solver=None, tolerance=1e-08, keep=(), "
    "sets=None, times=None, subjects=None, threads=None, progress=False)",
    "studies": "(*names)",
    "virtual": "(model, carriers, dose, *, baseline, using=None, **options)",
    "what_if": "(model, carriers, dose, until=None, *, using=None, **options)",
}
NOUNS = ["Block", "Body", "Carrier", "Drug", "Model", "Quantity", "Regimen"]
FAMILIES = ["ExodeliveryError", "ExodeliveryWarning"]


README = Path(__file__).resolve().parent.parent / "README.md"


def bare(verb: object) -> str:
    """Return a signature without its annotations."""
    assert callable(verb)
    signature = inspect.signature(verb)
    parameters = [one.replace(annotation=inspect.Parameter.empty) for one in signature.parameters.values()]
    return str(signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty))


def test_the_public_names_are_these() -> None:
    assert sorted(exo.__all__) == sorted([*SIGNATURES, *NOUNS, *FAMILIES, "__version__"])


def test_every_public_name_completes_and_resolves() -> None:
    assert dir(exo) == sorted(exo.__all__)
    assert all(getattr(exo, name) is not None for name in dir(exo))


@pytest.mark.parametrize("verb", SIGNATURES)
def test_a_verb_keeps_its_signature(verb: str) -> None:
    assert bare(getattr(exo, verb)) == SIGNATURES[verb]


def test_the_door_holds_the_verbs_and_nothing_else() -> None:
    verbs = {path.stem for path in (Path(exo.__file__).parent / "api").glob("[!_]*.py")}
    assert verbs == set(SIGNATURES) - {
        "bolus",
        "combine",
        "curves",
        "identifiability",
        "infusion",
        "nca",
        "product",
        "read",
        "save",
        "scale",
        "simulate",
    }


@pytest.mark.parametrize("name", [*SIGNATURES, *NOUNS, *FAMILIES])
def test_a_public_name_says_what_it_is_for(name: str) -> None:
    text = inspect.getdoc(getattr(exo, name)) or ""
    assert len(text.splitlines()[0]) > 20


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'simulte'"):
        exo.simulte  # noqa: B018


@pytest.mark.slow
def test_the_example_in_the_readme_prints_what_it_says(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    found = re.search(r"```python\n(?P<code>.*?)```\n+```text\n(?P<printed>.*?)```", text, re.DOTALL)
    assert found is not None
    command = [sys.executable, "-X", "utf8", "-c", found["code"]]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == found["printed"]
    assert (tmp_path / "lab-meeting.html").stat().st_size > 100_000


def test_the_table_of_the_readme_is_that_of_the_kept_fit() -> None:
    used = [row for row in exo.fit("doxorubicin_carriers").predictions if row.used]
    predicted = {row.title.partition("/")[2]: row.predicted for row in used}

    def areas(arm: str, *sites: str) -> str:
        return "; ".join(f"{predicted[f'{arm} auc(tumour_{site})']:.0f}" for site in sites)

    def levels(organ: str) -> str:
        return ", ".join(f"{predicted[f'liposome {organ}_label at {hour} h']:.1f}" for hour in (6, 24, 48))

    expected = [
        f"| 3988; 1970 | {areas('doxil_9', 'total', 'nuclear')} |",
        f"| 5918; 2444 | {areas('doxil_16', 'total', 'nuclear')} |",
        f"| 641 | {areas('dopc_9', 'total')} |",
        f"| 45.8; 43.3 | {areas('free_9', 'total', 'nuclear')} |",
        f"| 7.9 | **{predicted['free_9 cmax(tumour_total)']:.1f}** |",
        f"| 41.9, 19.1, 6.1 | {levels('blood')} |",
        f"| 7.6, 12.1, 18.9 | {levels('tumour')} |",
    ]
    text = README.read_text(encoding="utf-8")
    assert [line for line in expected if line not in text] == []
