"""The grammar of pools: what is written is read back, and nothing else is a pool."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exodelivery.declare.pool import Pool, read_pool
from exodelivery.declare.tables import FORMS, RESERVED, SITES
from exodelivery.errors import DeclarationError
from exodelivery.expr.functions import FUNCTIONS
from exodelivery.expr.read import read
from exodelivery.expr.tree import Name

PLAIN = st.from_regex(r"[a-z][a-z0-9]{0,8}(_[a-z0-9]{1,4})?", fullmatch=True).filter(
    lambda name: name not in RESERVED and name not in FUNCTIONS
)


@given(st.sampled_from(sorted(SITES)), st.one_of(st.just(""), PLAIN), st.sampled_from(sorted(FORMS)))
def test_a_pool_is_read_back_as_it_is_written(site: str, substance: str, form: str) -> None:
    pool = Pool(site, form, substance)
    assert read_pool(str(pool)) == pool


@given(st.sampled_from(["disposition.deep", "efflux.pump.deep"]), st.one_of(st.just(""), PLAIN))
def test_a_private_site_is_one_site_however_many_dots_it_has(site: str, substance: str) -> None:
    pool = Pool(site, "free", substance)
    assert read_pool(str(pool), private=[site]) == pool
    assert read_pool("deep.free", private=["deep"]) == Pool("deep", "free")


@pytest.mark.parametrize(
    "path", ["plasma", "free", ".free", "plasma..free", "plasma.a.b.free", "plasma.fre", "", "plasma.free.free"]
)
def test_what_is_no_pool_is_refused(path: str) -> None:
    with pytest.raises(DeclarationError):
        read_pool(path)


@pytest.mark.parametrize("word", ["drug", "uptake", "conc", "in", "here", "label"])
def test_no_substance_bears_a_word_of_the_vocabulary(word: str) -> None:
    with pytest.raises(DeclarationError, match="no substance"):
        read_pool(f"plasma.{word}.free")


def test_a_pool_is_named_as_an_expression_reads_it() -> None:
    micro = "plasma.\N{MICRO SIGN}x.free"
    tree = read(micro)
    assert isinstance(tree, Name)
    assert read_pool(micro) == read_pool(tree.path)
