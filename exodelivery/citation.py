"""Floor 0: citations, and the list of what a result really used.

Why: every block, method and study knows its reference, so that ``exo.cite`` can print the bibliography of one
fit and not of the whole toolkit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Citation:
    """Hold one reference: its text and the identifiers under which it is found.

    Parameters
    ----------
    text : str
        Authors, title, journal, volume, page, year, as it should be printed.
    doi, pmid, pmc : str, optional
        Identifiers, bare: a DOI without its address, numbers for PubMed and PMC.
    key : str, optional
        Short name for reference inside the toolkit, or a home page for software.

    Examples
    --------
    >>> METHODS["gr_metrics"].url
    'https://doi.org/10.1038/nmeth.3853'
    """

    text: str
    doi: str = ""
    pmid: str = ""
    pmc: str = ""
    key: str = ""

    @property
    def url(self) -> str:
        """Where the reference is found: by DOI, else PMC, else PubMed, else a home page; empty if nowhere."""
        if self.doi:
            return f"https://doi.org/{quote(self.doi, safe='/')}"
        if self.pmc:
            number = self.pmc.upper().removeprefix("PMC")
            return f"https://pmc.ncbi.nlm.nih.gov/articles/PMC{quote(number, safe='')}/"
        if self.pmid:
            return f"https://pubmed.ncbi.nlm.nih.gov/{quote(self.pmid, safe='')}/"
        return self.key if self.key.startswith("https://") else ""

    def as_text(self) -> str:
        """Return the reference on one line, its address at the end.

        Examples
        --------
        >>> Citation("A. Author, J. Test 1:2, 2020.", doi="10.1/x").as_text()
        'A. Author, J. Test 1:2, 2020. https://doi.org/10.1/x'
        """
        return f"{' '.join(self.text.split())} {self.url}".strip()

    def as_html(self) -> str:
        """Return the reference as HTML, escaped, its address a link.

        Examples
        --------
        >>> Citation("Drug & Co.").as_html()
        'Drug &amp; Co.'
        """
        text = escape(" ".join(self.text.split()))
        if not self.url:
            return text
        return f'{text} <a href="{escape(self.url)}">{escape(self.doi or self.url)}</a>'


def bibliography(citations: Iterable[Citation]) -> tuple[Citation, ...]:
    """Return the citations sorted by text, each work once.

    Two citations are one work when they share a DOI (whatever its case) or, without one, their text.

    Examples
    --------
    >>> [one.text for one in bibliography([Citation("B"), Citation("A"), Citation("A")])]
    ['A', 'B']
    """
    works: dict[str, Citation] = {}
    for citation in sorted(citations, key=lambda one: (one.text.casefold(), one.as_text())):
        works.setdefault(citation.doi.lower() or citation.text.casefold(), citation)
    return tuple(works.values())


def _software(name: str, what: str, page: str) -> Citation:
    return Citation(f"{name}: {what}.", key=page)


METHODS = {
    "rodas5p": Citation("Steinebach, Rodas5P, BIT Numer. Math. 63:27, 2023.", key="rodas5p"),
    "gr_metrics": Citation(
        "Hafner et al., GR metrics, Nat. Methods, 2016.", doi="10.1038/nmeth.3853", key="gr_metrics"
    ),
    "numpy": _software("NumPy", "arrays for Python", "https://numpy.org"),
    "scipy": _software("SciPy", "scientific computing for Python", "https://scipy.org"),
    "sympy": _software("SymPy", "computer algebra for Python", "https://www.sympy.org"),
    "lmfit": _software("lmfit", "non-linear least squares for Python", "https://lmfit.github.io/lmfit-py/"),
    "pandas": _software("pandas", "data tables for Python", "https://pandas.pydata.org"),
    "plotly": _software("Plotly", "interactive figures", "https://plotly.com/python/"),
    "numba": _software("Numba", "compilation of Python", "https://numba.pydata.org"),
    "pint": _software("Pint", "physical units for Python", "https://pint.readthedocs.io"),
    "salib": _software("SALib", "sensitivity analysis for Python", "https://salib.readthedocs.io"),
}
