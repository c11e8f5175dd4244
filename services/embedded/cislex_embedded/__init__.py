"""The four services in one process for a laptop."""

__version__ = "0.1.0"
