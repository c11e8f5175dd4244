"""The cislex command, its pipelines and the report."""

__version__ = "0.1.0"
