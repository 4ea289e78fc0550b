"""Floor 8: dose-response: curves and their potencies, growth rates, curves compared, two drugs combined."""
