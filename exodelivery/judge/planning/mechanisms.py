"""Floor 8: two mechanisms set against each other: the same arms of two models, each in turn the truth.

Truths are drawn from what is believed of one model. The rival has the same values where the two share a parameter, its
own at their centres, and is refitted under what is believed, along exact sensitivities there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from exodelivery.declare.block import Block
from exodelivery.declare.model import Model
from exodelivery.declare.tables import SLOTS
from exodelivery.errors import SimulationError, nearest
from exodelivery.judge.joint import Joint
from exodelivery.judge.planning.arms import Arms
from exodelivery.judge.planning.bench import Bench, Errors
from exodelivery.judge.planning.criterion import Rivalry
from exodelivery.solve.timeline import Array


def swapped(model: Model, rival: Mapping[str, str | Block]) -> Model:
    """Return a model with the rival's blocks, where the model has the slots that they fill.

    Raises
    ------
    SimulationError
        If nothing is swapped, or a word is no slot.
    DeclarationError
        If a block does not fit its slot.
    """
    for slot in rival:
        if slot not in SLOTS:
            raise SimulationError(f"there is no slot {slot!r} to swap", remedy=nearest(slot, SLOTS))
    there = {
        slot: block for slot, block in rival.items() if SLOTS[slot].holder != "carrier" or slot in model.carrier.use
    }
    return model.swap(**there) if there else model


def words(rival: Mapping[str, str | Block]) -> str:
    """Return the question in words."""
    return "the mechanisms, " + ", ".join(
        f"{slot} as it is or {block if isinstance(block, str) else block.name}" for slot, block in rival.items()
    )


def paired(one: Arms, other: Arms) -> tuple[Arms, Arms]:
    """Return both with the arms and assays that they have in common.

    Raises
    ------
    SimulationError
        If they have none, or the models are the same.
    """
    if all(one.machines[name].system.equations == other.machines[name].system.equations for name in one.machines):
        raise SimulationError("the rival is the same mechanism", remedy='write rival={"uptake": "leaky_vessels"}')
    theirs = {arm.name: arm for arm in other.arms}
    common = [
        replace(arm, assays=tuple(name for name in arm.assays if name in theirs[arm.name].assays))
        for arm in one.arms
        if arm.name in theirs
    ]
    found = tuple(arm for arm in common if arm.assays)
    if not found:
        raise SimulationError("the mechanisms have no arm with an assay in common", remedy="name other assays")
    return replace(one, arms=found), replace(other, arms=found)


def rivalry(
    benches: tuple[Bench, Bench], errors: Callable[[Array], Errors], draws: int, seed: int, progress: bool = False
) -> tuple[Rivalry, Array, Errors, int]:
    """Return how two mechanisms differ over draws of either.

    Parameters
    ----------
    benches : (Bench, Bench)
        The two models, with the same spots.
    errors : callable
        Of levels at the estimate.
    draws : int
        Half of them from either.
    seed : int
    progress : bool

    Returns
    -------
    criterion : Rivalry
    shared : array, (scenes, spots)
    errors : Errors
    failed : int

    Raises
    ------
    SimulationError
        If a run at an estimate fails.
    """
    from tqdm import tqdm

    centres = [bench.read(bench.joint.estimate) for bench in benches]
    if not all(centre.fine for centre in centres):
        raise SimulationError(
            "a run at the estimate failed", remedy="simulate both mechanisms with each carrier one by one"
        )
    said = errors(np.maximum(centres[0].levels, centres[1].levels))
    width = 1 + max(len(bench.joint.estimate) for bench in benches)
    rows, shared, failed = [], [], 0
    each = max(1, draws // 2)
    turns = [(n, side) for n in range(each) for side in (0, 1)]
    for n, side in tqdm(turns, unit="draw", disable=not progress):
        true, other = benches[side], benches[1 - side]
        point = true.joint.estimate if n == 0 else true.joint.draws(each, seed)[n]
        levels = true.level(point).levels
        refitted = other.read(_shared(true.joint, other.joint, point))
        if not (np.all(np.isfinite(levels)) and refitted.fine):
            failed += 1
            continue
        root = np.linalg.cholesky(other.joint.covariance)
        found = np.zeros((len(levels), width))
        by = (refitted.slopes / said.sd(refitted.levels)[:, None]) @ root
        found[:, : by.shape[1]] = by
        found[:, -1] = _logs(said, levels) - _logs(said, refitted.levels)
        rows.append(found)
        shared.append(said.shared(levels))
    return Rivalry(np.array(rows)), np.array(shared), said, failed


def _logs(errors: Errors, levels: Array) -> Array:
    """Return readings in standard deviations: their generalised logarithm."""
    found: Array = np.arcsinh(errors.relative * levels / errors.floor) / errors.relative
    return found


def _shared(true: Joint, other: Joint, point: Array) -> Array:
    """Return the rival's point: the truth's values where they share a parameter, else its own centre."""
    known = dict(zip(true.identities, point, strict=True))
    return np.array([known.get(name, own) for name, own in zip(other.identities, other.estimate, strict=True)])
