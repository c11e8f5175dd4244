"""Write the small files that fuzzing starts from, ``corpus/<format>/seed-*``. All are made up here."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

CORPUS = Path(__file__).resolve().parent / "corpus"

BED = b"track name=x\n#note\nchr1\t10\t60\tpeak1\t7\t+\nchr1\t100\t180\tpeak2\t9\t-\nchr2\t1e+03\t1200\n"
NARROW_PEAK = b"chr1\t10\t60\tp1\t500\t.\t5.1\t9.5\t7.2\t20\nchrX\t5\t99\tp2\t0\t+\t1\t-1\t-1\t-1\n"
CSV = b'"chrom","start","end","name","summit"\n"chr1",10,60,a,30\nchr2,5,20,"b",NA\n'
CSV_2 = b"seqnames;x\n"
TSV = b"seqnames\tstart\tend\tabs_summit\tstrand\nchr1\t11\t60\t31\t+\n"
FASTA = b">peak1::chr2:10-20(-) note\nACGTN\nacgtn\n;comment\n>b chr1:5-8\nACGT\n"
FASTQ = b"@r1 x\nACGTNACGT\n+\nIIIIIIIII\n@r2\nGGGGCCCC\n+r2\nFFFFFFFF\n"
MEME = (
    b"MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\nBackground letter frequencies\nA 0.3 C 0.2 G 0.2 T 0.3\n\n"
    b"MOTIF M1 first\n\nletter-probability matrix: alength= 4 w= 2 nsites= 20 E= 1.2e-10\n"
    b" 0.5 0.25 0.125 0.125\n 0 0 1 0\n\nURL http://example.org\n\nMOTIF M2\nletter-probability matrix:\n"
    b"0.1 0.2 0.3 0.4\n"
)
JASPAR = b">MA1 name\nA [ 1 2 3 ]\nC [ 4 5 6 ]\nG [ 7 8 9 ]\nT [ 1 1 1 ]\n>MA2\n1 2 3\n1 2 3\n1 2 3\n1 2 3\n"
HOMER = b">ACGT\tname/x\t6.5\t-12.3\t0\tT:5(1%)\n0.7\t0.1\t0.1\t0.1\n0.1\t0.7\t0.1\t0.1\n>A\tb\t1\t0\n1\t0\t0\t0\n"
TRANSFAC = b"AC  M1\nXX\nID  V$X\nXX\nP0      A      C      G      T\n01  1 2 3 4 N\n02  9 0 0 0 A\nXX\n//\n"
TABLE = b"## comment\nname\tstart\tb cell\tt\nr1\t5\t0.5\t1\nr2\t6\tNA\t2\nr3\t7\t1e-3\t\n"
SEQUENCES = b"sequence,a,b,split\nACGTACGT,1,0,train\nGGGGCCCC,0,1,test\n"
REGIONS = b"region\ta\tb\nchr1:10-20\t0.1\t0.2\nchr1:30-40\t1\t\n"
PROBES = b"sequence\tintensity\tflag\nACGTACGTACGT\t12.5\t0\nGGGGCCCCAAAA\t3e2\t1\n"
TOMTOM = b"q1\tq2\t-1\t0.01\t0.1\t0.1\t5\tACGT\tACGT\t+\n"


def seeds() -> Iterator[tuple[str, bytes]]:
    """(format, content)."""
    yield from (("bed", BED), ("bed", b"chr1 10 20\r\nchr1 30 40\r\n"), ("narrowpeak", NARROW_PEAK))
    yield from (("csv", CSV), ("csv", TSV), ("csv", CSV_2), ("fasta", FASTA), ("fastq", FASTQ))
    yield from (("genome", b">chr1 x\nACGTACGT\nACGTACGT\nAC\n>chr2\nNNNN\n"), ("genome", gzip.compress(b">a\nACGT\n")))
    packed = gzip.compress(BED, mtime=0)
    yield from (("gzip", packed), ("gzip", packed + packed), ("gzip", _bgzip(BED)), ("gzip", FASTQ), ("gzip", TABLE))
    yield "gzip", packed[:-9]
    yield from (("meme", MEME), ("jaspar", JASPAR), ("homer", HOMER), ("transfac", TRANSFAC))
    yield "tomtom", TOMTOM
    yield from (("motifs", text) for text in (MEME, JASPAR, HOMER, TRANSFAC))
    yield from (("table", TABLE), ("table", SEQUENCES), ("parquet", _parquet()), ("probes", PROBES))
    yield from (("probes", b"ACGTACGTACGT 5.5\n"), ("matrix", SEQUENCES), ("matrix", REGIONS), ("matrix", _npz()))
    yield from (("names", b"a\tg1\nb\tg2\n"), ("names", _npy(np.array(["a", "b"]))), ("names", _object_names()))
    yield from (("npy", _npy(np.arange(6.0).reshape(2, 3))), ("npy", _npy(np.zeros((2, 4, 3), np.int8))))
    yield from (("manifest", _manifest()), ("safetensors", _safetensors()), ("pth", _pth()))
    yield from (("onnx", _onnx(external=False)), ("onnx", _onnx(external=True)))


def _bgzip(data: bytes) -> bytes:
    """One BGZF block and the empty one that ends such a file."""
    import struct
    import zlib

    def block(part: bytes) -> bytes:
        deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
        body = deflate.compress(part) + deflate.flush()
        extra = struct.pack("<2sHH", b"BC", 2, len(body) + 25)
        head = struct.pack("<BBBBIBBH", 31, 139, 8, 4, 0, 0, 255, len(extra)) + extra
        return head + body + struct.pack("<II", zlib.crc32(part), len(part))

    return block(data) + block(b"")


def _npy(array: np.ndarray) -> bytes:
    np.save(buffer := io.BytesIO(), array)
    return buffer.getvalue()


def _npz() -> bytes:
    rows, columns = np.array(["chr1:1-9", "chr1:20-29"]), np.array(["a", "b", "c"])
    np.savez(buffer := io.BytesIO(), data=np.eye(2, 3), rows=rows, columns=columns)
    return buffer.getvalue()


def _object_names() -> bytes:
    head = _npy(np.zeros(2))
    header = head[10 : 10 + int.from_bytes(head[8:10], "little")].replace(b"'<f8'", b"'|O' ")
    return head[:10] + header + pickle.dumps(np.array(["a", "b"], dtype=object), protocol=2)


def _parquet() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"name": ["a", "b"], "x": [1.0, None]}), buffer := io.BytesIO())
    return buffer.getvalue()


def _manifest() -> bytes:
    entry = {"path": "a/b.npy", "sha256": "0" * 64, "size_bytes": 3}
    return json.dumps({"kind": "dataset", "files": [entry]}, sort_keys=True, separators=(",", ":")).encode()


def _state() -> dict[str, object]:
    import torch

    return {"linears.0.weight": torch.ones(2, 4, 3), "final.bias": torch.zeros(1)}


def _safetensors() -> bytes:
    from safetensors.torch import save

    return save(_state())  # type: ignore[arg-type]


def _pth() -> bytes:
    import torch

    torch.save(_state(), buffer := io.BytesIO())
    return buffer.getvalue()


def _onnx(*, external: bool) -> bytes:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = numpy_helper.from_array(np.ones((2, 2), np.float32), "w")
    if external:
        weights.data_location = TensorProto.EXTERNAL
        weights.external_data.append(onnx.StringStringEntryProto(key="location", value="../../etc/passwd"))
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 2]) for name in "xy"]
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    graph = helper.make_graph([node], "g", values[:1], values[1:], [weights])
    return bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString())


if __name__ == "__main__":
    counts: dict[str, int] = {}
    for name, content in seeds():
        counts[name] = counts.get(name, 0) + 1
        folder = CORPUS / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"seed-{counts[name]}").write_bytes(content)
    sys.stdout.write(f"{sum(counts.values())} seeds for {len(counts)} formats in {CORPUS}\n")
