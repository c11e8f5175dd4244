"""The four services in one process for a laptop; started as ``python -m cislex_embedded``, imported by nobody."""
