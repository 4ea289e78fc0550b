"""Floor 8: judging: carriers against a baseline, by metrics, with the doubt and what it rests on."""
