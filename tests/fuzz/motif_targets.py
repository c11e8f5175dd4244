"""Readers of motif files and of what motif programs print."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
from cislex_core.motif_files import MotifFormat, parse_motifs, read_motifs, write_motifs
from cislex_core.motifs import Motif
from cislex_motif.tomtom_program import parse as parse_tomtom

_HEADER = "Query_ID\tTarget_ID\tOptimal_offset\tp-value\tE-value\tq-value\tOverlap\tQ\tT\tOrientation\n"


def any_format(data: bytes, folder: Path) -> None:
    """A file whose format is told by its content."""
    path = folder / "a.motifs"
    path.write_bytes(data)
    check_motifs(read_motifs(path), folder)


def meme(data: bytes, folder: Path) -> None:
    """MEME minimal format, and the text output of meme and streme."""
    _as("meme", data, folder)


def jaspar(data: bytes, folder: Path) -> None:
    """JASPAR PFM."""
    _as("jaspar", data, folder)


def homer(data: bytes, folder: Path) -> None:
    """HOMER's motif files."""
    _as("homer", data, folder)


def transfac(data: bytes, folder: Path) -> None:
    """TRANSFAC blocks."""
    _as("transfac", data, folder)


def _as(file_format: MotifFormat, data: bytes, folder: Path) -> None:
    check_motifs(parse_motifs(data.decode("utf-8", "replace"), file_format=file_format), folder)


def check_motifs(motifs: list[Motif], folder: Path) -> None:
    """Rows that sum to 1 and are finite; each format's writer writes what its reader reads as the same."""
    for motif in motifs:
        assert np.isfinite(motif.probabilities).all()
        assert (motif.probabilities >= 0).all()
        assert np.allclose(motif.probabilities.sum(axis=1), 1)
        assert np.isfinite(motif.nsites)
        assert np.isfinite(motif.count_matrix()).all()
    for file_format in get_args(MotifFormat):
        path = folder / f"again.{file_format}"
        write_motifs(path, motifs, file_format)
        again = read_motifs(path, file_format)
        assert [m.width for m in again] == [m.width for m in motifs]
        if file_format == "meme":
            assert [m.id for m in again] == [m.id for m in motifs]
            for one, other in zip(again, motifs, strict=True):
                assert np.allclose(one.probabilities, other.probabilities, atol=1e-5)


def tomtom_output(data: bytes, folder: Path) -> None:
    """What the program tomtom prints."""
    names = ["q1", "q2"]
    found = parse_tomtom(_HEADER + data.decode("utf-8", "replace"), names, names)
    assert found.pvalue.shape == (2, 2)
