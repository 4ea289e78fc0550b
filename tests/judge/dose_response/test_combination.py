"""Two drugs: surfaces made by each reference's own rule have no excess over it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exodelivery.judge.dose_response.combination import Combination, combine
from exodelivery.judge.dose_response.shapes.protocol import DoseResponseError

A = np.array([0, 0.03, 0.1, 0.3, 1.0, 3.0])
B = np.array([0, 0.1, 0.3, 1.0, 3.0, 10.0])


def curve(dose: np.ndarray, ec50: float, slope: float = 1.3, einf: float = 0.0) -> np.ndarray:
    return einf + (1 - einf) / (1 + (dose / ec50) ** slope)


def table(surface: np.ndarray, wells: int = 3, noise: float = 0.0, seed: int = 1) -> pd.DataFrame:
    a, b = np.meshgrid(A, B, indexing="ij")
    random = np.random.default_rng(seed)
    frames = [pd.DataFrame({"a": a.ravel(), "b": b.ravel(), "response": 500 * surface.ravel()}) for _ in range(wells)]
    found = pd.concat(frames, ignore_index=True)
    return found.assign(response=found["response"] + 500 * noise * random.standard_normal(len(found)))


def judged(surface: np.ndarray, **options: object) -> Combination:
    return combine(table(surface, **options), doses=("a", "b"), draws=30)  # type: ignore[arg-type]


PRODUCT = curve(A, 0.3)[:, None] * curve(B, 1.0)[None, :]


def test_independent_drugs_have_no_excess_over_bliss_and_zip() -> None:
    found = judged(PRODUCT)
    for name in ("bliss", "zip"):
        np.testing.assert_allclose(found.excess[name][1:, 1:], 0.0, atol=1e-6)
    assert found.scores["hsa"].value > 0.05


def test_a_drug_with_itself_has_no_excess_over_loewe() -> None:
    """The sham combination: half of each dose of one drug is the whole dose."""
    found = judged(curve(A[:, None] / 0.3 + B[None, :] / 1.0, 1.0))
    np.testing.assert_allclose(found.excess["loewe"][1:, 1:], 0.0, atol=1e-6)
    np.testing.assert_allclose(found.index[1:, 1:], 1.0, rtol=1e-5)


def test_a_partial_drug_adds_nothing_beyond_its_reach() -> None:
    """Loewe beyond the end of one drug's curve is what the other does alone."""
    found = judged(curve(A, 0.3, einf=0.6)[:, None] * np.ones(len(B))[None, :] * curve(B, 1.0)[None, :])
    strong = found.expected["loewe"][:, -1]
    assert np.all(strong <= curve(B, 1.0)[-1] + 1e-6)


def test_synergy_and_antagonism_are_told_from_scatter() -> None:
    more = judged(np.where((A[:, None] > 0) & (B[None, :] > 0), PRODUCT * 0.8, PRODUCT), noise=0.03)
    less = judged(np.where((A[:, None] > 0) & (B[None, :] > 0), PRODUCT + 0.12, PRODUCT), noise=0.03)
    none = judged(PRODUCT, noise=0.03)
    assert more.words("bliss") == "more than expected"
    assert less.words("bliss") == "less than expected"
    assert none.words("bliss").startswith("as expected")
    assert none.noise == pytest.approx(0.03, rel=0.25)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    held = [
        combine(table(PRODUCT, noise=0.05, seed=seed), doses=("a", "b"), references=("bliss",), draws=200).scores[
            "bliss"
        ]
        for seed in range(40)
    ]
    assert sum(score.low <= 0 <= score.high for score in held) >= 34


def test_drugs_can_change_places() -> None:
    one = table(np.clip(PRODUCT * 0.9 + 0.02, 0, 1))
    here = combine(one, doses=("a", "b"), draws=2)
    there = combine(one, doses=("b", "a"), draws=2)
    for name in here.expected:
        np.testing.assert_allclose(here.excess[name], there.excess[name].T, atol=1e-9)


def test_a_table_and_a_figure_tell_everything() -> None:
    found = judged(PRODUCT, noise=0.02)
    assert len(found.table()) == len(A) * len(B)
    assert {"bliss_excess", "zip_low", "index"} <= set(found.table().columns)
    assert found.figure("loewe").data[0].z.shape == (5, 5)
    assert "mean excess kill" in str(found)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[t["a"] > 0], "three doses and none"),
        (lambda t: t[~((t["a"] == 0.1) & (t["b"] == 0.3))], "pairs have no well, such as 0.1 with 0.3"),
        (lambda t: t.rename(columns={"a": "c"}), "no column 'a'"),
        (lambda t: t.assign(response=-t["response"]), "not above zero"),
    ],
)
def test_bad_input_is_one_clear_error(change: object, message: str) -> None:
    with pytest.raises(DoseResponseError, match=message):
        combine(change(table(PRODUCT)), doses=("a", "b"))  # type: ignore[operator]


def test_an_unknown_reference_is_an_error() -> None:
    with pytest.raises(DoseResponseError, match="no reference"):
        judged(PRODUCT).words("chou")
