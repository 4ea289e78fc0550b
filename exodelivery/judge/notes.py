"""Floor 8: what a reader must know beside the numbers: the doses, the spreads that were taken, the runs that failed."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from exodelivery.compile.cautions import broken_cautions
from exodelivery.declare.show import assumed_structures
from exodelivery.judge.matching import matched
from exodelivery.judge.metrics import CELLS, Reading
from exodelivery.judge.protocol import JointResult
from exodelivery.judge.setting import Setting, applying
from exodelivery.solve.dosing import deliver


def failure_notes(
    setting: Setting, found: Mapping[tuple[str, str], tuple[Reading, tuple[tuple[int, str], ...]]]
) -> Iterator[str]:
    for (carrier, matching), (_, failures) in found.items():
        drawn = [what for at, what in failures if 1 <= at <= setting.draws]
        if drawn:
            counted = f"{len(drawn)} of {setting.draws} draws of {carrier} ({matching})"
            yield f"{counted} failed and are in no number; most often or first: {Counter(drawn).most_common(1)[0][0]}"
        if any(at > setting.draws for at, _ in failures):
            yield f"runs for the gradient of {carrier} ({matching}) failed, so its doubt is not traced"


def size_note(
    setting: Setting, found: Mapping[tuple[str, str], tuple[Reading, tuple[tuple[int, str], ...]]]
) -> Iterator[str]:
    """Yield how large the tumours are at the horizon, and that exposure was judged without that."""
    sizes = [
        f"{carrier} ({matching}) {reading.end[CELLS][0]:.2g}"
        for (carrier, matching), (reading, _) in found.items()
        if CELLS in reading.end
    ]
    if sizes:
        yield f"tumour cells at the horizon: {', '.join(sizes)}"
        yield "exposure is judged in tumours that the drug leaves alone, log-kill with its effect"


def notes_of(
    setting: Setting, using: JointResult | None, cases: Sequence[tuple[str, str]], default_cv: float
) -> Iterator[str]:
    joint = setting.joint
    if using is None:
        yield "no fit: each parameter is at the centre of its range, and drawn from it on its own"
    else:
        free = len(joint.identities) - len(using.parameters)
        yield f"drawn from the joint result of {using.name}; {free} parameters that it leaves out from their own ranges"
    if joint.widened:
        names = ", ".join(sorted(joint.widened))
        yield f"printed without a spread, so a cv of {100 * default_cv:g} % is taken: {names}"
    if joint.fixed:
        yield f"derived, and held: {', '.join(sorted(joint.fixed))}"
    for carrier, matching in [(setting.baseline, setting.native), *cases]:
        yield from _dose_notes(setting, carrier, matching)
    yield from _structure_notes(setting)
    for carrier in setting.carriers:
        for metric, why in applying(setting, carrier):
            if metric.kind == "quotient" and not why:
                yield f"{metric.name} of {carrier} is {metric.about}: {metric.observable} over {metric.against}"


def _structure_notes(setting: Setting) -> Iterator[str]:
    """Yield the blocks whose equations nobody has published, and what blocks say of values that go too far."""
    ours = dict.fromkeys(name for model in setting.models.values() for name in assumed_structures(model))
    if ours:
        yield f"no published equations were found for {', '.join(ours)}: the structure is assumed, beside its values"
    for carrier, model in setting.models.items():
        system, at = setting.system(carrier), setting.at_estimate(carrier)
        values = {one.name: float(value) for one, value in zip(system.parameters, at, strict=True)}
        yield from (f"caution, {carrier}: {broken.text}" for broken in broken_cautions(model, values))


def _dose_notes(setting: Setting, carrier: str, matching: str) -> Iterator[str]:
    values = setting.at_estimate(carrier)
    system = setting.system(carrier)
    regimen = matched(
        matching, setting.regimen, setting.system(setting.baseline), setting.at_estimate(setting.baseline)
    )
    most = {p.name: v for p, v in zip(system.parameters, values, strict=True)}.get("carrier.most_particles")
    for dose in dict.fromkeys(dataclasses.replace(one, at=0.0) for one in regimen.doses):
        given = deliver(system, values, dose)
        beyond = most is not None and given.particles > most
        yield f"{carrier}, same {matching}, each dose: {given}" + (
            f"; a purification is taken to yield {most * 1e9:.2g} particles at most" if beyond and most else ""
        )
