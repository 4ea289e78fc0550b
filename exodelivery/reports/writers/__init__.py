"""Floor 9: the forms a report can take, one a file."""
