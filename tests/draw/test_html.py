"""The small pieces of HTML: what is text is escaped, what is a formula is set, what is unknown is said."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from exodelivery.draw.html import badge, card, escape, mathml, paragraphs, table
from exodelivery.draw.style import ORIGINS
from exodelivery.errors import ExpressionError

HOSTILE = "<script>alert('x')</script>&\"'"


def test_text_is_escaped_wherever_it_stands() -> None:
    for shown in (
        escape(HOSTILE),
        table((HOSTILE,), [(HOSTILE,)]),
        card(HOSTILE, HOSTILE, ""),
        badge(HOSTILE, "assumed"),
        paragraphs(HOSTILE),
    ):
        assert "<script" not in shown
        assert "&lt;script&gt;" in shown


def test_what_is_html_already_goes_through_once() -> None:
    assert "<td><b>x</b></td>" in table(("a",), [(Markup("<b>x</b>"),)])
    assert "<em>" in card("t", "", "<em>body</em>")


def test_every_origin_can_be_told_without_its_colour() -> None:
    signs = {look.sign for look in ORIGINS.values()}
    assert len(signs) == len(ORIGINS)
    assert all(word in badge(word) and look.sign in badge(word) for word, look in ORIGINS.items())


def test_upright_words_are_one_token() -> None:
    shown = mathml(r"\frac{v_{\mathrm{max}} \cdot C^{\mathrm{free}}_{\mathrm{plasma}}}{2}")
    assert "<mi>plasma</mi>" in shown
    assert "<mfrac>" in shown


def test_broken_latex_is_refused_with_its_text() -> None:
    with pytest.raises(ExpressionError, match="x_a_b"):
        mathml("x_a_b")
