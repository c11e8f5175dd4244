"""Attributions, k-mers and filters."""

__version__ = "0.1.0"
