"""Floor 6: a study's levels as points over a run, in its units, with spreads and what was not quantified."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from exodelivery.draw.figure import Points
from exodelivery.evidence.records import Record
from exodelivery.evidence.study import Study
from exodelivery.units import convert

if TYPE_CHECKING:
    from exodelivery.solve.trajectory import Trajectory

MOLAR_MASS = "drug.molar_mass"


def points_of(run: Trajectory, study: Study, names: Sequence[str]) -> list[Points]:
    """Return the levels of the arms with the run's carrier, one set of points to each observable.

    Parameters
    ----------
    run : Trajectory
    study : Study
    names : sequence of str
        Observables of the run.

    Raises
    ------
    UnitError
        If a level has a unit of another dimension than the run's observable.
    """
    arms = {arm.name for arm in study.arms.values() if arm.carrier == run.model.carrier.name}
    places = {parameter.name: n for n, parameter in enumerate(run.system.parameters)}
    mass = float(run.parameters[places[MOLAR_MASS]]) if MOLAR_MASS in places else None
    found = []
    for name in names:
        records = [r for r in study.records if r.arm in arms and r.time is not None and _is_level(r, name)]
        records = [record for record in records if record.time is not None and record.time <= run.end]
        if not records:
            continue
        factors = [convert(1.0, record.unit, run.unit(name), molar_mass=mass) for record in records]
        ends = [_ends(record) for record in records]
        barred = any(low < high for low, high in ends)
        found.append(
            Points(
                f"{study.name}: {name}",
                [float(record.time or 0.0) for record in records],
                [record.centre * factor for record, factor in zip(records, factors, strict=True)],
                [low * factor for (low, _), factor in zip(ends, factors, strict=True)] if barred else (),
                [high * factor for (_, high), factor in zip(ends, factors, strict=True)] if barred else (),
                [f"{record}; {record.note}" if record.note else str(record) for record in records],
                name,
                [record.limit for record in records],
            )
        )
    return found


def _is_level(record: Record, name: str) -> bool:
    return record.what.observable == name and record.what.kind.name == "level" and not record.against


def _ends(record: Record) -> tuple[float, float]:
    """Return the ends of the bar: a printed interval, or the printed spread to either side, above zero."""
    if record.interval:
        return record.interval
    if not isinstance(record.spread, float):
        return record.centre, record.centre
    half = record.spread * record.centre / 100 if record.spread_kind == "cv" else record.spread
    return max(record.centre - half, 0.01 * abs(record.centre)), record.centre + half
