"""TF families as JASPAR writes them: compound entries ("Fos-related; Jun-related", "A::B") taken apart."""

from __future__ import annotations


def families(text: str) -> set[str]:
    """Families named in one cell, lower case: ``"Jun-related; Fos-related"`` gives both."""
    parts = text.replace("::", ";").replace(",", ";").split(";")
    return {part.strip().lower() for part in parts if part.strip()}
