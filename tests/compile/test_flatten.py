"""A model laid flat: what rides with what, where it ends, and what is left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sympy

from exodelivery.compile.flatten import flatten
from exodelivery.compile.system import Movement, System
from exodelivery.declare.model import Model
from exodelivery.errors import DeclarationError

Assemble = Callable[..., Model]

VOLUMES = {"V": "2 mL", "v": "1e-9 mL/cell", "N": "1e8 cell"}
SITES = {
    "plasma": {"role": "blood", "volume": "V"},
    "isf": {"role": "interstitium", "volume": "0.4 * v * count(cell)"},
    "cell": {"role": "cell", "volume": "v * count(cell)"},
    "nucleus": {"role": "nucleus", "within": "cell", "volume": "0.1 * v * count(cell)"},
}
CELLS = {"cell": {"unit": "cell", "start": "N"}}
TUMOUR = {
    "parameters": VOLUMES,
    "sites": SITES,
    "populations": CELLS,
    "regions": {"tumour": ["isf", "cell", "nucleus"]},
}
SATURABLE = "plasma.carrier -> isf.carrier : v_max * conc(plasma.carrier) / (K + conc(plasma.carrier))"
LEAK = {"parameters": {"k": "0.1 1/h"}, "flows": {"leak": "plasma.loaded -> plasma.free : k * plasma.loaded"}}
GIVEN = {"outputs": {"loaded": "0.9", "adsorbed": "0.06", "free": "0.04", "drug_per_particle": 1, "label": 1, "dye": 0}}
END = {"loaded": "cell.free", "adsorbed": "out", "label": "cell.dye"}
UPTAKE = {
    "parameters": {"v_max": "3e9 particle/h", "K": "2e9 particle/mL", "k_in": "1 1/h", "k_lys": "0.3 1/h"},
    "flows": {
        "leave": SATURABLE,
        "enter": "isf.carrier -> cell.carrier : k_in * isf.carrier",
        "end": {"flow": "cell.carrier -> out : k_lys * cell.carrier", "passengers": END},
    },
}
CARRIER = {"loading": GIVEN, "release": LEAK, "uptake": UPTAKE}
KILL = {
    "parameters": {"k": "0.01 1/h"},
    "flows": {"kill": {"flow": "cell -> out : k * count(cell)", "contents": "isf"}},
}
GROW = {"parameters": {"k": "0.02 1/h"}, "flows": {"grow": "in -> cell : k * count(cell)"}}


def flat(model: Model) -> System:
    """Lay a model flat with every pool kept."""
    return flatten(model, ("all",))


def moves(system: System, flow: str) -> dict[str, Movement]:
    """Return the movements of a flow by their source."""
    return {move.source: move for move in system.movements if move.flow == flow}


def symbol(system: System, variable: str) -> Any:
    return system.equations.states[system.index(variable)]


def same(left: Any, right: Any) -> bool:
    return bool(sympy.simplify(left - right) == 0)


@pytest.fixture(scope="module")
def loaded(assemble: Assemble) -> Model:
    return assemble(body=TUMOUR, carrier=CARRIER, use={"growth": GROW, "effect": KILL})


def test_passengers_move_at_the_fraction_of_their_carrier_even_where_it_saturates(loaded: Model) -> None:
    system = flat(loaded)
    found = moves(system, "uptake.leave")
    assert {source: move.target for source, move in found.items()} == {
        f"plasma.{form}": f"isf.{form}" for form in ("carrier", "loaded", "adsorbed", "label")
    }
    carrier = found["plasma.carrier"]
    for form in ("loaded", "adsorbed", "label"):
        rider = found[f"plasma.{form}"]
        assert same(rider.rate / symbol(system, f"plasma.{form}"), carrier.rate / symbol(system, "plasma.carrier"))
        assert rider.rides
    nothing = {symbol(system, "plasma.carrier"): 0}
    assert found["plasma.loaded"].rate.subs(nothing) != 0, "a tracer's passengers move at the rate of an empty blood"
    assert carrier.rate.subs(nothing) == 0


def test_where_a_carrier_ends_each_passenger_goes_where_the_file_says(loaded: Model) -> None:
    ends = {source: move.target for source, move in moves(flat(loaded), "uptake.end").items()}
    assert ends == {
        "cell.carrier": "out.carrier",
        "cell.loaded": "cell.free",
        "cell.adsorbed": "out.drug",
        "cell.label": "cell.dye",
    }


@pytest.mark.parametrize("forgotten", ["loaded", "adsorbed", "label"])
def test_an_end_that_forgets_a_passenger_is_an_error(assemble: Assemble, forgotten: str) -> None:
    rest = {form: end for form, end in END.items() if form != forgotten}
    end = {**UPTAKE["flows"]["end"], "passengers": rest}  # type: ignore[dict-item]
    uptake = {**UPTAKE, "flows": {**UPTAKE["flows"], "end": end}}
    with pytest.raises(DeclarationError, match=f"passenger {forgotten!r} goes"):
        flat(assemble(body=TUMOUR, carrier={**CARRIER, "uptake": uptake}))


@pytest.mark.parametrize("rate", ["k_in", "k_in * sqrt(plasma.carrier)"])
def test_a_carrier_whose_rate_is_no_share_of_it_is_an_error(assemble: Assemble, rate: str) -> None:
    uptake = {**UPTAKE, "flows": {"leave": f"plasma.carrier -> isf.carrier : {rate}"}}
    with pytest.raises(DeclarationError, match=r"its source plasma\.carrier"):
        flat(assemble(body=TUMOUR, carrier={**CARRIER, "uptake": uptake}))


def test_cells_that_die_take_all_that_is_in_them_along(loaded: Model) -> None:
    system = flat(loaded)
    found = moves(system, "effect.kill")
    inside = [v.name for v in system.variables if v.kind == "pool" and v.name.startswith("cell.")]
    assert set(found) == {"cell", *inside}
    for name in inside:
        assert found[name].target == name.replace("cell.", "isf.")
        assert same(found[name].rate / symbol(system, name), found["cell"].rate / symbol(system, "cell"))


def test_what_is_bound_in_dead_cells_is_free_outside_them(assemble: Assemble) -> None:
    bind = {
        "parameters": {"k": "1 1/h"},
        "flows": {
            "enter": "plasma.free -> cell.free : k * plasma.free",
            "bind": "cell.free -> nucleus.bound : k * cell.free",
        },
    }
    system = flat(assemble(body=TUMOUR, drug=bind, use={"effect": KILL}))
    ends = {source: move.target for source, move in moves(system, "effect.kill").items()}
    assert ends == {"cell": "out.cell", "cell.free": "isf.free", "nucleus.bound": "isf.free"}


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        ("", "does not say where"),
        ("liver", "does not say where"),
        ({"loaded": "out"}, "does not say where"),
        ({"free": "liver.free"}, "body lacks"),
    ],
)
def test_a_death_that_forgets_its_contents_is_an_error(assemble: Assemble, contents: Any, said: str) -> None:
    enter = {"parameters": {"k": "1 1/h"}, "flows": {"enter": "plasma.free -> cell.free : k * plasma.free"}}
    kill = {**KILL, "flows": {"kill": {"flow": "cell -> out : k * count(cell)", "contents": contents}}}
    with pytest.raises(DeclarationError, match=said):
        flat(assemble(body=TUMOUR, drug=enter, use={"effect": kill}))


def test_cells_that_turn_into_others_keep_what_is_in_each_of_their_places(assemble: Assemble) -> None:
    sites = {
        **SITES,
        "late_nucleus": {"role": "nucleus", "within": "late", "volume": "0.1 * v * count(late)"},
        "late": {"role": "cell", "volume": "v * count(late)"},
    }
    body = {**TUMOUR, "sites": sites, "populations": {**CELLS, "late": {"unit": "cell", "start": 1}}}
    drug = {
        "parameters": {"k": "1 1/h"},
        "flows": {
            "enter": "plasma.free -> cell.free : k * plasma.free",
            "bind": "cell.free -> nucleus.bound : k * cell.free",
        },
    }
    turn = {"parameters": {"k": "0.1 1/h"}, "flows": {"turn": "cell -> late : k * count(cell)"}}
    system = flat(assemble(body=body, drug=drug, use={"effect": turn}))
    ends = {source: move.target for source, move in moves(system, "effect.turn").items()}
    assert ends == {"cell": "late", "cell.free": "late.free", "nucleus.bound": "late_nucleus.bound"}
    without = {**body, "sites": {name: site for name, site in sites.items() if name != "late_nucleus"}}
    with pytest.raises(DeclarationError, match="no one site of role nucleus"):
        flat(assemble(body=without, drug=drug, use={"effect": turn}))


def test_division_moves_nothing(loaded: Model) -> None:
    assert set(moves(flat(loaded), "growth.grow")) == {"in.cell"}


def test_a_flow_written_here_is_at_every_site_of_its_roles_and_nowhere_else(assemble: Assemble) -> None:
    where = {
        "where": ["blood", "interstitium"],
        "parameters": {"k": "0.1 1/h"},
        "flows": {
            "leak": "here.loaded -> here.free : k * here.loaded",
            "cells": "cell.loaded -> cell.free : k * cell.loaded",
        },
    }
    system = flat(assemble(body=TUMOUR, carrier={**CARRIER, "release": where}))
    found = {move.flow for move in system.movements if move.flow.startswith("release")}
    assert found == {"release.leak@plasma", "release.leak@isf", "release.cells"}
    bare = flat(assemble(carrier={"loading": GIVEN, "release": {**where, "where": ["tissue", "blood"]}}))
    assert [(left.flow, left.reason) for left in bare.left_out] == [("release.cells", "the body has no cell")]
    lymph = {**where, "where": ["lymph", "tissue"], "flows": {**where["flows"], "leak2": LEAK["flows"]["leak"]}}  # type: ignore[dict-item]
    left = {left.flow: left.reason for left in flat(assemble(carrier={"loading": GIVEN, "release": lymph})).left_out}
    assert left == {
        "release.leak": "the body has no site of role lymph or tissue",
        "release.cells": "the body has no cell",
    }


def test_a_block_that_no_site_is_left_for_is_an_error(assemble: Assemble) -> None:
    with pytest.raises(DeclarationError, match="without flows"):
        flat(assemble(carrier={"loading": GIVEN, "uptake": UPTAKE}))


def test_a_site_may_stand_in_for_another(assemble: Assemble) -> None:
    sites = {"plasma": {"role": "blood", "volume": "V"}, "medium": {"role": "medium", "volume": "V", "also": "isf"}}
    drug = {
        "parameters": {"k": "1 mL/h"},
        "flows": {"x": "plasma.free <-> isf.free : k * conc(plasma.free) | k * conc(isf.free)"},
    }
    system = flat(assemble(body={"sites": sites}, drug=drug))
    assert {move.target for move in system.movements} == {"medium.free", "plasma.free"}


def test_a_private_site_bears_its_blocks_name_outside_and_its_own_inside(assemble: Assemble) -> None:
    deep = {
        "parameters": {"k": "1 1/h", "V_deep": "3 mL"},
        "sites": {"deep": {"role": "peripheral", "volume": "V_deep"}},
        "flows": {"x": "plasma.free <-> deep.free : k * plasma.free | k * deep.free"},
    }
    own = {**deep, "flows": {"x": "plasma.free -> deep.free : k * conc(deep.free) * V_deep + k * plasma.free"}}
    shown = {
        "deep": {"formula": "conc(disposition.deep.free)", "unit": "nmol/mL"},
        "pump": {"formula": "efflux.pump.deep.free", "unit": "nmol"},
    }
    system = flat(assemble(drug=deep, use={"efflux": {"pump": own}}, observables=shown))
    names = [variable.name for variable in system.variables]
    assert {"disposition.deep.free", "efflux.pump.deep.free"} <= set(names)
    volume = next(
        p for n, p in zip(system.parameters, system.equations.parameters, strict=True) if n.name == "disposition.V_deep"
    )
    assert same(system.equations.outputs[0], symbol(system, "disposition.deep.free") / volume)
    assert same(system.equations.outputs[1], symbol(system, "efflux.pump.deep.free"))


def test_a_metabolite_is_in_the_ledger_of_its_drug(assemble: Assemble) -> None:
    drug = {
        "parameters": {"k": "1 1/h"},
        "flows": {
            "make": "plasma.free -> plasma.sn38.free : k * plasma.free",
            "leave": "plasma.sn38.free -> out : k * plasma.sn38.free",
        },
    }
    system = flat(assemble(drug=drug))
    ledgers = {variable.name: variable.ledger for variable in system.variables}
    assert ledgers == {"plasma.free": "drug", "plasma.sn38.free": "drug", "out.drug": "drug"}
    apart = {**drug, "flows": {**LEAK["flows"], "leave": drug["flows"]["leave"]}, "start": {"plasma.sn38.free": "1"}}
    assert (
        flat(assemble(drug={**apart, "flows": {"leave": drug["flows"]["leave"]}})).variables[-1].ledger == "sn38.drug"
    )


def test_what_cells_shed_is_a_ledger_of_its_own_and_the_drug_in_it_is_not(assemble: Assemble) -> None:
    enter = {"parameters": {"k": "1 1/h"}, "flows": {"enter": "plasma.free -> cell.free : k * plasma.free"}}
    shed = {
        "parameters": {"v": "60 particle/cell/h", "k": "0.1 1/h"},
        "flows": {
            "make": "in -> cell.own.carrier : v * count(cell)",
            "sort": "cell.free -> cell.own.loaded : k * cell.free",
            "shed": "cell.own.carrier -> isf.own.carrier : k * cell.own.carrier",
        },
    }
    system = flat(assemble(body=TUMOUR, drug=enter, use={"efflux": shed, "effect": KILL}))
    ledgers = {variable.name: variable.ledger for variable in system.variables}
    assert ledgers["cell.own.carrier"] == ledgers["in.own.carrier"] == "own.carrier"
    assert ledgers["cell.own.loaded"] == ledgers["isf.own.loaded"] == ledgers["cell.free"] == "drug"
    assert moves(system, "efflux.shed")["cell.own.loaded"].target == "isf.own.loaded"
    assert moves(system, "effect.kill")["cell.own.loaded"].target == "isf.own.loaded"


def test_a_table_of_contents_keeps_each_substance_itself(assemble: Assemble) -> None:
    shed = {"parameters": {"v": "60 particle/cell/h"}, "flows": {"make": "in -> cell.own.carrier : v * count(cell)"}}
    kill = {
        **KILL,
        "flows": {"kill": {"flow": "cell -> out : k * count(cell)", "contents": {"carrier": "isf.carrier"}}},
    }
    system = flat(assemble(body=TUMOUR, use={"efflux": shed, "effect": kill}))
    assert moves(system, "effect.kill")["cell.own.carrier"].target == "isf.own.carrier"


def test_an_apparent_volume_goes_before_the_sites_own(assemble: Assemble) -> None:
    drug = {
        "parameters": {"k": "1 mL/h", "V1": "9 mL"},
        "volumes": {"plasma.free": "V1"},
        "flows": {"x": "plasma.free -> out : k * conc(plasma.free)"},
    }
    system = flat(assemble(drug=drug))
    p = {n.name: s for n, s in zip(system.parameters, system.equations.parameters, strict=True)}
    assert same(system.equations.outputs[0], symbol(system, "plasma.free") / p["disposition.V1"])
    second = {"volumes": {"plasma.free": "2"}, "flows": {"x": "plasma.free -> out : 0 * plasma.free"}}
    with pytest.raises(DeclarationError, match="two blocks declare"):
        flat(assemble(drug=drug, use={"efflux": second}))


def test_a_chain_of_passengers_reads_as_its_sum_outside_its_block(assemble: Assemble) -> None:
    chain = {
        "passengers": {"late": "loaded"},
        "parameters": {"k": "1 1/h"},
        "flows": {
            "age": "plasma.loaded -> plasma.late : k * plasma.loaded",
            "leak": "plasma.late -> plasma.free : k * plasma.late",
        },
    }
    shown = {
        "loaded": {"formula": "plasma.loaded", "unit": "nmol"},
        "all": {"formula": "total(plasma, drug)", "unit": "nmol"},
    }
    system = flat(assemble(body=TUMOUR, carrier={**CARRIER, "release": chain}, observables=shown))
    loaded, late = symbol(system, "plasma.loaded"), symbol(system, "plasma.late")
    assert same(system.equations.outputs[0], loaded + late)
    assert same(
        system.equations.outputs[1], loaded + late + symbol(system, "plasma.adsorbed") + symbol(system, "plasma.free")
    )
    assert moves(system, "uptake.leave")["plasma.late"].target == "isf.late"
    assert moves(system, "uptake.end")["cell.late"].target == "cell.free"
    assert not moves(system, "release.age")["plasma.loaded"].rate.has(late)


def test_blood_moves_every_form_but_what_is_bound(assemble: Assemble) -> None:
    sites = {"plasma": {"role": "blood", "volume": "V"}, "liver": {"role": "tissue", "volume": "2 * V"}}
    blood = {
        "circulation": {
            "parameters": {"Q": "3 mL/h"},
            "flows": {"to": "plasma -> liver : Q", "back": "liver -> plasma : Q"},
        }
    }
    drug = {"parameters": {"k": "1 1/h"}, "flows": {"bind": "plasma.free -> plasma.bound : k * plasma.free"}}
    system = flat(assemble(body={"sites": sites, "use": blood}, drug=drug, carrier={"loading": GIVEN, "release": LEAK}))
    found = moves(system, "circulation.to")
    assert {source: move.target for source, move in found.items()} == {
        f"plasma.{form}": f"liver.{form}" for form in ("carrier", "loaded", "adsorbed", "label", "dye", "free")
    }
    shares = {sympy.simplify(move.rate / symbol(system, source)) for source, move in found.items()}
    assert len(shares) == 1


def test_pools_that_nothing_fills_read_nought_and_what_reads_only_them_is_unavailable(assemble: Assemble) -> None:
    shown = {
        "sum": {"formula": "conc(plasma.free) + conc(plasma.loaded)", "unit": "nmol/mL"},
        "label": {"formula": "conc(plasma.label)", "unit": "ID/mL"},
        "heart": {"formula": "conc(heart.free)", "unit": "nmol/mL"},
        "weight": {"formula": "mass(heart)", "unit": "g"},
    }
    system = flat(assemble(observables=shown))
    assert [column.name for column in system.columns] == ["sum"]
    assert dict(system.unavailable) == {
        "label": "nothing in this model fills conc(plasma.label)",
        "heart": "nothing in this model fills conc(heart.free)",
        "weight": "the body has no heart",
    }
    assert [variable.name for variable in system.variables] == ["plasma.free", "out.drug"]


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        ("out -> plasma.free : k", "runs backwards"),
        ("plasma.free -> in : k", "runs backwards"),
        ("in <-> plasma.free : k | k", "runs backwards"),
        ("plasma.free <-> out : k | k", "runs backwards"),
        ("plasma.free -> cell : k", "two kinds"),
        ("in -> out : k", "two kinds"),
        ("plasma.free -> plasm.free : k", "nearest: plasma"),
        ("plasma.free -> out : kk", "nothing is called 'kk'"),
        ("plasma.free -> out : uptake.k", "nothing is called"),
        ("plasma.free -> out : k * count(plasma)", "no population"),
        ({"flow": "plasma.free -> out : k", "passengers": {"loaded": "out"}}, "no carrier"),
        ({"flow": "plasma.free -> out : k", "contents": "isf"}, "no cells"),
    ],
)
def test_a_flow_that_moves_nothing_sensible_is_an_error(assemble: Assemble, flow: Any, said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        flat(assemble(body=TUMOUR, drug={"parameters": {"k": "1 nmol/h"}, "flows": {"x": flow}}))
