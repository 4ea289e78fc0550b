"""Floor 3: readers of what labs and papers really have, one layout a file; each shows its mapping before use."""
