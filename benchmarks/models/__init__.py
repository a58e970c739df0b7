"""Models that benchmarks make for themselves."""
