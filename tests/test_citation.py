"""Citations: found by their identifiers, escaped in HTML, each work listed once."""

from __future__ import annotations

import pytest

from exodelivery.citation import METHODS, Citation, bibliography


@pytest.mark.parametrize(
    ("citation", "url"),
    [
        (Citation("x", doi="10.1/a b", pmid="1"), "https://doi.org/10.1/a%20b"),
        (Citation("x", pmc="PMC12", pmid="1"), "https://pmc.ncbi.nlm.nih.gov/articles/PMC12/"),
        (Citation("x", pmc="12"), "https://pmc.ncbi.nlm.nih.gov/articles/PMC12/"),
        (Citation("x", pmid="7"), "https://pubmed.ncbi.nlm.nih.gov/7/"),
        (Citation("x", key="https://scipy.org"), "https://scipy.org"),
        (Citation("x", key="javascript:alert(1)"), ""),
    ],
)
def test_the_address_follows_the_best_identifier(citation: Citation, url: str) -> None:
    assert citation.url == url


def test_html_is_escaped_in_text_and_link() -> None:
    page = Citation("<script>alert('1')</script> & co", doi='10.1/"><script>').as_html()
    assert "<script>" not in page
    assert page.count("<a href=") == 1
    assert "&amp; co" in page


def test_a_bibliography_is_sorted_and_lists_each_work_once() -> None:
    first, again, other = (
        Citation("Beta", doi="10.1/B"),
        Citation("Beta et al.", doi="10.1/b"),
        Citation("alpha"),
    )
    assert bibliography([again, other, first, other]) == (other, first)
    assert bibliography([]) == ()


def test_every_method_can_be_printed_and_software_is_found() -> None:
    for name, citation in METHODS.items():
        assert citation.as_text().startswith(citation.text)
        assert citation.url or citation.key == name
