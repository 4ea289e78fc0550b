"""Imports only look down: every import of the package, those for type checkers included, is read and compared."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import exodelivery

PACKAGE = Path(exodelivery.__file__).parent
FLOORS: dict[str, int] = {
    **dict.fromkeys(("errors", "units", "citation", "extras", "run"), 0),
    **dict.fromkeys(("expr", "draw"), 1),
    "declare": 2,
    "evidence": 3,
    "compile": 4,
    "checks": 5,
    "solve": 6,
    "fitting": 7,
    "judge": 8,
    **dict.fromkeys(("reports", "exchange"), 9),
    **dict.fromkeys(("api", "cli", "testing", "__init__"), 10),
}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "_shelf" not in path.parts)


def room(path: Path) -> str:
    """Return the folder or the top-level file that a module is part of."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(source: str) -> list[tuple[int, str]]:
    """Return each import of the package with its line, by the room that it reaches; ``__init__`` is the package."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            names = ["exodelivery.relative"]
        elif isinstance(node, ast.ImportFrom) and node.module == "exodelivery":
            names = [f"exodelivery.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        for name in names:
            head, _, rest = name.partition(".")
            if head == "exodelivery":
                found.append((node.lineno, rest.partition(".")[0] or "__init__"))
    return found


def looks_up(own: str, other: str) -> bool:
    """Say whether an import goes against the floors; the rooms of the lowest and the top floor may use each other."""
    if own == other or (FLOORS[own] == FLOORS.get(other, 10) and FLOORS[own] in (0, 10)):
        return False
    return FLOORS.get(other, 10) >= FLOORS[own]


def test_every_room_of_the_house_has_a_floor() -> None:
    assert {room(path) for path in MODULES} <= set(FLOORS)
    assert len(MODULES) > 60


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_downwards(path: Path) -> None:
    own = room(path)
    upwards = [(line, other) for line, other in imported(path.read_text(encoding="utf-8")) if looks_up(own, other)]
    assert not upwards, f"{path.relative_to(PACKAGE)} (floor {FLOORS[own]}) imports upwards: {upwards}"


@pytest.mark.parametrize(
    ("own", "source", "up"),
    [
        ("declare", "from exodelivery.solve.timeline import x", True),
        ("declare", "def f():\n    from exodelivery.checks.check import check", True),
        ("expr", "if TYPE_CHECKING:\n    from exodelivery.declare.block import Block", True),
        ("draw", "from exodelivery.expr.tree import Name", True),
        ("solve", "import exodelivery.judge.metrics as metrics", True),
        ("solve", "import exodelivery as exo", True),
        ("solve", "from exodelivery import cli", True),
        ("solve", "from . import timeline", True),
        ("errors", "from exodelivery.units import unit", False),
        ("cli", "from exodelivery.api import load", False),
        ("declare", "from exodelivery.declare.block import Block", False),
        ("checks", "from exodelivery.compile.flatten import flatten", False),
    ],
)
def test_the_reader_of_imports_sees_what_looks_up(own: str, source: str, up: bool) -> None:
    assert any(looks_up(own, other) for _, other in imported(source)) == up


def test_only_units_imports_pint() -> None:
    importers = [path.name for path in MODULES if "import pint" in path.read_text(encoding="utf-8")]
    assert importers == ["units.py"]


def test_no_folder_bears_the_name_of_a_public_verb() -> None:
    folders = {path.name for path in PACKAGE.rglob("*") if path.is_dir() and "_shelf" not in path.parts}
    assert folders.isdisjoint(exodelivery.__all__)
