"""Reads from FASTQ (plain, gzip, bgzip): sequences only, clipped at both ends. Qualities are not looked at."""

from __future__ import annotations

import gzip
import zlib
from itertools import zip_longest
from pathlib import Path

import numpy as np

from cislex_core.errors import Reason
from cislex_core.fasta import SequenceSet
from cislex_core.input_limits import refuse_beyond
from cislex_core.sequences import ENCODE_TABLE
from cislex_core.text_files import Problems, bounded_lines, open_input, truncated


def read_fastq(
    path: Path,
    problems: Problems,
    field_path: str = "",
    *,
    shown: str | None = None,
    clip_left_bp: int = 0,
    clip_right_bp: int = 0,
) -> SequenceSet:
    """Read four-line FASTQ; ``line`` of a read is that of its name.

    ``clip_left_bp`` and ``clip_right_bp`` bases are cut off every read; what is no longer than both together becomes a
    sequence of length 0 and counts as ``n_too_short`` of ``facts``. Records that are no FASTQ go into ``problems``
    (INVALID_FASTA) and end the reading. Raises FILE_NOT_FOUND, FILE_TRUNCATED.
    """
    name = shown or path.name
    codes, lengths, names, lines = bytearray(), [], [], []
    number = 1
    try:
        with open_input(path, name) as handle:
            # Four lines at a time from one iterator: header, sequence, plus, qualities.
            for header, sequence, plus, quality in zip_longest(*[bounded_lines(handle, name)] * 4, fillvalue=b""):
                if not (header + sequence + plus + quality).strip():
                    break
                text = sequence.strip()
                if problem := _problem(header, text, plus, quality.strip()):
                    problems.add(
                        Reason.INVALID_FASTA, field_path, f"{name} line {number}: {problem}", file=name, line=number
                    )
                    break
                coded = text[clip_left_bp : len(text) - clip_right_bp].translate(ENCODE_TABLE)
                if b"\xff" in coded:
                    letter = text[clip_left_bp + coded.index(b"\xff") :][:1].decode("latin-1")
                    problems.add(
                        Reason.INVALID_FASTA,
                        field_path,
                        f"{name} line {number + 1}: the read has {letter!r}, which is no nucleotide letter",
                        file=name,
                        line=number + 1,
                    )
                    break
                codes += coded
                refuse_beyond(len(codes), "sequence_bp", name, "bases")
                lengths.append(len(coded))
                names.append(header[1:].split(maxsplit=1)[0].decode("utf-8", "replace") if header[1:].strip() else "")
                lines.append(number)
                number += 4
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise truncated(name, f"after line {number - 1}", error) from None
    sizes = np.array(lengths, dtype=np.int64)
    n = sizes.size
    facts: dict[str, object] = {
        "format": "FASTQ",
        "n_rows": n,
        "n_with_coordinates": 0,
        "n_length_differs": 0,
        "n_too_short": int((sizes == 0).sum()),
        "clip_left_bp": clip_left_bp,
        "clip_right_bp": clip_right_bp,
        "min_length": int(sizes.min()) if n else 0,
        "max_length": int(sizes.max(initial=0)),
    }
    return SequenceSet(
        source=name,
        codes=np.frombuffer(bytes(codes), dtype=np.uint8),
        offsets=np.concatenate(([0], np.cumsum(sizes))),
        names=names,
        chrom=[None] * n,
        start=np.full(n, -1, dtype=np.int64),
        end=np.full(n, -1, dtype=np.int64),
        strand=["."] * n,
        line=np.array(lines, dtype=np.int64),
        facts=facts,
    )


def _problem(header: bytes, sequence: bytes, plus: bytes, quality: bytes) -> str:
    if not header.startswith(b"@"):
        begins = header[:30].decode("utf-8", "replace").rstrip()
        hint = "; this looks like FASTA: give it as fasta" if header.startswith(b">") else ""
        return f"{begins!r} is no FASTQ record, whose four lines are @name, sequence, +, qualities{hint}"
    if not plus.startswith(b"+"):
        return f"the third line of the record is {plus[:30].decode('utf-8', 'replace').rstrip()!r}, not '+'"
    if len(quality) != len(sequence):
        return f"{len(quality)} qualities for {len(sequence)} bases; was the file cut?"
    return ""
