"""Comparison of partstream and its peers on named cases; `python -m benchmarks` prints it."""
