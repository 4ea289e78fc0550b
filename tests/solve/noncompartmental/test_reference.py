"""Phoenix WinNonlin's exports and the R package PK: every number, with its tolerance.

Sources: data/nca/README.json (NonCompart 0.8.0, tests/, "Final Parameters Pivoted"); sparse figures from PKNCA's
tests/testthat/test-sparse.R, computed there with PK::auc for designs "batch" and "ssd" on data of Holder et al. 1999.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exodelivery.solve.noncompartmental.analysis import nca

FOLDER = Path(os.environ.get("EXODELIVERY_DATA", "")) / "nca"
CASES = {
    "Theoph_Linear": {"route": "extravascular", "dose": 320.0, "rule": "linear"},
    "Theoph_Log": {"route": "extravascular", "dose": 320.0, "rule": "linear-up/log-down"},
    "Indometh_Linear": {"route": "iv bolus", "dose": 25.0, "rule": "linear"},
}


@pytest.mark.skipif("EXODELIVERY_DATA" not in os.environ, reason="EXODELIVERY_DATA names no folder of raw data sets")
@pytest.mark.parametrize("case", CASES)
def test_every_number_of_winnonlin_is_met_to_one_in_ten_million(case: str) -> None:
    """Asked for is 0.1 %; the exports print nine digits or more."""
    frame = pd.read_csv(FOLDER / f"{case.partition('_')[0]}.csv")
    printed = pd.read_csv(FOLDER / f"winnonlin_{case}.csv").set_index("Subject").sort_index()
    found = nca(frame, **CASES[case]).table("winnonlin")  # type: ignore[arg-type]
    found = found.astype({"subject": int}).set_index("subject").sort_index()
    assert set(printed.columns) <= set(found.columns)
    np.testing.assert_allclose(found[list(printed.columns)].to_numpy(float), printed.to_numpy(float), rtol=1e-7)


HOLDER = pd.DataFrame(
    {
        "animal": [1, 2, 3, 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6, 7, 8, 9, 7, 8, 9],
        "conc": [
            0, 0, 0, 1.75, 2.2, 1.58, 4.63, 2.99, 1.52, 3.03, 1.98, 2.22, 3.34, 1.3, 1.22, 3.54, 2.84, 2.55, 0.3,
            0.0421, 0.231,
        ],
        "time": [0, 0, 0, 1, 1, 1, 6, 6, 6, 2, 2, 2, 10, 10, 10, 4, 4, 4, 24, 24, 24],
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("animals", "se", "freedom"),
    [(True, 7.30997787038754, 2.74598236184576), (False, 6.86584835083522, 2.82631153092225)],
)
def test_a_sparse_area_has_the_standard_error_and_freedom_of_the_package_pk(
    animals: bool, se: float, freedom: float
) -> None:
    frame = HOLDER if animals else HOLDER.drop(columns="animal")
    found = nca(frame, route="extravascular", rule="linear", sparse=True)
    assert found["AUC_last"].iloc[0] == pytest.approx(39.4689, rel=1e-12)
    assert found["AUC_last_se"].iloc[0] == pytest.approx(se, rel=1e-12)
    assert found["AUC_last_df"].iloc[0] == pytest.approx(freedom, rel=1e-12)
