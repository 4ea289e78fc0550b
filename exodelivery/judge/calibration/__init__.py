"""Floor 8: whether P(better) means what it says: worlds drawn from the priors, studied, fitted again and judged.

``exo calibrate`` runs it; see :mod:`exodelivery.judge.calibration.trial`.
"""
