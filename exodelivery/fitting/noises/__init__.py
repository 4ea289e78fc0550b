"""Floor 7: the family of noises: how far a number may lie from its prediction, given or estimated."""
