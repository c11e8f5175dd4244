"""The files of kind hits: parquet for programs, TSV as FIMO writes it, BED where the sequences have genomic places."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from cislex_core.sequences import decode, reverse_complement
from cislex_core.tasks import Out

from cislex_motif.fimo_matrix import FimoMatrix
from cislex_motif.motif_sources import SourcedMotif
from cislex_motif.scan_input import ScanInput

if TYPE_CHECKING:
    from cislex_motif.scanner import Hits

FloatArray = npt.NDArray[np.float64]

HIT_SCHEMA = pa.schema(
    [
        ("motif", pa.string()),
        ("name", pa.string()),
        ("source", pa.string()),
        ("sequence", pa.string()),
        ("sequence_index", pa.int64()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("strand", pa.string()),
        ("score", pa.float64()),
        ("pvalue", pa.float64()),
        ("qvalue", pa.float64()),
        ("matched", pa.string()),
        ("chrom", pa.string()),
        ("genomic_start", pa.int64()),
        ("genomic_end", pa.int64()),
        ("genomic_strand", pa.string()),
    ]
)
TSV_HEADER = (
    "motif_id", "motif_alt_id", "sequence_name", "start", "stop", "strand", "score", "p-value", "q-value",
    "matched_sequence",
)  # fmt: skip
_ROWS_AT_ONCE = 100_000


def write_hits(
    out: Out, hits: Hits, motifs: Sequence[SourcedMotif], matrices: Sequence[FimoMatrix], tails: Sequence[FloatArray],
    q: Sequence[FloatArray] | None, source: ScanInput,
) -> bool:  # fmt: skip
    """hits.parquet, hits.tsv and, where any sequence has a place, hits.bed; answers whether it does."""
    genomic = any(place is not None for place in source.places)
    words = _matched(hits, matrices, source)
    with ExitStack() as stack:
        parquet = stack.enter_context(pq.ParquetWriter(out.path("hits.parquet"), HIT_SCHEMA))
        tsv = stack.enter_context(open(out.path("hits.tsv"), "w", encoding="utf-8"))
        bed = stack.enter_context(open(out.path("hits.bed"), "w", encoding="utf-8")) if genomic else None
        tsv.write("\t".join(TSV_HEADER) + "\n")
        for first in range(0, len(hits), _ROWS_AT_ONCE):
            chunk = range(first, min(first + _ROWS_AT_ONCE, len(hits)))
            rows = [_row(i, hits, motifs, matrices, tails, q, source, words[i]) for i in chunk]
            parquet.write_table(pa.Table.from_pylist(rows, schema=HIT_SCHEMA))
            tsv.writelines(_tsv(row) for row in rows)
            if bed is not None:
                bed.writelines(_bed(row) for row in rows if row["chrom"] is not None)
    return genomic


def _row(
    i: int, hits: Hits, motifs: Sequence[SourcedMotif], matrices: Sequence[FimoMatrix], tails: Sequence[FloatArray],
    q: Sequence[FloatArray] | None, source: ScanInput, word: str,
) -> dict[str, object]:  # fmt: skip
    m, number, start, score = int(hits.motif[i]), int(hits.sequence[i]), int(hits.start[i]), int(hits.score[i])
    end, reverse = start + matrices[m].grid.width, bool(hits.reverse[i])
    row: dict[str, object] = {
        "motif": motifs[m].motif.id, "name": motifs[m].motif.name, "source": motifs[m].source,
        "sequence": source.names[number], "sequence_index": number, "start": start, "end": end,
        "strand": "-" if reverse else "+", "score": float(matrices[m].bits(np.array([score]))[0]),
        "pvalue": float(tails[m][score]), "qvalue": None if q is None else float(q[m][score]), "matched": word,
        "chrom": None, "genomic_start": None, "genomic_end": None, "genomic_strand": None,
    }  # fmt: skip
    place = source.places[number]
    if place is not None:
        at = place.end - end if place.reverse else place.start + start
        row |= {
            "chrom": place.chrom, "genomic_start": at, "genomic_end": at + end - start,
            "genomic_strand": "-" if reverse != place.reverse else "+",
        }  # fmt: skip
    return row


def _tsv(row: dict[str, object]) -> str:
    q = "" if row["qvalue"] is None else f"{row['qvalue']:.3g}"
    fields = (
        row["motif"], row["name"], row["sequence"], int(str(row["start"])) + 1, row["end"], row["strand"],
        f"{row['score']:g}", f"{row['pvalue']:.3g}", q, row["matched"],
    )  # fmt: skip
    return "\t".join(str(value) for value in fields) + "\n"


def _bed(row: dict[str, object]) -> str:
    # Column 5 as FIMO and others fill it: -10 log10 p, capped at 1000.
    score = min(1000, round(-10.0 * np.log10(max(float(str(row["pvalue"])), 1e-300))))
    fields = (row["chrom"], row["genomic_start"], row["genomic_end"], row["motif"], score, row["genomic_strand"])
    return "\t".join(str(value) for value in fields) + "\n"


def _matched(hits: Hits, matrices: Sequence[FimoMatrix], source: ScanInput) -> list[str]:
    """The bases of each hit, read in the motif's direction; the sequences are read once more, for those with hits."""
    words = [""] * len(hits)
    by_sequence = np.argsort(hits.sequence, kind="stable")
    bounds = np.searchsorted(hits.sequence[by_sequence], np.arange(len(source.names) + 1))
    if len(hits) == 0:
        return words
    for number, codes in enumerate(source.sequences()):
        for i in by_sequence[bounds[number] : bounds[number + 1]].tolist():
            piece = codes[int(hits.start[i]) : int(hits.start[i]) + matrices[int(hits.motif[i])].grid.width]
            words[i] = decode(reverse_complement(piece) if hits.reverse[i] else piece)
    return words
