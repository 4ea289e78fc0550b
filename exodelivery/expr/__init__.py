"""Floor 1: expressions as written, and their readings: text, LaTeX, units, sympy."""
