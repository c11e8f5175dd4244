"""Readers of tables and arrays: delimited text, Parquet, .npy, .npz, names, probes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from cislex_core.tasks import InputRef
from cislex_core.text_files import Problems
from cislex_encoder import delimited, matrices, name_files, probes
from cislex_encoder.import_specs import ImportDatasetSpec, NamedFile
from cislex_encoder.preflight import Source


class _OneFile:
    """Inputs of one file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def file(self, ref: InputRef) -> Path:
        return self._path


def _source(data: bytes, folder: Path, name: str) -> Source:
    path = folder / name
    path.write_bytes(data)
    return Source(path, name, "matrix")


def delimited_table(data: bytes, folder: Path) -> None:
    """Tables of numbers with a header, as text (or gzip, or Parquet, should the bytes say so)."""
    file = _source(data, folder, "a.tsv")
    for as_is in (False, True):
        table, first = delimited.read(file, as_is=as_is)
        assert table.num_rows > 0
        assert first >= 1


def parquet(data: bytes, folder: Path) -> None:
    """Parquet's magic, then anything."""
    delimited_table(data if data.startswith(b"PAR1") else b"PAR1" + data, folder)


def target_matrix(data: bytes, folder: Path) -> None:
    """Targets by sequence or region: tables, .npy, .npz."""
    _source(data, folder, "a.bin")
    ref = InputRef(path=str(folder / "a.bin"), sha256="0" * 64)
    spec = ImportDatasetSpec.model_construct(**_fields(matrix=ref, genome=ref))
    read = matrices.read(spec, _OneFile(folder / "a.bin"), Problems())  # type: ignore[arg-type]
    assert read.values is not None
    assert read.values.shape[1] == len(read.tasks)


def names(data: bytes, folder: Path) -> None:
    """Names as text, .npy, or an array of pickled text."""
    read, groups = name_files.read_names(_source(data, folder, "names.npy"))
    assert all(isinstance(name, str) for name in read)
    assert groups is None or len(groups) == len(read)


def npy(data: bytes, folder: Path) -> None:
    """An array that is mapped into memory."""
    content = data if data.startswith(b"\x93NUMPY") else b"\x93NUMPY\x01\x00" + data
    array = name_files.load_array(_source(content, folder, "a.npy"))
    assert array.nbytes <= len(content)
    np.asarray(array).reshape(-1)[:100].tolist()


def probe_table(data: bytes, folder: Path) -> None:
    """Protein binding microarrays."""
    _source(data, folder, "a.txt")
    ref = InputRef(path=str(folder / "a.txt"), sha256="0" * 64)
    spec = ImportDatasetSpec.model_construct(
        **_fields(source="pbm", pbm=[NamedFile.model_construct(name="a", file=ref, split=None)], normalization="none")
    )
    probes.read(spec, _OneFile(folder / "a.txt"), Problems())  # type: ignore[arg-type]


def _fields(**given: object) -> dict[str, object]:
    """All fields of a spec: the given ones, else what each has by default."""
    fields = ImportDatasetSpec.model_fields
    return {name: field.get_default(call_default_factory=True) for name, field in fields.items()} | given
