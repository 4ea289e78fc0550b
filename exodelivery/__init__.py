"""Pharmacokinetics of exosome drug delivery."""
