

def test_clearance_counts_a_dose_into_a_pool(assemble: Assemble) -> None:
    found = simulate(assemble(), bolus("5 nmol", route="plasma.free"), until=100)
    assert evaluate(found, "level", "cl").value == pytest.approx(0.4, rel=1e-6)  # 0.2 1/h of 2 mL
