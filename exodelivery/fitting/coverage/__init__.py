"""Floor 7: whether 95 % intervals hold the truth 95 times in a hundred: studies of known truth, fitted again.

``exo coverage`` runs it; see :mod:`exodelivery.fitting.coverage.trial`.
"""
