"""Peaks and a genome in, datasets out."""

__version__ = "0.1.0"
