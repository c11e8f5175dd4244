"""cislex from Python: ``Client`` and ``AsyncClient`` (docs/python.md). Loaded when first used: the command starts
without it."""
