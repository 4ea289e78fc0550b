"""Floor 7: the family of curves: what predicts, from numbers to predictions and their exact slopes."""
