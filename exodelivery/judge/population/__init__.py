"""Floor 8: virtual populations: what differs between subjects and between batches, laid over the doubt of a fit."""
