"""Importing the package costs next to nothing, and no verb is shadowed by a module of its name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = [
    "numpy",
    "scipy",
    "sympy",
    "pandas",
    "lmfit",
    "plotly",
    "numba",
    "llvmlite",
    "pint",
    "jinja2",
    "latex2mathml",
    "tqdm",
    "tomli_w",
    "dask",
    "libsbml",
]

EVERY_SUBMODULE = """
import importlib, inspect, pkgutil
import exodelivery as exo
for found in pkgutil.walk_packages(exo.__path__, "exodelivery."):
    importlib.import_module(found.name)
"""


def run(script: str, *words: str) -> str:
    """Run a script in a process of its own, and return what it prints."""
    command = [sys.executable, "-c", script, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_loads_nothing_heavy() -> None:
    loaded = set(run("import exodelivery, sys; print(*sys.modules)").split())
    assert "exodelivery" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_asking_the_shell_for_help_loads_nothing_heavy() -> None:
    script = "import sys, exodelivery.cli.main as cli; cli.parser().format_help(); print(*sys.modules)"
    assert set(run(script).split()).isdisjoint(HEAVY)


def test_every_verb_is_still_a_function_after_importing_every_submodule() -> None:
    script = EVERY_SUBMODULE + "print(*[name for name in dir(exo) if inspect.ismodule(getattr(exo, name))])"
    assert run(script).split() == []


EVERY_VERB = """
import pathlib, sys
folder = pathlib.Path(sys.argv[1])
model = exo.load("doxorubicin_mouse", carrier="none")
assert exo.check(model).ok
dose = exo.bolus("5 mg/kg") + exo.infusion("1 mg/kg", over="1 h", at="24 h")
run = exo.simulate(model, dose, until="48 h")
assert run and "plasma_total" in exo.show(model)
assert "none" in set(exo.list("carrier")["name"])
data = exo.studies("laginha_2005_4t1_tumour")
fit = exo.fit("doxorubicin_carriers")
carriers = ["none", "liposome_pegylated"]
duel = exo.compare(model, carriers, exo.bolus("5 mg/kg"), baseline="liposome_pegylated", using=fit, draws=2)
assert "Laginha" in exo.cite(data)
assert exo.report(folder / "page.html", model, run, fit, duel).is_file()
assert exo.save(exo.load("pgp"), folder / "pump.toml").is_file()
assert exo.new(folder / "shelf").is_dir()
print("all")
"""


@pytest.mark.slow
def test_every_verb_still_works_after_importing_every_submodule(tmp_path: Path) -> None:
    assert run(EVERY_SUBMODULE + EVERY_VERB, str(tmp_path)).split() == ["all"]
