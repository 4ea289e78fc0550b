"""TOML to nouns and back: nothing is lost, nothing runs, and what is wrong is named with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sympy

from exodelivery.declare.block import Block
from exodelivery.declare.files import LARGEST_FILE, document_of, read_file, save
from exodelivery.declare.model import Model
from exodelivery.declare.shelf import find, library_folder
from exodelivery.errors import DeclarationError, ExodeliveryError, ShelfError
from exodelivery.expr.as_text import as_text
from exodelivery.expr.read import read

Assemble = Callable[..., Model]
LIBRARY = library_folder() / "models"
HEAD = 'format = 1\nkind = "release"\nabout = "x"\n'
GOOD = HEAD + '[parameters]\nk = "1 1/h"\n[flows]\nleak = "plasma.loaded -> plasma.free : k * plasma.loaded"\n'


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str | bytes], Path]:
    def write(text: str | bytes) -> Path:
        path = tmp_path / "x.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def canonical(document: Any, key: str = "") -> Any:
    """Return a parsed file with its expressions spaced as we print them and its dotted sets in one table."""
    if isinstance(document, dict):
        return {name: canonical(value, name) for name, value in document.items()}
    if isinstance(document, list):
        return [canonical(value) for value in document]
    if not isinstance(document, str):
        return document
    if " : " in document and "->" in document:
        ends, _, rates = document.partition(" : ")
        return f"{ends} : {' | '.join(as_text(read(rate.strip())) for rate in rates.split('|'))}"
    return as_text(read(document)) if key in ("formula", "volume", "start", "rate") else document


@pytest.mark.parametrize("path", sorted(LIBRARY.rglob("*.toml")), ids=lambda path: str(path.relative_to(LIBRARY)))
def test_a_file_of_the_library_is_saved_as_it_stands(path: Path, tmp_path: Path) -> None:
    original = canonical(tomllib.loads(path.read_text(encoding="utf-8")))
    saved = tomllib.loads(save(read_file(path), tmp_path / path.name).read_text(encoding="utf-8"))
    for table in ("outputs", "volumes", "start"):
        if table in original:
            original[table] = {name: as_text(read(text)) for name, text in original[table].items()}
    assert canonical(saved) == original


def test_a_block_built_in_python_with_sympy_is_read_back_the_same(tmp_path: Path) -> None:
    k, pool, conc = sympy.Symbol("k"), sympy.Symbol("plasma.loaded"), sympy.Function("conc")
    block = Block(
        "release",
        "mine",
        about='quotes " and \\ and é',
        parameters={"k": {"value": "0.1 1/h", "status": "assumed", "range": ["0.01 1/h", "1 1/h"]}},
        sites={"deep": {"role": "tissue", "volume": 2}},
        passengers={"late": "loaded"},
        flows={"leak": {"flow": "plasma.loaded -> plasma.free : k * plasma.loaded", "about": "slow"}},
        outputs={"level": k * conc(pool) / (1 + sympy.sqrt(pool))},
        start={"deep.free": k / 3},
        inputs={"heat": "0"},
        where=["tissue"],
    )
    again = read_file(save(block, tmp_path / "mine.toml"))
    assert again == block
    assert document_of(again) == document_of(block)


def test_a_model_whose_parts_are_on_no_shelf_is_not_saved(assemble: Assemble, tmp_path: Path) -> None:
    with pytest.raises(ShelfError, match="no body is called 'small_body'"):
        save(assemble(), tmp_path / "small.toml")
    assert not list(tmp_path.iterdir())


def test_a_changed_model_of_the_library_keeps_its_parts_by_name(tmp_path: Path) -> None:
    model = find("doxorubicin_mouse", "model").swap(carrier="liposome_leaky", efflux=None)
    model = model.with_values({"growth.k_g": "0.006 1/h"})
    assert read_file(save(model, tmp_path / "doxorubicin_mouse.toml")) == model
    changed = model.swap(uptake=Block("uptake", "other"))
    with pytest.raises(DeclarationError, match="differs from the one on the shelf"):
        save(changed, tmp_path / "changed.toml")


def test_a_file_that_stands_is_not_replaced(tmp_path: Path) -> None:
    block = find("linear", "clearance")
    path = tmp_path / "linear.toml"
    path.write_text("a person's own words")
    with pytest.raises(DeclarationError, match="stands already"):
        save(block, path)
    assert path.read_text() == "a person's own words"
    assert read_file(save(block, path, replace=True)) == block
    assert [found.name for found in tmp_path.iterdir()] == ["linear.toml"]
    with pytest.raises(DeclarationError, match="saved as TOML"):
        save(block, tmp_path / "linear.json")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (GOOD.replace("format = 1", "format = 2"), 1, "format = 2"),
        (GOOD.replace("format = 1", "format = true"), 1, "format = True"),
        (GOOD.replace("format = 1\n", ""), 1, "format = None"),
        (GOOD.replace("release", "relaese"), 2, "nearest: release"),
        (GOOD.replace('"release"', "[1]"), 2, "no kind"),
        (GOOD.replace("[flows]", "[flow]"), 6, "nearest: flows"),
        (GOOD.replace('about = "x"', "about = 3"), 3, "is a text"),
        (GOOD.replace('"1 1/h"', '"1 1/hh"'), 5, "hh"),
        (GOOD.replace('"1 1/h"', "nan"), 5, "quantity"),
        (GOOD.replace('"1 1/h"', "inf"), 5, "quantity"),
        (GOOD.replace('"1 1/h"', '{ valeu = "1 1/h" }'), 5, "nearest: value"),
        (GOOD.replace("\nk = ", '\n"k k" = '), 5, "not a name"),
        (GOOD.replace("\nk = ", "\n_k = "), 5, "not a name"),
        (GOOD.replace("\nk = ", "\nk__2 = "), 5, "not a name"),
        (GOOD.replace("\nk = ", "\nlambda = "), 5, "no expression can read"),
        (GOOD.replace("\nk = ", "\ndrug = "), 5, "word of the vocabulary"),
        (GOOD.replace("\nk = ", "\nexp = "), 5, "word of the vocabulary"),
        (GOOD.replace("k = ", 'k = "2 1/h"\nk = '), 6, "overwrite"),
        (GOOD.replace("[flows]", '[inputs]\nk = "1"\n[flows]'), 7, "declared twice"),
        (GOOD.replace("-> plasma.free", "=> plasma.free"), 7, "two ends"),
        (GOOD.replace("k * plasma.loaded", "().__class__"), 7, "no place|dot"),
        (GOOD.replace("k * plasma.loaded", "eval(open)"), 7, "no function"),
        (GOOD.replace("k * plasma.loaded", "k if k else k"), 7, "no place"),
        (GOOD.replace("k * plasma.loaded", "(" * 500 + "k" + ")" * 500), 7, "brackets"),
        (GOOD.replace("k * plasma.loaded", "k**9**9**9"), 7, "power|exponent"),
        (GOOD + "[states]\nx = { start = 0 }\n", 9, "unit, start and rate"),
        (GOOD + "[states]\nx = { rate = nan }\n", 9, "finite"),
        (GOOD + "where = [", 8, "TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(written: Callable[[str], Path], text: str, line: int, said: str) -> None:
    with pytest.raises(ExodeliveryError, match=said) as caught:
        read_file(written(text), "x.toml")
    assert caught.value.where.file == "x.toml"
    assert caught.value.where.line == line


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe\x00format = 1", "not UTF-8"),
        (b"a = " + b"[" * 10_000_000, "more than"),
        (b"a = " + b"[" * 100_000 + b"]" * 100_000, "nested too deep|TOML"),
        (b"format = " + b"9" * 5000, "not TOML"),
        (b"a." * 50_000 + b"a = 1", "more parts"),
        (b"\x00\x01\x02", "not TOML"),
        (b"", "format = None"),
    ],
)
def test_a_hostile_file_gives_one_clear_error(written: Callable[[bytes], Path], content: bytes, said: str) -> None:
    with pytest.raises(DeclarationError, match=said) as caught:
        read_file(written(content), "x.toml")
    assert caught.value.where.file == "x.toml"
    assert len(str(caught.value)) < 500


def test_a_file_that_is_not_there_and_a_folder_say_so(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(DeclarationError, match="cannot be read"):
            read_file(path)


def test_nothing_in_a_file_is_executed(written: Callable[[str], Path], tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    code = f"__import__('pathlib').Path('{victim}').touch()"
    for text in (
        GOOD.replace("k * plasma.loaded", code),
        GOOD.replace('"1 1/h"', f'"{code}"'),
        GOOD.replace("plasma.loaded ->", f"{code} ->"),
        GOOD + f'[outputs]\ny = "{code}"\n',
        GOOD + f'[start]\n"{code}" = 1\n',
        GOOD + f'[sites]\ny = {{ role = "tissue", volume = "{code}" }}\n',
    ):
        with pytest.raises(ExodeliveryError):
            read_file(written(text))
    assert not victim.exists()


def test_the_largest_file_leaves_room_for_every_file_of_the_library() -> None:
    assert max(path.stat().st_size for path in LIBRARY.rglob("*.toml")) * 10 < LARGEST_FILE


def test_a_name_is_found_however_it_is_typed(written: Callable[[str], Path]) -> None:
    micro = GOOD.replace("\nk =", '\n"\N{MICRO SIGN}" =').replace(": k *", ": \N{MICRO SIGN} *")
    block = read_file(written(micro))
    assert isinstance(block, Block)
    assert re.search("\N{GREEK SMALL LETTER MU} ", block.flows["leak"].text)
    assert list(block.parameters) == ["\N{GREEK SMALL LETTER MU}"]
