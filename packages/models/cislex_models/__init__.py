"""The torch architectures of cislex and their registry."""

__version__ = "0.1.0"
