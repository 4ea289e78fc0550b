"""Floor 8: inverse design: which settings of what can be engineered are worth having, with the doubt."""
