"""Small results made by hand, with the attributes that a report reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Estimate:
    name: str
    value: str
    se_percent: float | None
    low: object
    high: object
    status: str
    at_bound: bool = False


@dataclass(frozen=True)
class Predicted:
    study: str
    arm: str
    what: str
    text: str
    observed: float
    low: float | None
    high: float | None
    predicted: float
    unit: str
    residual: float | None
    used: bool = True


@dataclass(frozen=True)
class SmallFit:
    name: str = "joint"
    about: str = "Made by hand."
    verdict: str = "Two of three parameters are identified; the data miss the tumour of free drug."
    parameters: tuple[Estimate, ...] = (
        Estimate("release.k_plasma", "0.02 1/h", 12.3, "0.015 1/h", "0.026 1/h", "identified"),
        Estimate("uptake.PS", "0.3 mL/h/g", None, None, None, "one-sided", at_bound=True),
    )
    predictions: tuple[Predicted, ...] = (
        Predicted(
            "laginha_2005",
            "doxil_9",
            "auc(tumour)",
            "1200 ± 90 ug*h/g",
            1200,
            1020,
            1380,
            1150,
            "ug*h/g",
            0.55,
        ),
        Predicted("laginha_2005", "free_9", "cmax(tumour)", "9 ± 1 ug/g", 9.0, 7.0, 11.0, 2.5, "ug/g", 6.4),
        Predicted(
            "kim_2019", "ev", "half_life(label)", "<10 min", 10.0, None, None, 4.0, "min", None, used=False
        ),
        Predicted("kim_2019", "</script>", "mrt", "0 h", 0.0, None, None, 0.0, "h", -2.5),
    )
    studies: tuple[str, ...] = ("laginha_2005", "kim_2019")
    method: str = "least squares"
    seed: int = 7


@dataclass(frozen=True)
class Compared:
    carrier: str
    metric: str
    matching: str
    horizon: str
    ratio: float
    low: float
    high: float
    p_better: float | None
    shares: Mapping[str, float]
    headline: str = ""


@dataclass(frozen=True)
class SmallComparison:
    baseline: str = "liposome_pegylated"
    headline: str = "The evidence does not decide: assumptions carry 64 % of the doubt."
    rows: tuple[Compared, ...] = field(
        default=(
            Compared(
                "exosome_targeted", "released drug in tumour", "drug", "72 h", 0.41, 0.12, 1.5, 0.09,
                {"assumed": 0.64, "literature": 0.2, "measured": 0.16}, "probably worse",
            ),
            Compared("none", "released drug in tumour", "drug", "72 h", 0.2, 0.1, 0.4, 0.0, {"literature": 1.0}),
        )
    )  # fmt: skip
