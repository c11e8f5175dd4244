"""Genome, intervals, sequences, motif matrices, artifacts and errors shared by the rooms of cislex."""

__version__ = "0.1.0"
