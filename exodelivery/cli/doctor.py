"""Floor 10: ``exo doctor``."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import exodelivery as exo
from exodelivery.cli.command import FOUND, WELL, Command
from exodelivery.cli.options import JSON
from exodelivery.cli.plain import as_json

CORE = ("numpy", "scipy", "sympy", "pandas", "lmfit", "plotly", "numba", "llvmlite", "pint", "jinja2", "latex2mathml")
EXTRAS = {"SALib": "fit", "python-pptx": "report", "openpyxl": "data", "ipykernel": "notebook"}


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    found = list(_findings())
    if args.json:
        print(as_json([{"what": what, "state": state, "remedy": remedy} for what, state, remedy in found]))
    for what, state, remedy in () if args.json else found:
        print(f"{what:<14} {state}{f'  ({remedy})' if remedy else ''}")
    return FOUND if any(what in CORE and remedy for what, _, remedy in found) else WELL


def _findings() -> Iterator[tuple[str, str, str]]:
    """Yield what was looked at, its state, and a remedy where something is missing."""
    yield "exodelivery", exo.__version__, ""
    yield "python", f"{platform.python_version()} at {sys.executable}", ""
    yield "machine", f"{platform.machine()}, {os.cpu_count()} cores", ""
    for name in CORE:
        yield name, *_version(name, f"pip install {name}")
    for name, extra in EXTRAS.items():
        yield name, *_version(name, f"pip install 'exodelivery[{extra}]'")
    yield "solver", *_solver()
    yield "shelves", *_shelves()
    data = os.environ.get("EXODELIVERY_DATA", "")
    remedy = "" if data else "large raw tables are read from the folder that EXODELIVERY_DATA names"
    yield (
        "raw data",
        data or "no folder named",
        remedy if not data or Path(data).is_dir() else "there is no such folder",
    )
    yield "browser", *_browser()


def _lacking(data: str) -> str:
    if not data:
        return "large raw tables are read from the folder that EXODELIVERY_DATA names"
    return "" if Path(data).is_dir() else "there is no such folder"


def _version(name: str, remedy: str) -> tuple[str, str]:
    try:
        return version(name), ""
    except PackageNotFoundError:
        return "not installed", remedy


def _solver() -> tuple[str, str]:
    from exodelivery.solve.simulate import DEFAULT_SOLVER

    if DEFAULT_SOLVER == "lsoda":
        return "lsoda of scipy, some hundred times slower", "pip install numba"
    from exodelivery.compile.native.machine import cache_folder, host_lanes

    kept = sum(1 for path in cache_folder().rglob("*") if path.is_file()) if cache_folder().is_dir() else 0
    return f"{DEFAULT_SOLVER}, {host_lanes()} lanes; {kept} compiled files in {cache_folder()}", ""


def _shelves() -> tuple[str, str]:
    from exodelivery.declare.shelf import shelves

    return ", ".join(f"{shelf.prefix} ({shelf.folder})" for shelf in shelves()), ""


def _browser() -> tuple[str, str]:
    from exodelivery.reports.writers.pdf import BROWSERS

    found = next(filter(None, map(shutil.which, BROWSERS)), "")
    return found or "none on the PATH", "" if found else "PDF reports need Chromium or Chrome"


COMMAND = Command(
    "say what is installed, which solver runs, where files are looked for, and what is missing",
    """\
$ exo doctor
exodelivery    ...
python         ...
browser        ...""",
    (JSON,),
    run,
)
