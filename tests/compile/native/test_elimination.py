"""The order of elimination: right, and sparse where a poor order would fill everything."""

from __future__ import annotations

import numpy as np

from exodelivery.compile.native.elimination import elimination


def test_the_planned_elimination_factors_the_matrix() -> None:
    random = np.random.default_rng(4)
    pattern = [(i, j) for i in range(8) for j in range(8) if random.random() < 0.3]
    plan = elimination(8, pattern)
    matrix = np.zeros((8, 8))
    for i, j in plan.given:
        matrix[i, j] = random.normal() + (5 if i == j else 0)
    lu = matrix.copy()
    for pivot in plan.order:
        for row in plan.below(pivot):
            lu[row, pivot] /= lu[pivot, pivot]
            for column in plan.right(pivot):
                assert (row, column) in plan.entries
                lu[row, column] -= lu[row, pivot] * lu[pivot, column]
    order = list(plan.order)
    permuted = lu[np.ix_(order, order)]
    product = (np.tril(permuted, -1) + np.eye(8)) @ np.triu(permuted)
    np.testing.assert_allclose(product, matrix[np.ix_(order, order)], atol=1e-12)


def test_a_chain_of_compartments_does_not_fill() -> None:
    chain = [(i, i - 1) for i in range(1, 30)]
    assert len(elimination(30, chain).entries) == 30 + 29
