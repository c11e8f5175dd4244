"""Inputs that are nearly right: tables, matrices, headers and streams put together from parts that are often wrong."""

from __future__ import annotations

import gzip
import io
import json
import struct
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from oracle import outcome  # noqa: E402 - found by the line above, as when the fuzzer runs
from targets import TARGETS  # noqa: E402

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

numbers = st.one_of(
    st.integers(-5, 300).map(str),
    st.integers(-(2**70), 2**70).map(str),
    st.floats().map(str),
    st.sampled_from(["", " ", "NA", "1e5", "1e400", "nan", "-0", "+3", "1_0", "0x1", "٣", "9" * 400, '"7"', "1,5"]),
)
words = st.one_of(
    st.sampled_from(["chr1", "chrX", "", "#x", ">a", "track", "chrom", "start", "end", "summit", "strand", "a b", "é"]),
    st.text(max_size=5),
)
strands = st.sampled_from(["+", "-", ".", "", "+-", " + ", '"+"'])
ends = st.sampled_from(["\n", "\r\n", "\n\n", "\r", ""])


def holds(names: list[str], content: bytes) -> None:
    """Each reader refuses the content, or reads what holds."""
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            finding = outcome(TARGETS[name], content, Path(folder))
        assert finding is None, f"{name}: {finding.text}"


@quick
@given(
    st.sampled_from(["\t", " ", ","]),
    st.lists(
        st.tuples(words, numbers, numbers, words, numbers, strands, numbers, numbers, numbers, numbers), max_size=6
    ),
    st.integers(1, 10),
    st.booleans(),
    ends,
)
def test_rows_of_intervals(mark: str, rows: list[tuple[str, ...]], width: int, header: bool, end: str) -> None:
    lines = [mark.join(row[:width]) for row in rows]
    if header:
        titles = ["chrom", "start", "end", "name", "summit_offset", "strand", "summit", "x", "y", "z"]
        lines.insert(0, mark.join(titles[:width]))
    holds(["bed", "narrowpeak", "csv"], end.join(lines).encode("utf-8", "replace"))


@quick
@given(st.lists(st.one_of(words, st.text("ACGTNacgtnRYU.-*", max_size=20)), max_size=8), ends)
def test_records_of_sequences(parts: list[str], end: str) -> None:
    fasta = end.join(f">{part}" if i % 2 == 0 else part for i, part in enumerate(parts))
    fastq = end.join(f"@{part}{end}{part}{end}+{end}{part}" for part in parts)
    holds(["fasta", "genome"], fasta.encode("utf-8", "replace"))
    holds(["fastq"], fastq.encode("utf-8", "replace"))


matrix = st.lists(st.lists(numbers, min_size=3, max_size=5), max_size=5)


@quick
@given(words, words, matrix, numbers, numbers, numbers)
def test_matrices_of_motifs(ident: str, name: str, rows: list[list[str]], width: str, nsites: str, evalue: str) -> None:
    lines = [" ".join(row) for row in rows]
    meme = ["MEME version 4", "ALPHABET= ACGT", f"MOTIF {ident} {name}",
            f"letter-probability matrix: alength= 4 w= {width} nsites= {nsites} E= {evalue}", *lines]  # fmt: skip
    transfac = [f"AC  {ident}", f"ID  {name}", "P0 A C G T", *(f"{i:02d} {line}" for i, line in enumerate(lines)), "//"]
    headed = [f">{ident}\t{name}\t{evalue}", *lines]
    lettered = [f">{ident} {name}", *(f"{base} [ {line} ]" for base, line in zip("ACGT", lines, strict=False))]
    for format_name, text in (("meme", meme), ("transfac", transfac), ("homer", headed), ("jaspar", lettered)):
        holds([format_name, "motifs"], "\n".join(text).encode("utf-8", "replace"))


@quick
@given(st.lists(words, min_size=1, max_size=4), st.lists(st.lists(numbers, min_size=1, max_size=4), max_size=5))
def test_tables_with_a_header(titles: list[str], rows: list[list[str]]) -> None:
    text = "\n".join("\t".join(row) for row in [titles, *rows])
    holds(["table", "matrix", "probes", "names"], text.encode("utf-8", "replace"))


columns = st.sampled_from(
    [
        pa.array([1, 2]), pa.array([1.5, None]), pa.array(["a", "b"]), pa.array(["a", None]).dictionary_encode(),
        pa.array([[1], [2]]), pa.array([{"x": 1}, None]), pa.array([b"\xff", b""]), pa.array([None, None]),
        pa.array([True, False]), pa.array([0, 1], pa.timestamp("us")), pa.array([0, 1], pa.duration("s")),
        pa.array([2**63, 1], pa.uint64()), pa.array(["chr1:1-9", "chr1:5-99"]), pa.array(["ACGT", "AC"]),
        pa.array([Decimal("1.5"), None]), pa.array(["1", "2"], pa.large_string()), pa.array([0, 1], pa.date32()),
        pa.array([1, 2]).dictionary_encode(), pa.array([1.0, 2.0], pa.float16()), pa.array([0, 1], pa.time64("us")),
    ]
)  # fmt: skip
titles = st.sampled_from(["name", "start", "end", "chrom", "sequence", "summit", "a", "b", "", "split"])


@settings(quick, max_examples=200)
@given(st.lists(st.tuples(titles, columns), max_size=5))
def test_parquet_of_every_type(chosen: list[tuple[str, pa.Array]]) -> None:
    table = pa.Table.from_arrays([column for _, column in chosen], names=[title for title, _ in chosen])
    pq.write_table(table, buffer := io.BytesIO())
    holds(["table", "matrix"], buffer.getvalue())


offsets = st.integers(-1, 20) | st.integers(2**31, 2**64)


@quick
@given(
    st.dictionaries(
        st.text(max_size=4),
        st.fixed_dictionaries(
            {
                "dtype": st.sampled_from(["F32", "F64", "I8", "BOOL", "BF16", "X"]),
                "shape": st.lists(offsets, max_size=3),
                "data_offsets": st.lists(offsets, min_size=1, max_size=3),
            }
        ),
        max_size=3,
    ),
    st.binary(max_size=40),
    st.none() | st.integers(0, 2**64 - 1),
)
def test_headers_of_safetensors(header: dict[str, object], data: bytes, size: int | None) -> None:
    text = json.dumps(header).encode()
    holds(["safetensors"], struct.pack("<Q", len(text) if size is None else size) + text + data)


@quick
@given(st.lists(st.binary(max_size=60), max_size=4), st.binary(max_size=10), st.integers(0, 80), st.integers(0, 255))
def test_streams_of_gzip_members(parts: list[bytes], tail: bytes, at: int, value: int) -> None:
    packed = bytearray(b"".join(gzip.compress(part, mtime=0) for part in parts) + tail)
    if packed:
        packed[at % len(packed)] = value
    holds(["gzip"], bytes(packed))


@quick
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=4), st.integers(0, 3))
def test_graphs_with_bytes_changed(at: int, change: bytes, remove: int) -> None:
    for seed in sorted((HERE / "corpus" / "onnx").glob("seed-*")):
        data = seed.read_bytes()
        place = at % len(data)
        holds(["onnx"], data[:place] + change + data[place + remove :])
