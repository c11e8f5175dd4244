"""What options before the noun and ``-o`` chose, for one command line."""

from __future__ import annotations

from cislex_client.output import Format

context_name: str | None = None
form: Format = Format.table
argv: list[str] | None = None


def reset(words: list[str] | None = None) -> None:
    """Forget the previous command line (tests run several in one process)."""
    global context_name, form, argv
    context_name, form, argv = None, Format.table, words
