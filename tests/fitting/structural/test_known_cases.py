"""The pitfalls of MODELS.md section 12, in words: which combinations data can tell, and what settles the rest."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from exodelivery.fitting.structural.combinations import tied
from exodelivery.fitting.structural.identify import judge
from exodelivery.fitting.structural.jets import Jets, NotRationalError, Program, Step
from exodelivery.fitting.structural.prime import PRIME, Rows, null_space, rational, residue
from exodelivery.fitting.structural.question import question

KNOWN = ["D", "B"]


def words(states: dict[str, str], seen: dict[str, str], start: dict[str, str] | None = None) -> dict[str, str]:
    """Return the verdict on each unknown in words; whatever starts is dosed with D or empty."""
    begins = start or dict(zip(states, ["D", *["0"] * (len(states) - 1)], strict=True))
    asked = question(states, seen, start=begins, known=KNOWN)
    return {name: str(verdict) for name, verdict in judge(asked, list(seen), seconds=1).verdicts.items()}


# -- section 12, by its numbers


def test_1_encapsulated_drug_alone_tells_the_sum_of_leaving_and_release() -> None:
    found = words({"c": "-(k_el + k_rel) * c"}, {"total": "c"})
    assert found == {"k_el": "only in k_el + k_rel", "k_rel": "only in k_el + k_rel"}


def test_1_free_drug_beside_it_settles_both() -> None:
    states = {"c": "-(k_el + k_rel) * c", "f": "k_rel * c - k_f * f"}
    asked = question(states, {"inside": "c", "free": "f"}, start={"c": "D", "f": "0"}, known=KNOWN)
    alone = judge(asked, ["inside"], ["free"])
    assert alone.measurements[0].name == "free" and set(alone.measurements[0].settles) == {"k_el", "k_rel", "k_f"}
    assert all(v.word == "identified" for v in judge(asked, ["inside", "free"]).verdicts.values())


def test_2_a_linear_uptake_tells_the_ratio_of_rate_and_capacity() -> None:
    found = words({"c": "-V_max / K_m * c"}, {"level": "c"})
    assert set(found.values()) <= {"only in K_m/V_max", "only in V_max/K_m"}
    saturable = words({"c": "-V_max * c / (K_m + c)"}, {"level": "c"})
    assert all(text.startswith("identified") for text in saturable.values())


def test_3_volume_and_fraction_are_confounded() -> None:
    found = words({"c": "-k * c"}, {"level": "c / V"}, {"c": "F * D"})
    assert found["k"].startswith("identified")
    assert found["V"] == found["F"] and found["V"] in ("only in F/V", "only in V/F")


def test_6_tumour_entry_is_one_group() -> None:
    found = words({"p": "-k * p", "t": "P * R_cap / R_K**2 * (p / V - t / eps)"}, {"plasma": "p / V", "tumour": "t"})
    assert found["V"].startswith("identified") and found["eps"].startswith("identified")
    assert found["P"] == found["R_cap"] == found["R_K"] and "R_K^2" in found["P"]


def test_7_binding_at_low_occupancy_tells_the_ratio_alone() -> None:
    """Fast binding of a trace: bound = B_T / K_d times free; only that ratio is told."""
    found = words({"a": "-k * a / (1 + B_T / K_d)"}, {"free": "a / (1 + B_T / K_d)"})
    assert found["k"].startswith("identified") and "B_T" in found["K_d"] and found["B_T"] == found["K_d"]


def test_8_three_ways_out_of_a_cell_add_up_and_an_inhibitor_settles_one() -> None:
    found = words({"c": "-(k_pump + k_leak + k_vesicle) * c"}, {"cell": "c"})
    assert set(found.values()) == {"only in k_leak + k_pump + k_vesicle"}
    # The inhibitor's arm: a constant state that is one without it and zero with it.
    from dataclasses import replace

    asked = question(
        {"c": "-(on * k_pump + k_leak) * c", "on": "0"}, {"cell": "c"}, start={"c": "D", "on": "1"}, known=KNOWN
    )
    (arm,) = asked.arms
    both = replace(asked, arms=(arm, replace(arm, start=(arm.start[0], sympy.Integer(0)))))
    assert {str(v) for v in judge(asked, ["cell"]).verdicts.values()} == {"only in k_leak + k_pump"}
    assert all(v.word == "identified" for v in judge(both, ["cell"]).verdicts.values())


def test_9_target_mediated_disposition_is_identified_in_full_form() -> None:
    states = {
        "c": "-k_el * c - k_on * c * r + k_off * b",
        "r": "k_syn - k_deg * r - k_on * c * r + k_off * b",
        "b": "k_on * c * r - (k_off + k_int) * b",
    }
    found = words(states, {"level": "c / V"}, {"c": "D", "r": "k_syn / k_deg", "b": "0"})
    assert all(text.startswith("identified") for text in found.values())


def test_10_shedding_tells_the_product() -> None:
    found = words({"q": "f * R - k * q"}, {"marker": "q"}, {"q": "0"})
    assert found["k"].startswith("identified") and found["f"] == found["R"] == "only in R·f"


def test_11_gompertz_growth_is_identified_in_principle() -> None:
    """Its correlation of 0.92 is a matter of data, not of structure; the logarithm has exact coefficients too."""
    found = words({"n": "a * n * log(K / n)"}, {"size": "n"}, {"n": "D"})
    assert all(text.startswith("identified") for text in found.values())


def test_13_one_repeated_dose_tells_the_product_of_antibody_and_affinity() -> None:
    found = words({"c": "-(k + a * I) * c", "d": "-k * d"}, {"first": "d", "second": "c"}, {"c": "D", "d": "D"})
    assert found["a"] == found["I"] == "only in I·a" and found["k"].startswith("identified")


# -- textbook compartments


def test_a_second_way_out_of_two_compartments_leaves_three_combinations() -> None:
    """Bellman and Åström 1970: k21 k12, and the two sums."""
    found = words({"x": "-(k10 + k12) * x + k21 * y", "y": "k12 * x - (k21 + k20) * y"}, {"c": "x"})
    assert found["k10"] == "only in k10 + k12" and found["k20"] == "only in k20 + k21"
    assert "k12·k21" in found["k12"]


def test_flip_flop_is_two_values_and_uniqueness_says_so() -> None:
    """Absorption and elimination change places where the volume is unknown."""
    states = {"gut": "-k_a * gut", "c": "k_a * gut - k * c"}
    asked = question(states, {"level": "c / V"}, start={"gut": "D", "c": "0"}, known=KNOWN)
    found = judge(asked, ["level"])
    assert [found[name].unique for name in ("k_a", "k", "V")] == [False, False, False]
    assert (
        judge(question(states, {"level": "c"}, start={"gut": "D", "c": "0"}, known=KNOWN), ["level"])["k"].unique
        is True
    )


def test_a_start_that_is_unknown_is_asked_about_too() -> None:
    asked = question({"c": "-k * c"}, {"level": "c / V"})
    found = judge(asked, ["level"])
    assert str(found["V"]) == "only in a combination with the start of c" and found["k"].word == "identified"


def test_what_nothing_depends_on_is_said_to_be_unseen() -> None:
    found = words({"c": "-k * c", "d": "j * c"}, {"level": "c"})
    assert found["j"].startswith("not at all")


def test_powers_and_exponentials_have_exact_coefficients() -> None:
    found = words({"c": "-k * c**h"}, {"level": "c"})
    assert all(text.startswith("identified") for text in found.values())
    timed = words({"c": "-k * exp(-a * c) * c"}, {"level": "c"})
    assert all(text.startswith("identified") for text in timed.values())


def test_a_branch_is_refused_by_name() -> None:
    with pytest.raises(NotRationalError, match="Min"):
        words({"c": "-k * min(c, m)"}, {"level": "c"})


def test_the_noun_shows_words_groups_and_measurements() -> None:
    asked = question({"c": "-(a + b) * c", "d": "a * c"}, {"x": "c", "y": "d"}, start={"c": "D", "d": "0"}, known=["D"])
    found = judge(asked, ["x"], ["y"])
    text = str(found)
    assert (
        "a: only in a + b" in text and "hold b and the rest is identified" in text and "y (output) settles a, b" in text
    )
    assert list(found.table()["verdict"]) == ["in combination"] * 2
    assert "<table" in found._repr_html_() and found.identified == ()


# -- the algebra


def test_taylor_coefficients_are_those_of_the_solution() -> None:
    """c' = -k c / (1 + c): against derivatives by sympy at whole numbers, modulo the prime."""
    c, k = sympy.symbols("c k")
    program = Program([k, c])
    rate = program.add(-k * c / (1 + c))
    nothing = np.zeros(1, dtype=np.int64)
    given_ = {k: ([3], [nothing + 1]), c: ([2], [nothing])}
    jets = Jets(program, given_, {c: rate}, 1, 6, np.random.default_rng(0))
    for _ in range(6):
        jets.advance()
    derivative: Any = c
    for order in range(6):
        value = sympy.Rational(derivative.subs({c: 2, k: 3})) / sympy.factorial(order)
        assert jets.values[program.leaves[c], order] == residue(Fraction(value.p, value.q))
        derivative = sympy.together(sympy.diff(derivative, c) * (-k * c / (1 + c)))


def test_exponentials_logarithms_and_powers_keep_their_laws_order_by_order() -> None:
    """exp(g) exp(-g), exp(log x) / x and x**h x**-h are constant, and x**h is x**3 at h = 3, slopes included."""
    x, k, h = sympy.symbols("x k h", positive=True)
    program = Program([k, h, x])
    rate = program.add(k * x / (2 + x))
    g, power = k * x**2, program._power(x, h)
    product = [
        program._step(Step("product", (program.add(sympy.exp(g)), program.add(sympy.exp(-g))))),
        program._step(Step("product", (program._step(Step("exp", (program.add(sympy.log(x)),))), program.add(1 / x)))),
        program._step(Step("product", (power, program._power(x, -h)))),
        program._step(Step("product", (power, program.add(x**-3)))),
    ]
    nothing = np.zeros(2, dtype=np.int64)
    leaves = {k: ([5], [np.array([1, 0])]), h: ([3], [np.array([0, 1])]), x: ([7], [nothing])}
    jets = Jets(program, leaves, {x: rate}, 2, 7, np.random.default_rng(0))
    for _ in range(7):
        jets.advance()
    for n, place in enumerate(product):
        assert jets.values[place, 0] and not jets.values[place, 1:].any(), n
        assert not jets.slopes[place, 1:, 0].any(), n
    assert not jets.slopes[product[2], :, 1].any()
    assert jets.slopes[product[3], 1:, 1].any()  # by its exponent a power changes, as (log x) x**h does


@given(st.lists(st.lists(st.integers(-5, 5), min_size=4, max_size=4), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_rank_and_null_space_modulo_the_prime_are_those_of_the_rationals(matrix: list[list[int]]) -> None:
    rows = Rows(4)
    for row in matrix:
        rows.add(row)
    assert rows.rank == sympy.Matrix(matrix).rank()
    null = null_space(matrix, 4)
    assert len(null) == 4 - rows.rank
    assert not (np.array(matrix, dtype=object) @ null.T.astype(object) % PRIME).any()


@given(st.fractions(max_denominator=1000), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_small_fractions_come_back_from_their_residues(fraction: Any, _: int) -> None:
    if abs(fraction.numerator) < 30000:
        assert rational(residue(fraction)) == fraction


def test_columns_tied_by_null_vectors_form_groups() -> None:
    assert tied(np.array([[1, 1, 0, 0], [0, 1, 1, 0]])) == [((0, 1, 2), 2)]
