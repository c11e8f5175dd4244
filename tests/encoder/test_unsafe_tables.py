"""Tables and arrays made to do harm: they name other files, they lie about their size, they would run something."""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cislex_core.errors import Reason, UserError
from cislex_core.text_files import Problems
from cislex_encoder import delimited, matrices
from cislex_encoder.hdf5_safety import check_hdf5
from cislex_encoder.import_specs import ImportDatasetSpec
from cislex_encoder.name_files import load_array, read_names
from cislex_encoder.pickled_names import NotNamesError, read_pickled
from cislex_encoder.preflight import Source

Limit = Callable[[str, int], None]


def source(tmp_path: Path, data: bytes, name: str = "file") -> Source:
    (tmp_path / name).write_bytes(data)
    return Source(tmp_path / name, name, "matrix")


def refusal(call: Callable[[], object]) -> UserError:
    with pytest.raises(UserError) as caught:
        call()
    return caught.value


# ---- text and Parquet


def test_a_table_is_unpacked_within_limits(tmp_path: Path, limit: Limit) -> None:
    file = source(tmp_path, gzip.compress(b"name\tx\n" + b"r\t1\n" * 100_000), "a.tsv.gz")
    assert delimited.read(file)[0].num_rows == 100_000
    limit("decompressed_bytes", 100_000)
    assert refusal(lambda: delimited.read(file)).reason is Reason.LIMIT_EXCEEDED


def test_a_table_that_is_cut_off_is_said_so(tmp_path: Path) -> None:
    packed = gzip.compress(bytes(np.random.default_rng(0).integers(48, 57, 300_000, dtype=np.uint8)))
    file = source(tmp_path, gzip.compress(b"name\tx\n") + packed[:-20_000])
    assert refusal(lambda: delimited.read(file)).reason is Reason.FILE_TRUNCATED


def test_runs_in_parquet_are_counted_before_they_are_made(tmp_path: Path, limit: Limit) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": np.zeros(3_000_000), "name": pa.array(["a"] * 3_000_000)}), path)
    assert path.stat().st_size < 100_000
    file = Source(path, "a.parquet", "matrix")
    limit("table_bytes", 48_000_000)
    assert delimited.read(file)[0].num_rows == 3_000_000
    limit("table_bytes", 47_999_999)
    assert refusal(lambda: delimited.read(file)).reason is Reason.LIMIT_EXCEEDED
    limit("lines", 2_999_999)
    assert refusal(lambda: delimited.read(file)).reason is Reason.LIMIT_EXCEEDED


def test_parquet_that_unpacks_to_far_more_than_it_is_is_refused(tmp_path: Path, limit: Limit) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": np.zeros(9_000_000)}), path)
    file = Source(path, "a.parquet", "matrix")
    refused = refusal(lambda: delimited.read(file))
    assert refused.reason is Reason.LIMIT_EXCEEDED
    assert "CISLEX_MAX_RATIO" in refused.message
    limit("ratio", 1_000_000)
    assert delimited.read(file)[0].num_rows == 9_000_000


@pytest.mark.parametrize("name", ["crash-group-of-more-rows", "crash-group-of-many-rows"])
def test_parquet_whose_parts_say_more_rows_than_the_whole_is_refused(name: str, repo_dir: Path) -> None:
    data = (repo_dir / "tests/fuzz/corpus/parquet" / name).read_bytes()
    path = repo_dir / "tests/fuzz/corpus/parquet" / name
    assert data.startswith(b"PAR1")
    refused = refusal(lambda: delimited.read(Source(path, name, "matrix")))
    assert refused.reason is Reason.INVALID_TABLE
    assert "groups of rows" in refused.message


# ---- arrays


def npy(shape: object, descr: str = "<f8", data: bytes = b"\x00" * 64) -> bytes:
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text) + 1) + text + b"\n" + data


@pytest.mark.parametrize(
    "data",
    [npy((1 << 40,)), npy((1 << 62, 8)), npy((-8,)), npy((8,), "|O"), npy("__import__('os').system('true')"),
     npy((8,), "<f99"), npy("(" * 5000), npy((1,) * 100), b"\x93NUMPY\x09\x00", b"\x93NUMPY\x01\x00\xff\xff", b""],
)  # fmt: skip
def test_arrays_that_lie_are_refused(data: bytes, tmp_path: Path) -> None:
    assert refusal(lambda: load_array(source(tmp_path, data))).reason is Reason.INVALID_TABLE
    if data:
        assert refusal(lambda: read_names(source(tmp_path, data))).reason is Reason.INVALID_TABLE


class _Inputs:
    def __init__(self, path: Path) -> None:
        self.path = path

    def file(self, ref: object) -> Path:
        return self.path


def read_matrix(path: Path) -> Any:
    spec = ImportDatasetSpec.model_validate({"matrix": {"path": str(path)}, "genome": {"path": "g.fa"}})
    return matrices.read(spec, _Inputs(path), Problems())  # type: ignore[arg-type]


def npz(tmp_path: Path, data: bytes, name: str = "data.npy", kind: int = zipfile.ZIP_DEFLATED) -> Path:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", kind) as archive:
        for key, values in (("rows", ["chr1:1-9"]), ("columns", ["a"])):
            np.save(buffer := io.BytesIO(), np.array(values))
            archive.writestr(f"{key}.npy", buffer.getvalue())
        archive.writestr(name, data)
    return path


def test_an_archive_of_arrays_is_read(tmp_path: Path) -> None:
    assert read_matrix(npz(tmp_path, npy((1, 1), data=b"\x00" * 8))).values.shape == (1, 1)


def test_an_array_in_an_archive_that_says_it_is_larger_is_refused(tmp_path: Path) -> None:
    error = refusal(lambda: read_matrix(npz(tmp_path, npy((1 << 30, 1 << 10)))))
    assert error.reason is Reason.INVALID_TABLE
    assert "too short" in error.message


def test_an_archive_that_is_a_bomb_is_refused_by_what_it_says(tmp_path: Path, limit: Limit) -> None:
    path = npz(tmp_path, npy((1_000_000, 1), data=b"\x00" * 8_000_000))
    assert path.stat().st_size < 20_000
    limit("table_bytes", 1_000_000)
    assert refusal(lambda: read_matrix(path)).reason is Reason.LIMIT_EXCEEDED


@pytest.mark.parametrize("name", ["../../data.npy", "/etc/cron.d/data.npy", "..\\data.npy"])
def test_names_within_archives_lead_nowhere(name: str, tmp_path: Path) -> None:
    """Members are read by name into memory; none is ever written out."""
    (folder := tmp_path / "a" / "b").mkdir(parents=True)
    path = npz(folder, npy((1, 1), data=b"\x00" * 8), name)
    assert refusal(lambda: read_matrix(path)).reason is Reason.INVALID_TABLE
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [path]


# ---- pickled names


def test_names_of_one_and_two_columns_in_every_protocol() -> None:
    for protocol in range(2, 6):
        one, two = np.array(["a", "b"], object), np.array([["a", "g"], ["b", "h"], ["c", "i"]], object)
        assert read_pickled(pickle.dumps(one, protocol)) == [["a"], ["b"]]
        assert read_pickled(pickle.dumps(two, protocol)) == two.tolist()
        assert read_pickled(pickle.dumps(np.asfortranarray(two), protocol)) == two.tolist()


class _Evil:
    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps(_Evil(eval, "1 + 1")),
        pickle.dumps(np.array([_Evil(print, "x")], object)),
        pickle.dumps(np.array([{}], object)),
        pickle.dumps(["a"]),
        pickle.dumps({"a": 1}),
        pickle.dumps(bytearray(10), 5),
        b"\x80\x05\x96" + struct.pack("<Q", 1 << 50) + b".",  # a bytearray of a petabyte
        b"\x80\x04\x8d" + struct.pack("<Q", 1 << 50) + b".",  # a text of a petabyte
        b"\x80\x02](r\xff\xff\xff\x7f.",  # a memo of two thousand million places
        b"cnumpy\nndarray\n(J\xff\xff\xff\x7ftR.",  # an array of that many
        b"(" * 100_000 + b".", b"." , b"", b"\x80\xff.",
    ],
)  # fmt: skip
def test_what_is_no_array_of_names_is_refused_unrun(data: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NotNamesError):
        read_pickled(data)
    assert capsys.readouterr().out == ""


# ---- HDF5


def _linked(opened: Any, secret: Path) -> None:
    opened["X"] = h5py.ExternalLink(str(secret), "/X")


def _linked_within(opened: Any, secret: Path) -> None:
    opened.create_group("obs/deep")["index"] = h5py.ExternalLink(str(secret), "/X")


def _stored_elsewhere(opened: Any, secret: Path) -> None:
    opened.create_dataset("obs/_index", shape=(4,), dtype="u1", external=[(str(secret), 0, 4)])


def _virtual(opened: Any, secret: Path) -> None:
    layout = h5py.VirtualLayout(shape=(4,), dtype="u1")
    layout[:] = h5py.VirtualSource(str(secret), "X", shape=(4,))
    opened.create_virtual_dataset("var/_index", layout)


@pytest.mark.parametrize("harm", [_linked, _linked_within, _stored_elsewhere, _virtual])
def test_hdf5_that_names_other_files_is_refused(harm: Callable[[Any, Path], None], tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("root:x:0:0")
    path = tmp_path / "a.h5ad"
    with h5py.File(path, "w") as opened:
        harm(opened, secret)
    with h5py.File(path, "r") as opened:
        error = refusal(lambda: check_hdf5(opened, Source(path, "a.h5ad", "anndata")))
    assert error.reason is Reason.UNSAFE_FILE


def test_hdf5_of_sizes_that_were_never_written_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.h5ad"
    for name in ("obs/_index", "X"):
        with h5py.File(path, "w") as opened:
            opened.create_dataset(name, shape=(1 << 40,), dtype="f8", chunks=(1 << 20,))
        assert path.stat().st_size < 100_000
        with h5py.File(path, "r") as opened:
            error = refusal(lambda opened=opened: check_hdf5(opened, Source(path, "a.h5ad", "anndata")))  # type: ignore[misc]
        assert error.reason is Reason.LIMIT_EXCEEDED


def test_hdf5_that_goes_round_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.h5ad"
    with h5py.File(path, "w") as opened:
        opened["obs/again"] = opened.create_group("var")
        opened["var/round"] = opened["obs"]
        opened["soft"] = h5py.SoftLink("/soft")
    with h5py.File(path, "r") as opened:
        check_hdf5(opened, Source(path, "a.h5ad", "anndata"))


def test_letters_that_are_none_are_refused_and_halves_of_letters_replaced(tmp_path: Path) -> None:
    for order in "<>":
        beyond = npy((1,), f"{order}U1", struct.pack(f"{order}I", 0x110000))
        assert refusal(lambda beyond=beyond: read_names(source(tmp_path, beyond))).reason is Reason.INVALID_TABLE  # type: ignore[misc]
        half = npy((2,), f"{order}U1", struct.pack(f"{order}II", 0xD800, 0xE9))
        assert read_names(source(tmp_path, half))[0] == ["?", "é"]
    assert refusal(lambda: read_names(source(tmp_path, npy((1,), "<c16")))).reason is Reason.INVALID_TABLE
