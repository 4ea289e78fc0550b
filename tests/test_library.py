"""Every file of the library is a case: it reads, is written back the same, and says where each number comes from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exodelivery.compile.flatten import flatten
from exodelivery.declare.anatomy import Anatomy, Scope
from exodelivery.declare.block import Block
from exodelivery.declare.files import Noun, document_of, folder_of, read_document, read_file, save
from exodelivery.declare.model import Model, parameters_of
from exodelivery.declare.parts import Body
from exodelivery.declare.quantity import Quantity
from exodelivery.declare.shelf import find, library_folder
from exodelivery.declare.tables import FORMS, KINDS
from exodelivery.expr.as_units import dimension
from exodelivery.expr.tree import Call, Name
from exodelivery.units import Dimension, unit

LIBRARY = library_folder() / "models"
FILES = sorted(LIBRARY.rglob("*.toml"))
CARRIERS = ("none", "liposome_pegylated", "liposome_leaky", "exosome_natural", "exosome_targeted")
MODELS = ("doxorubicin_mouse", "label_mouse", "doxorubicin_human")
PAIRS = [(model, carrier) for model in MODELS for carrier in CARRIERS]
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(LIBRARY)))


def numbers(table: Any, name: str = "") -> Iterator[tuple[str, Quantity]]:
    """Yield every quantity of a document, by its dotted key."""
    if isinstance(table, dict) and "value" in table:
        range_ = table.get("range")
        yield name, Quantity(**{**table, "range": tuple(range_) if range_ else None})
    elif isinstance(table, dict):
        for key, value in table.items():
            yield from numbers(value, f"{name}.{key}" if name else key)


def test_the_library_is_there() -> None:
    assert {path.stem for path in FILES} >= {*CARRIERS, *MODELS, "mouse", "mouse_4t1", "human", "doxorubicin"}


@each_file
def test_a_file_stands_where_its_kind_is_looked_up(path: Path) -> None:
    kind = read_document(path)[0]["kind"]
    assert kind in KINDS
    assert path.parent == LIBRARY / folder_of(kind)


@each_file
def test_a_file_is_written_back_the_same(path: Path, tmp_path: Path) -> None:
    noun = read_file(path)
    again = read_file(save(noun, tmp_path / path.name))
    assert again == noun
    assert document_of(again) == document_of(noun)


@each_file
def test_a_number_says_where_it_comes_from(path: Path) -> None:
    document, _ = read_document(path)
    lacking = []
    for name, number in numbers(document):
        told = {"assumed": number.range is not None, "literature": bool(number.source), "derived": bool(number.note)}
        if not told.get(number.status, False):
            lacking.append(f"{name}: {number.status or 'no status'}")
        if number.range is not None and number.ends is not None:
            low, high = number.ends
            assert low < number.base < high, name
    assert not lacking


@each_file
def test_no_number_is_written_bare(path: Path) -> None:
    noun = read_file(path)
    for group in ("parameters", "set", "dose"):
        told = {key for key, _ in numbers(read_document(path)[0].get(group, {}))}
        assert told == set(getattr(noun, group, {})), group


@each_file
def test_a_fraction_is_a_share_of_one(path: Path) -> None:
    for name, number in numbers(read_document(path)[0]):
        if number.scale == "logit":
            assert number.ends is not None, name
            assert 0 < number.ends[0] < number.ends[1] < 1, name


def test_bodies_of_one_species_share_their_physiology() -> None:
    mouse, bearing = find("mouse", "body"), find("mouse_4t1", "body")
    assert mouse.species == bearing.species == "mouse"
    assert mouse.weight == bearing.weight
    assert {name: bearing.parameters[name] for name in mouse.parameters} == dict(mouse.parameters)


@pytest.mark.parametrize(("name", "carrier"), PAIRS)
def test_a_model_takes_every_carrier(name: str, carrier: str) -> None:
    model: Model = find(name, "model").swap(carrier=carrier)
    system = flatten(model)
    assert system.variables
    assert "plasma_total" in {column.name for column in system.columns}
    assert all(parameter.identity for parameter in parameters_of(model).values())


@pytest.mark.parametrize("carrier", [name for name in CARRIERS if name != "none"])
def test_only_the_label_is_lacking_without_a_carrier(carrier: str) -> None:
    model: Model = find("doxorubicin_mouse", "model")
    assert not flatten(model.swap(carrier=carrier)).unavailable
    assert all("label" in name or "share" in name for name in flatten(model.swap(carrier="none")).unavailable)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_rates_and_observables_have_their_dimension(carrier: str) -> None:
    model: Model = find("doxorubicin_mouse", "model").swap(carrier=carrier)
    anatomy = Anatomy(model)
    hour = unit("h").dimension
    for instance in anatomy.instances:
        look = measure(Scope(anatomy, instance))
        for name, flow in instance.block.flows.items():
            ends = [end for end in (flow.source, flow.target) if end not in ("in", "out")]
            for rate in [flow.rate] if flow.back is None else [flow.rate, flow.back]:
                assert dimension(rate, look) * hour == dimension(Name(ends[0]), look), f"{instance.prefix}.{name}"
    for name, observable in model.observables.items():
        look = measure(Scope(anatomy))
        assert dimension(observable.formula, look) == unit(observable.unit).dimension, name


def measure(scope: Scope) -> Any:
    """Return the look-up of what a name or a domain call measures."""

    def of(path: str) -> Dimension:
        form = path.rpartition(".")[2]
        if "." in path and form in FORMS:
            return unit(FORMS[form].unit).dimension
        if path in scope.anatomy.populations:
            return unit(scope.anatomy.populations[path].unit).dimension
        return scope.anatomy.parameters[scope.name(path).name].quantity.dimension

    def look(node: Name | Call) -> Dimension:
        if isinstance(node, Name):
            # A pool of the vial or of a site that this body lacks is measured by its form alone.
            return of("plasma.free" if node.path == "here.free" else node.path)
        first = node.arguments[0].path  # type: ignore[union-attr]
        if node.function == "conc":
            return of(first) / unit("mL").dimension
        if node.function == "mass":
            return unit("g").dimension
        if node.function == "count":
            return of(first)
        what = node.arguments[1].path  # type: ignore[union-attr]
        return unit({"drug": "nmol", "label": "ID"}.get(what) or FORMS[what].unit).dimension

    return look


def test_a_block_says_what_it_is_about() -> None:
    nouns: list[Noun] = [read_file(path) for path in FILES]
    assert not [noun.name for noun in nouns if not noun.about]
    blocks = [noun for noun in nouns if isinstance(noun, Block)]
    assert not [f"{b.name}.{n}" for b in blocks for n, q in b.parameters.items() if not q.about]
    bodies = [noun for noun in nouns if isinstance(noun, Body)]
    assert not [f"{b.name}.{n}" for b in bodies for n, q in b.parameters.items() if not q.about]
