"""A model on a plate: washes, depletion, carriers swapped in a line, potencies read as in a laboratory."""

from __future__ import annotations

import numpy as np
import pytest

import exodelivery as exo
from exodelivery.declare.model import Model
from exodelivery.declare.protocol import Protocol
from exodelivery.errors import DoseError
from exodelivery.judge.dose_response.on_a_plate import run_protocol, wells_of_model
from exodelivery.judge.dose_response.shapes.protocol import DoseResponseError

LEVELS = np.geomspace(0.003, 10, 7)


@pytest.fixture(scope="module")
def free() -> Model:
    model: Model = exo.load("doxorubicin_plate")
    return model


def test_a_wash_leaves_its_share_of_what_was_in_the_medium_and_the_books_close(free: Model) -> None:
    run = run_protocol(free, Protocol().pulse("1 uM", over="6 h", carry_over=0.03).read("48 h"))
    before, after = run["medium_free"]("5.999 h"), run["medium_free"]("6.0167 h")
    assert after / before == pytest.approx(0.03, rel=0.02)
    assert max(run.residuals.values()) < 1e-9


def test_many_cells_in_little_medium_deplete_it(free: Model) -> None:
    few = run_protocol(free, Protocol("100 uL", "2000 cell").add("1 uM").read("24 h"))
    many = run_protocol(free, Protocol("50 uL", "14000 cell").add("1 uM").read("24 h"))
    assert few["medium_free"]("24 h") > 0.97
    assert many["medium_free"]("24 h") < 0.9


def test_a_second_dose_adds_to_what_a_wash_left(free: Model) -> None:
    run = run_protocol(free, Protocol().add("1 uM").change("6 h", carry_over=0.1, medium="2 uM").read("12 h"))
    assert run["medium_free"]("6.1 h") == pytest.approx(2.1, rel=0.03)


def test_longer_exposure_needs_less_drug(free: Model) -> None:
    found = []
    for hours in (2, 24):
        wells = wells_of_model(free, Protocol().pulse("1 uM", over=hours).read("96 h"), LEVELS, key={"h": str(hours)})
        found.append(exo.curves(wells, by="h", control="control", unit="uM", intervals=())[0].ic50.value)
    assert found[0] > 3 * found[1]


def test_the_same_wells_as_growth_rates(free: Model) -> None:
    wells = wells_of_model(free, Protocol().add("1 uM").read("48 h"), LEVELS)
    curve = exo.curves(wells, control="control", time0="time0", unit="uM", intervals=())[0]
    assert curve["gr_max"].value < 0 < curve.ic50.value


def test_a_liposome_that_neither_leaks_nor_is_taken_up_kills_nothing(free: Model) -> None:
    shut = {"release.k_tissue": 0.0, "release.k_desorb": 0.0, "uptake.CL_cell": 0.0, "loading.encapsulated": 1.0}
    liposome = free.swap(carrier="liposome_pegylated", uptake="per_cell")
    treated = run_protocol(liposome, Protocol().add("1 uM").read("48 h"), values=shut)
    bare = run_protocol(free, Protocol().add("1e-9 uM").read("48 h"))
    assert treated["cells"]("48 h") == pytest.approx(bare["cells"]("48 h"), rel=1e-4)


@pytest.mark.parametrize("carrier", ["liposome_pegylated", "exosome_targeted"])
def test_a_carrier_is_swapped_in_a_line_and_its_books_close(free: Model, carrier: str) -> None:
    run = run_protocol(free.swap(carrier=carrier), Protocol().pulse("1 uM", over="6 h").read("48 h"))
    assert max(run.residuals.values()) < 1e-9
    assert run["medium_total"]("0 h") == pytest.approx(1.0, rel=1e-6)


def test_a_plate_without_drug_or_readings_is_an_error(free: Model) -> None:
    with pytest.raises(DoseResponseError, match="needs drug and readings"):
        wells_of_model(free, Protocol().add("1 uM"), LEVELS)


def test_a_well_that_dries_rises_in_level_as_its_water_leaves(free: Model) -> None:
    """Closed form: nothing takes drug up, so its amount stays, and its level is the amount over what water is left."""
    sealed = {"efflux.leak.k_in": 0.0, "efflux.pump.V_max": 0.0}
    well = Protocol("100 uL").add("1 uM").read("48 h").drying("0.5 uL/h")
    run = run_protocol(free, well, values=sealed)
    at = np.array([0.0, 6.0, 24.0, 48.0])
    np.testing.assert_allclose(run.curve("medium_free", at), 0.1 / (0.1 - 5e-4 * at), rtol=1e-6)
    assert max(run.residuals.values()) < 1e-9


def test_a_wash_makes_up_for_the_water_and_leaves_the_same_share_of_drug(free: Model) -> None:
    """Over a wash the amount falls to its share; the volume goes back to full, but for that share of what was lost."""
    sealed = {"efflux.leak.k_in": 0.0, "efflux.pump.V_max": 0.0}
    base = Protocol("100 uL").pulse("1 uM", over="24 h", carry_over=0.1).read("48 h")
    wet, dry = (run_protocol(free, one, values=sealed, keep=("medium.free",)) for one in (base, base.drying("1 uL/h")))
    at = np.array([23.0, 24.1, 48.0])
    for run in (wet, dry):
        assert max(run.residuals.values()) < 1e-9
    np.testing.assert_allclose(
        dry.curve("medium_free", at) * base.drying("1 uL/h").medium(at),
        wet.curve("medium_free", at) * 0.1,
        rtol=1e-5,
    )
    after = 24 + 1 / 60
    water = base.drying("1 uL/h").medium([0.0, 24.0, after, 48.0])
    assert water == pytest.approx([0.1, 0.076, 0.0976 - 1e-3 / 60, 0.0976 - 1e-3 * (48 - 24)], abs=1e-9)


def test_a_well_that_would_dry_up_is_refused() -> None:
    with pytest.raises(DoseError, match="would have evaporated"):
        Protocol("50 uL").add("1 uM").read("72 h").drying("1 uL/h")
    assert "evaporate" in str(Protocol("50 uL").wash("30 h").add("1 uM").read("72 h").drying("1 uL/h"))
