"""Floor 7: counts of cells after pulses of drug on a plate: read, fitted, and pulses left out predicted."""
