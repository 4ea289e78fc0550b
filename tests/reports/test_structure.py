"""A page tells which blocks have a form that nobody published."""

from __future__ import annotations

from exodelivery.declare.shelf import find
from exodelivery.reports.sections.model import render


def test_a_form_of_our_own_is_marked_on_the_page() -> None:
    model = find("label_mouse", "model").swap(carrier="exosome_pegylated")
    html = str(render(model).html)
    # Loading, clearance and immunity are ours; the Weibull law of release is not.
    assert html.count("no published equations were found; this form is ours") == 3
