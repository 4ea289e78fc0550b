"""Floor 9: the one table of what a report can show; the first row that fits a result renders it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from exodelivery.declare.model import Model
from exodelivery.errors import ExodeliveryError
from exodelivery.evidence.readers.reading import Reading
from exodelivery.evidence.studies import Studies
from exodelivery.evidence.study import Study
from exodelivery.fitting.index import Difference
from exodelivery.fitting.regression import Regression
from exodelivery.fitting.result import Fit
from exodelivery.fitting.structural.result import Identifiability
from exodelivery.judge.attribution import Attribution
from exodelivery.judge.comparison import Comparison
from exodelivery.judge.dose_response.combination import Combination
from exodelivery.judge.dose_response.results import Curves
from exodelivery.judge.inverse.result import Designs
from exodelivery.judge.planning.result import Plan
from exodelivery.judge.population.result import Virtual
from exodelivery.judge.qualification.result import Qualification
from exodelivery.judge.sensitivity import Sensitivity
from exodelivery.reports.section import Section
from exodelivery.reports.sections import (
    attribution,
    combination,
    comparison,
    design,
    dose_response,
    evidence,
    fit,
    model,
    plan,
    qualification,
    run,
    sensitivity,
    shown,
    virtual,
    what_if,
)
from exodelivery.reports.what_if import WhatIf
from exodelivery.solve.ensemble import Ensemble
from exodelivery.solve.noncompartmental.result import Nca
from exodelivery.solve.trajectory import Trajectory

SECTIONS: tuple[tuple[Any, Callable[[Any], Section]], ...] = (
    (Section, lambda section: section),
    (Model, model.render),
    (Trajectory, run.render),
    (Studies, evidence.render),
    (Study, evidence.render_one),
    (Fit, fit.render),
    (Comparison, comparison.render),
    (Attribution, attribution.render),
    (Plan, plan.render),
    (Qualification, qualification.render),
    (Sensitivity, sensitivity.render),
    (Virtual, virtual.render),
    (Designs, design.render),
    (WhatIf, what_if.render),
    (Curves, dose_response.render),
    (Combination, combination.render),
    (Nca, shown.render),
    (Identifiability, shown.render),
    (Reading, shown.render),
    (Regression, shown.render),
    (Difference, shown.render),
    (Ensemble, shown.render),
)
"""Types of results, each with its renderer."""


def section_of(part: object) -> Section:
    """Return the section of a result.

    Raises
    ------
    ExodeliveryError
        If no row of the table fits it.
    """
    for kind, render in SECTIONS:
        if isinstance(part, kind):
            return render(part)
    known = ", ".join(dict.fromkeys(kind.__name__ for kind, _ in SECTIONS))
    raise ExodeliveryError(f"a report cannot show {type(part).__name__}", remedy=f"it shows: {known}")
