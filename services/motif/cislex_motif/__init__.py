"""Clusters, motifs, transcription factor names and enrichment."""

__version__ = "0.1.0"
