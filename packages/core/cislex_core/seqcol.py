"""Genome identity by GA4GH refget: sequence digests ``SQ.…`` and sequence collections (seqcol 1.0).

A sequence's digest is ``SQ.`` + sha512t24u of its upper-case letters. A collection's digest is computed from its
arrays names, lengths and sequences: each array as canonical JSON (RFC 8785) → sha512t24u, then the object of the
inherent attributes' digests likewise. Two FASTA files with the same names and sequences in the same order have the
same digest, however wrapped, cased or compressed.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Any

from cislex_core.canonical import canonical_json

INHERENT = ("names", "sequences")


def sha512t24u(data: bytes) -> str:
    """GA4GH's digest: base64url of the first 24 bytes of SHA-512."""
    return base64.urlsafe_b64encode(hashlib.sha512(data).digest()[:24]).decode("ascii")


def sequence_digest(sequence: bytes | str) -> str:
    """``SQ.`` digest of a sequence; letters are upper-cased first. ``ACGT`` → SQ.aKF498dAxcJAqme6QYQ7EZ07-fiw8Kw2."""
    data = sequence.encode("ascii") if isinstance(sequence, str) else bytes(sequence)
    return "SQ." + sha512t24u(data.upper())


@dataclass(frozen=True)
class SeqCol:
    """A sequence collection at level 2: three arrays of equal length, in the file's order."""

    names: tuple[str, ...]
    lengths: tuple[int, ...]
    sequences: tuple[str, ...]

    @property
    def level2(self) -> dict[str, list[Any]]:
        """The arrays themselves."""
        return {"lengths": list(self.lengths), "names": list(self.names), "sequences": list(self.sequences)}

    @property
    def level1(self) -> dict[str, str]:
        """Digest of each array."""
        return {name: sha512t24u(canonical_json(array)) for name, array in self.level2.items()}

    @property
    def digest(self) -> str:
        """Level 0: the collection's digest, over the inherent attributes."""
        level1 = self.level1
        return sha512t24u(canonical_json({name: level1[name] for name in INHERENT}))

    @classmethod
    def from_level2(cls, value: dict[str, list[Any]]) -> SeqCol:
        """From the JSON of ``level2``."""
        return cls(tuple(value["names"]), tuple(int(n) for n in value["lengths"]), tuple(value["sequences"]))


@dataclass(frozen=True)
class ArrayComparison:
    """How one attribute of two collections compares (seqcol's comparison function)."""

    attribute: str
    n_a: int
    n_b: int
    n_both: int
    same_order: bool | None


def compare(a: SeqCol, b: SeqCol) -> list[ArrayComparison]:
    """Compare names, lengths and sequences: sizes, how many elements both have, and whether those stand in order.

    ``same_order`` is None where it cannot be said: fewer than two shared elements, or unbalanced duplicates.
    """
    return [_compare_array(name, a.level2[name], b.level2[name]) for name in ("names", "lengths", "sequences")]


def _compare_array(attribute: str, a: list[Any], b: list[Any]) -> ArrayComparison:
    shared = Counter(a) & Counter(b)
    both = shared.total()
    of_a = [value for value in a if value in shared]
    of_b = [value for value in b if value in shared]
    undefined = both < 2 or Counter(of_a) != Counter(of_b)
    return ArrayComparison(attribute, len(a), len(b), both, None if undefined else of_a == of_b)
