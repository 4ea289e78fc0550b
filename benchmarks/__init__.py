"""Speed against peers in the same run, at matched achieved error: ``python -m benchmarks``."""
