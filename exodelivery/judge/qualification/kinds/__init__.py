"""Floor 8: the kinds of target, one a file; ``table.py`` lists them."""
