"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass

OK, NOTE, BAD = "ok", "note", "bad"


@dataclass(frozen=True)
class Finding:
    """``found`` may name places; ``public`` is what those may read who are no admins."""

    state: str
    found: str
    remedy: str = ""
    public: str = ""


def ok(found: str, public: str = "") -> Finding:
    """As it should be."""
    return Finding(OK, found, "", public)


def note(found: str, remedy: str = "", public: str = "") -> Finding:
    """Works, but should be known."""
    return Finding(NOTE, found, remedy, public)


def bad(found: str, remedy: str, public: str = "") -> Finding:
    """Something needed does not work."""
    return Finding(BAD, found, remedy, public)


def size_text(size_bytes: float) -> str:
    """``1.4 GB`` (powers of 1000)."""
    for unit in ("B", "kB", "MB", "GB"):
        if size_bytes < 1000:
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:.1f} TB"
