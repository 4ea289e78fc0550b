"""Floor 7: a recipe: which models meet which arms of which studies, and every choice of a fit, each with its reason.

Nothing is silent: a record without a printed spread takes one that the recipe names, a phase takes a window that it
names, and each usable record of a study is either used or left out with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exodelivery.declare.files import FORMAT, read_document
from exodelivery.declare.origin import Origin
from exodelivery.declare.table import Table
from exodelivery.errors import ExodeliveryError, FitError, Place, nearest
from exodelivery.units import hours, to_base

FEWEST = 3
"""Samples of an arm that a terminal slope wants."""
KEYS = (
    "format", "kind", "about", "models", "arms", "readings", "spreads", "literature", "discrepancy", "share",
    "leave_out", "start", "noise", "sampling", "method",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spread:
    """A named coefficient of variation, as a fraction, and why it is believed."""

    cv: float
    why: str


@dataclass(frozen=True, slots=True)
class Reading:
    """How a number of the paper is read off a curve.

    Attributes
    ----------
    window : (float, float) or None
        Where the log-slope of an exponential phase is taken [h].
    beneath : (float, float) or None
        Window of the slower phase that is taken off first [h].
    at_tmax : bool
        A Cmax is the level at the Tmax that the paper prints: of sampled data the two are one observation, and both
        have slopes, while the peak of a curve with two humps jumps between them.
    why : str
    """

    window: tuple[float, float] | None
    beneath: tuple[float, float] | None
    at_tmax: bool
    why: str


@dataclass(frozen=True, slots=True)
class Variant:
    """A model of the library with some parts swapped, and slots emptied by ``without``."""

    model: str
    swaps: Table[str | None]


@dataclass(frozen=True, slots=True)
class Pairing:
    """An arm of a study, the model that stands for it, and how long it runs [h]."""

    study: str
    arm: str
    variant: str
    horizon: float
    place: Place


@dataclass(frozen=True, slots=True)
class Start:
    """Where the first start begins instead of the library's value, and why."""

    value: str
    why: str


@dataclass(frozen=True, slots=True)
class NoiseSpec:
    """A noise of records with numbers of its own: those given here are given, the others are estimated."""

    kind: str
    numbers: Table[float]
    dof: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Sampled:
    """How an arm was sampled, by which its records are taken together.

    Attributes
    ----------
    times : tuple of float
        Rising [h].
    animals : int
        To each time, or in all where ``serial``: the same animals are then sampled throughout.
    serial : bool
    between : Table of float
        Coefficient of variation between animals of the parameters that vary, by full name, as a fraction.
    assay : float
        Coefficient of variation of the assay, as a fraction.
    why : str
    place : Place
    """

    times: tuple[float, ...]
    animals: int
    serial: bool
    between: Table[float]
    assay: float
    why: str
    place: Place


@dataclass(frozen=True, slots=True)
class Share:
    """Parameters that one carrier takes from another, by name in a model; ``clearance.*`` takes a whole block."""

    carrier: str
    source: str
    parameters: tuple[str, ...]
    why: str

    def covers(self, name: str) -> bool:
        """Say whether a parameter is shared."""
        return any(name == own or (own.endswith(".*") and name.startswith(own[:-1])) for own in self.parameters)


@dataclass(frozen=True, slots=True)
class Method:
    """How a recipe is fitted.

    Attributes
    ----------
    estimator : str
        One of :data:`~exodelivery.fitting.protocol.ESTIMATORS`.
    starts, seed : int
        Starting points, and the seed of all but the first, which is the library's values and the recipe's [start].
    spread : float
        How far the others are scattered about it, as a share of each prior's standard deviation.
    tolerance : float
        Relative change of the sum of squares at which a start stops.
    solver : str
    """

    estimator: str = "least squares"
    starts: int = 4
    seed: int = 1
    spread: float = 0.7
    tolerance: float = 1e-6
    solver: str = "rodas5p"


@dataclass(frozen=True, slots=True)
class Recipe:
    """A fit as written in ``fit.toml``.

    Attributes
    ----------
    name, about : str
    folder : Path
    variants : Table of Variant
    pairings : tuple of Pairing
    readings, spreads, discrepancy : Table
        By record, by ``study what``, by arm or by study; the most specific holds.
    literature : Spread or None
        For literature and measured values of a model that were printed without a spread.
    shares : tuple of Share
    leave_out : Table of str
        Reason, by record, arm or study.
    start : Table of Start
        By a parameter's full name.
    method : Method
    noises : Table of NoiseSpec
        By record, arm or study, for fits by the likelihood.
    samplings : Table of Sampled
        By arm; the records of one observable of such an arm are taken together.
    """

    name: str
    about: str
    folder: Path
    variants: Table[Variant]
    pairings: tuple[Pairing, ...]
    readings: Table[Reading]
    spreads: Table[Spread]
    discrepancy: Table[Spread]
    literature: Spread | None
    shares: tuple[Share, ...]
    leave_out: Table[str]
    start: Table[Start]
    method: Method
    noises: Table[NoiseSpec] = field(default_factory=Table)
    samplings: Table[Sampled] = field(default_factory=Table)

    def _lines(self) -> list[tuple[str, str, str]]:
        """Return each choice: of what, what, and why."""
        found = [
            (f"{one.study}/{one.arm}", f"{self.variants[one.variant].model} as {one.variant}, to {one.horizon:g} h", "")
            for one in self.pairings
        ]
        found += [(f"spread of {name}", f"cv {100 * one.cv:.3g} %", one.why) for name, one in self.spreads.items()]
        found += [(f"discrepancy of {name}", f"cv {100 * d.cv:.3g} %", d.why) for name, d in self.discrepancy.items()]
        if self.literature:
            found.append(("literature values", f"cv {100 * self.literature.cv:.3g} %", self.literature.why))
        found += [(f"noise of {name}", one.kind, one.why) for name, one in self.noises.items()]
        found += [(name, "left out", why) for name, why in self.leave_out.items()]
        return found

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        rows = [f"  {what}: {choice}{f' ({why})' if why else ''}" for what, choice, why in self._lines()]
        return "\n".join([f"Recipe {self.name}: {self.about}", *rows])

    def _repr_html_(self) -> str:
        from exodelivery.draw.html import card, table

        return card(f"Recipe {self.name}", self.about, table(("of what", "choice", "why"), self._lines()))


def read_recipe(folder: Path) -> Recipe:
    """Read ``fit.toml`` in a folder.

    Raises
    ------
    FitError
        For a key that a recipe does not have, a choice without its reason, or a value of the wrong kind; with its line.

    Examples
    --------
    >>> from exodelivery.declare.shelf import locate
    >>> read_recipe(locate("doxorubicin_carriers", "fit")[0].parent).name
    'doxorubicin_carriers'
    """
    path = folder / "fit.toml"
    try:
        document, origin = read_document(path, f"{folder.name}/fit.toml")
    except ExodeliveryError as error:
        raise FitError(error.message, where=error.where, remedy=error.remedy) from None
    page = _Page(origin)
    page.only(document, KEYS)
    if document.get("format") != FORMAT or document.get("kind") != "fit":
        page.refuse('a recipe begins with format = 1 and kind = "fit"', "format")
    literature = document.get("literature")
    return Recipe(
        name=folder.name,
        about=page.text(document, "about"),
        folder=folder,
        variants=Table({name: page.variant(name, t) for name, t in page.tables(document, "models")}),
        pairings=tuple(page.pairing(name, t, document) for name, t in page.tables(document, "arms")),
        readings=Table({name: page.reading(name, t) for name, t in page.tables(document, "readings")}),
        spreads=Table({name: page.spread(t, "spreads", name) for name, t in page.tables(document, "spreads")}),
        discrepancy=Table(
            {name: page.spread(t, "discrepancy", name) for name, t in page.tables(document, "discrepancy")}
        ),
        literature=None if literature is None else page.spread(literature, "literature"),
        shares=tuple(page.share(name, t) for name, t in page.tables(document, "share")),
        leave_out=Table({name: page.text(document["leave_out"], name, "leave_out") for name in page.table(document)}),
        start=Table({name: page.start(name, t) for name, t in page.tables(document, "start")}),
        method=page.method(document.get("method", {})),
        noises=Table({name: page.noise(name, t) for name, t in page.tables(document, "noise")}),
        samplings=Table({name: page.sampling(name, t, document) for name, t in page.tables(document, "sampling")}),
    )


@dataclass(frozen=True, slots=True)
class _Page:
    """Reads one document; every fault names its line."""

    origin: Origin

    def refuse(self, message: str, *keys: str, remedy: str = "") -> None:
        raise FitError(message, where=self.origin.place(*keys), remedy=remedy)

    def only(self, table: Mapping[str, Any], known: tuple[str, ...], *keys: str) -> None:
        for key in table:
            if key not in known:
                self.refuse(f"a recipe has no key {key!r} here", *keys, key, remedy=nearest(key, known))

    def table(self, document: Mapping[str, Any], name: str = "leave_out", *keys: str) -> Mapping[str, Any]:
        found = document.get(name, {})
        if not isinstance(found, Mapping):
            self.refuse(f"{name} is a table", *keys, name)
        return dict(found)

    def tables(self, document: Mapping[str, Any], name: str) -> list[tuple[str, Mapping[str, Any]]]:
        return [(key, self.table(document[name], key, name)) for key in self.table(document, name)]

    def text(self, table: Mapping[str, Any], key: str, *keys: str) -> str:
        found = table.get(key, "")
        if not isinstance(found, str) or not found.strip():
            self.refuse(f"{key!r} is a text and must be given", *keys, key)
        return str(found).strip()

    def hours(self, given: Any, *keys: str) -> float:
        try:
            return hours(given)
        except (ExodeliveryError, TypeError) as error:
            raise FitError(f"this is no time: {error}", where=self.origin.place(*keys)) from None

    def variant(self, name: str, table: Mapping[str, Any]) -> Variant:
        swaps: dict[str, str | None] = {
            key: self.text(table, key, "models", name) for key in table if key not in ("model", "without", "why")
        }
        without = table.get("without", [])
        if not isinstance(without, list) or not all(isinstance(slot, str) for slot in without):
            self.refuse("without is a list of slots", "models", name, "without", remedy='write without = ["effect"]')
        if without:
            self.text(table, "why", "models", name)
        swaps |= dict.fromkeys(without)
        return Variant(self.text(table, "model", "models", name), Table(swaps))

    def pairing(self, name: str, table: Mapping[str, Any], document: Mapping[str, Any]) -> Pairing:
        self.only(table, ("model", "horizon"), "arms", name)
        study, sign, arm = name.partition("/")
        variant = self.text(table, "model", "arms", name)
        if not sign or not study or not arm:
            self.refuse(f"{name!r} is no arm", "arms", name, remedy='write "study/arm"')
        models = self.table(document, "models")
        if variant not in models:
            self.refuse(f"no model is called {variant!r}", "arms", name, "model", remedy=nearest(variant, models))
        horizon = self.hours(table.get("horizon"), "arms", name, "horizon")
        if not 0 < horizon < float("inf"):
            self.refuse("a horizon is a positive time", "arms", name, "horizon", remedy='horizon = "48 h"')
        return Pairing(study, arm, variant, horizon, self.origin.place("arms", name))

    def window(self, given: Any, *keys: str) -> tuple[float, float]:
        if not isinstance(given, list) or len(given) != 2:
            self.refuse("a window has two ends", *keys, remedy='write ["0 min", "15 min"]')
        start, end = (self.hours(one, *keys) for one in given)
        if not start < end:
            self.refuse("a window ends after it starts", *keys)
        return start, end

    def reading(self, name: str, table: Mapping[str, Any]) -> Reading:
        self.only(table, ("window", "beneath", "at", "why"), "readings", name)
        windows = [
            None if table.get(key) is None else self.window(table[key], "readings", name, key)
            for key in ("window", "beneath")
        ]
        if ("window" in table) == ("at" in table) or table.get("at", "tmax") != "tmax":
            self.refuse(
                "a reading has either a window or at",
                "readings",
                name,
                remedy='write window = ["0 min", "15 min"] for a half-life, at = "tmax" for a Cmax',
            )
        return Reading(windows[0], windows[1], "at" in table, self.text(table, "why", "readings", name))

    def spread(self, table: Mapping[str, Any], *keys: str) -> Spread:
        self.only(table, ("cv", "why"), *keys)
        return Spread(self.cv(table, "cv", *keys), self.text(table, "why", *keys))

    def cv(self, table: Mapping[str, Any], key: str, *keys: str) -> float:
        found = 0.0
        try:
            found = to_base(self.text(table, key, *keys))
        except ExodeliveryError as error:
            self.refuse(f"{key} is no share: {error.message}", *keys, key, remedy=f'write {key} = "30 %"')
        if not 0 < found < 10:
            self.refuse(f"a {key} lies between 0 and 1000 %", *keys, key)
        return found

    def sampling(self, name: str, table: Mapping[str, Any], document: Mapping[str, Any]) -> Sampled:
        keys = ("sampling", name)
        self.only(table, ("times", "animals", "serial", "between", "assay", "why"), *keys)
        arms = self.table(document, "arms")
        if name not in arms:
            self.refuse(f"no arm of the recipe is called {name!r}", *keys, remedy=nearest(name, arms))
        given, animals, serial = table.get("times"), table.get("animals"), table.get("serial", False)
        times = tuple(self.hours(one, *keys, "times") for one in given) if isinstance(given, list) else ()
        if len(times) < FEWEST or sorted(set(times)) != list(times) or times[0] < 0:
            self.refuse(
                f"times are {FEWEST} at least, and rise", *keys, "times", remedy='write ["0.5 h", "1 h", "4 h"]'
            )
        if type(animals) is not int or animals < 2:
            self.refuse("animals is a whole number, two at least", *keys, "animals")
        if type(serial) is not bool:
            self.refuse("serial is true (the same animals throughout) or false", *keys, "serial")
        varied = self.table(table, "between", *keys)
        if not varied:
            self.refuse("between says what varies between animals", *keys, remedy='{ "disposition.CL" = "25 %" }')
        return Sampled(
            times,
            int(animals or 0),
            bool(serial),
            Table({one: self.cv(varied, one, *keys, "between") for one in varied}),
            self.cv(table, "assay", *keys),
            self.text(table, "why", *keys),
            self.origin.place(*keys),
        )

    def noise(self, name: str, table: Mapping[str, Any]) -> NoiseSpec:
        self.only(table, ("model", "sd", "cv", "size", "dof", "why"), "noise", name)
        numbers: dict[str, float] = {}
        for key in ("sd", "cv", "size", "dof"):
            if key in table:
                if type(table[key]) not in (int, float) or not table[key] > 0:
                    self.refuse(f"{key} is a positive number", "noise", name, key, remedy="leave it out to estimate it")
                numbers[key] = float(table[key])
        dof = numbers.pop("dof", None)
        return NoiseSpec(
            self.text(table, "model", "noise", name), Table(numbers), dof, self.text(table, "why", "noise", name)
        )

    def start(self, name: str, table: Mapping[str, Any]) -> Start:
        self.only(table, ("value", "why"), "start", name)
        return Start(self.text(table, "value", "start", name), self.text(table, "why", "start", name))

    def share(self, name: str, table: Mapping[str, Any]) -> Share:
        self.only(table, ("from", "parameters", "why"), "share", name)
        given = table.get("parameters")
        if not isinstance(given, list) or not given or not all(isinstance(one, str) for one in given):
            self.refuse("parameters is a list of names", "share", name, remedy='write ["clearance.*", "uptake.PS"]')
        source, why = self.text(table, "from", "share", name), self.text(table, "why", "share", name)
        return Share(name, source, tuple(given or ()), why)

    def method(self, table: Mapping[str, Any]) -> Method:
        from exodelivery.fitting.protocol import ESTIMATORS

        self.only(table, ("estimator", "starts", "seed", "spread", "tolerance", "solver"), "method")
        if "estimator" in table and self.text(table, "estimator", "method") not in ESTIMATORS:
            self.refuse(
                f"no estimator is called {table['estimator']!r}",
                "method",
                "estimator",
                remedy=nearest(table["estimator"], ESTIMATORS),
            )
        for key in ("starts", "seed"):
            if key in table and (type(table[key]) is not int or table[key] < (1 if key == "starts" else 0)):
                self.refuse(f"{key} is a whole number", "method", key)
        for key in ("spread", "tolerance"):
            if key in table and (type(table[key]) not in (int, float) or not 0 < table[key] < 10):
                self.refuse(f"{key} is a small positive number", "method", key)
        if "solver" in table:
            self.text(table, "solver", "method")
        return Method(**table)
