"""Floor 9: the sections of a report, one kind of result a file; see ``table.py``."""
