"""The leakage audit of a run: its way gone twice, once with every value behind a cutoff scrambled."""
