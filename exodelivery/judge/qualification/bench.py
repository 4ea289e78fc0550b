"""Floor 8: the bench of one case: its models are loaded, its runs made and its readings taken once, when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exodelivery.declare.files import build
from exodelivery.declare.model import Model, parameters_of
from exodelivery.declare.shelf import find, locate
from exodelivery.declare.table import Table
from exodelivery.declare.tables import KINDS, SLOTS
from exodelivery.errors import DeclarationError, SimulationError, nearest
from exodelivery.expr.as_number import number
from exodelivery.expr.as_units import dimension
from exodelivery.expr.read import read
from exodelivery.judge.qualification.case import Case, Reading
from exodelivery.solve.functionals import Value, evaluate
from exodelivery.solve.simulate import simulate
from exodelivery.solve.trajectory import Trajectory
from exodelivery.units import Dimension, base_unit, to_base, unit


class Bench:
    """What a case asked for so far; lives as long as the case is judged.

    Parameters
    ----------
    case : Case
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self._models: dict[str, Model] = {}
        self._runs: dict[str, Trajectory] = {}

    def model(self, name: str = "") -> Model:
        """Return a model of the shelves with the case's swaps; the case's own unless named."""
        name = name or self.case.model
        if not name:
            raise DeclarationError(
                "the case names no model", where=self.case.origin.place("model"), remedy='write model = "name"'
            )
        if name not in self._models:
            found: Model = find(name, "model", where=self.case.origin.place("model"))
            own = name == self.case.model
            self._models[name] = found.swap(**swaps(self.case.swap)) if own and self.case.swap else found
        return self._models[name]

    def run(self, name: str) -> Trajectory:
        """Return a run of the case; a failed one is returned too."""
        if name not in self.case.runs:
            raise DeclarationError(
                f"no run is called {name!r}", where=self.case.origin.place("runs"), remedy=nearest(name, self.case.runs)
            )
        if name not in self._runs:
            asked = self.case.runs[name]
            model = self.model(asked.model)
            self._runs[name] = simulate(
                model.swap(**swaps(asked.swap)) if asked.swap else model,
                asked.regimen,
                asked.until or None,
                values=asked.values,
                using=self._fit(asked.using) if asked.using else None,
                solver=asked.solver or None,
                tolerance=asked.tolerance,
                keep=asked.keep,
            )
        return self._runs[name]

    def _fit(self, name: str) -> Any:
        from exodelivery.fitting.fit import fit

        return fit(locate(name, "fit", self.case.origin.place("runs"))[0].parent)

    def read(self, reading: Reading, run: Trajectory | None = None) -> Value:
        """Return a reading, of its own run unless another is given."""
        found = self.run(reading.run) if run is None else run
        return evaluate(
            found,
            reading.of,
            reading.functional,
            at=found.end if reading.at is None else reading.at,
            start=reading.start,
            end=reading.end,
            dose=to_base(reading.dose) if reading.dose else None,
        )

    def value(self, text: str, more: Mapping[str, tuple[Any, Dimension]] | None = None) -> tuple[Any, str]:
        """Return the number of an expression and its base unit.

        Parameters
        ----------
        text : str
            Over readings, numbers and parameters of the case's model by full name.
        more : mapping, optional
            Further names, each with its number or array [base units] and its dimension.

        Raises
        ------
        DeclarationError
            For a name that stands for nothing; units that do not fit raise a :class:`UnitError`.
        SimulationError
            Where a reading has no value.
        """
        known: dict[str, tuple[Any, Dimension]] = dict(more or {})

        def lookup(name: str) -> tuple[Any, Dimension]:
            if name not in known:
                known[name] = self._named(name)
            return known[name]

        expr = read(text, self.case.origin.place("targets"))
        found = dimension(expr, lambda node: lookup(getattr(node, "path", ""))[1])
        return number(expr, lambda name: lookup(name)[0]), base_unit(found)

    def _named(self, name: str) -> tuple[float, Dimension]:
        case = self.case
        if name in case.numbers:
            return case.numbers[name].base, case.numbers[name].dimension
        if name in case.readings:
            value = self.read(case.readings[name])
            if not value:
                raise SimulationError(f"the reading {name!r} has no value: {value.why}")
            its = unit(value.unit)
            return value.value * its.factor, its.dimension
        parameters = parameters_of(self.model()) if case.model else {}
        if name in parameters:
            return parameters[name].quantity.base, parameters[name].quantity.dimension
        raise DeclarationError(
            f"nothing is called {name!r} here",
            where=case.origin.place("targets"),
            remedy=nearest(name, [*case.numbers, *case.readings, *parameters]),
        )

    def defective(self) -> Model:
        """Return the model that the case writes out, which no shelf may hold.

        Raises
        ------
        ExodeliveryError
            Where the declaration itself is refused; that is one way of being found out.
        """
        given, origin = self.case.defective, self.case.origin
        blocks = {slot: self._built(slot, document) for slot, document in given.get("blocks", {}).items()}
        drug = dict(given.get("drug", {}))
        drug.setdefault("molar_mass", {"value": "1 g/mol", "status": "assumed", "range": ["0.5 g/mol", "2 g/mol"]})
        parts: dict[str, Any] = {}
        for kind, document in (("body", given.get("body", {})), ("drug", drug), ("carrier", given.get("carrier", {}))):
            parts[kind] = self._built(kind, {**document, "use": _held(blocks, kind)})
        return Model(
            name=self.case.name,
            use=Table(_held(blocks, "model")),
            observables=Table(given.get("observables", {})),
            origin=origin,
            **parts,
        )

    def _built(self, kind: str, document: Mapping[str, Any]) -> Any:
        if kind not in KINDS:
            raise DeclarationError(f"no kind is called {kind!r}", where=self.case.origin.place("defective"))
        return build({"format": 1, "kind": kind, **document}, f"{self.case.name}_{kind}", self.case.origin)


def swaps(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return parts and blocks to replace; an empty name empties a slot that may be empty."""
    return {slot: name or None for slot, name in given.items()}


def _held(blocks: Mapping[str, Any], holder: str) -> dict[str, Any]:
    return {slot: block for slot, block in blocks.items() if slot in SLOTS and SLOTS[slot].holder == holder}
