"""Benchmarks: both sides in one run, ratios printed (`make bench`)."""
