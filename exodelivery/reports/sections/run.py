"""Floor 9: a simulated arm in a report: the dose, how the run ended, its observables and its books."""

from __future__ import annotations

from markupsafe import Markup

from exodelivery.draw.figure import Line, lines_figure
from exodelivery.draw.html import paragraphs, table
from exodelivery.reports.bibliography import citations_of
from exodelivery.reports.section import Section, figure_html
from exodelivery.solve.trajectory import Trajectory


def render(run: Trajectory) -> Section:
    """Return a run's section; a run that failed says where and why, and shows no curves."""
    title = f"Simulation of {run.model.name}, {run.model.carrier.name}"
    about = paragraphs(f"Dose: {run.regimen}.", *run.notes)
    if not run.outcome.ok:
        failed = f"The run failed at {run.outcome.time:.4g} h: {run.outcome.what}. {run.outcome.remedy}"
        return Section(title, about + paragraphs(failed), failed, citations_of(run))
    books = table(
        ("ledger", "largest imbalance, relative"),
        [(ledger, f"{size:.1e}") for ledger, size in run.residuals.items()],
    )
    closing = paragraphs(
        "Closed books show that nothing is lost or made on the way; they do not show that the numbers are right."
    )
    return Section(title, about + _figures(run) + _largest(run) + books + closing, citations=citations_of(run))


def _figures(run: Trajectory) -> Markup:
    units: dict[str, list[str]] = {}
    for name in (observable for observable in run.model.observables if observable in run.names):
        units.setdefault(run[name].unit, []).append(name)
    figures = []
    for unit, names in units.items():
        lines = [Line(name, run[name].times, run[name].values) for name in names]
        figure = lines_figure(lines, x_title="time [h]", y_title=f"[{unit}]")
        figures.append(figure_html(figure, f"{', '.join(names)} [{unit}] after the first dose, semi-logarithmic."))
    return Markup("\n").join(figures)


def _largest(run: Trajectory) -> Markup:
    rows = []
    for name, observable in run.model.observables.items():
        if name in run.names:
            (top, when), unit = run[name].maximum, run[name].unit
            rows.append((name, f"{top:.4g} {unit}", f"{when:.3g} h", observable.about))
    return table(("observable", "largest", "at", "what it is"), rows)
