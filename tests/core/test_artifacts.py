"""Artifacts: named by content, atomic, verified."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cislex_core.canonical import canonical_json, digest_json
from cislex_core.errors import CislexError, Reason, UserError
from cislex_core.manifests import MANIFEST, Manifest
from cislex_core.stores.local import LocalStore


def _commit(store: LocalStore, payload: bytes = b"ACGT", **fields: object) -> str:
    staged = store.stage()
    (staged / "sub").mkdir()
    (staged / "sub" / "a.txt").write_bytes(payload)
    return store.commit_artifact(staged, Manifest(kind="dataset", **fields)).digest


def test_canonical_json_is_rfc_8785() -> None:
    # The RFC's own rules: keys sorted by UTF-16 units, shortest numbers, no spaces.
    assert canonical_json({"b": 1.0, "a": [1e21, "é", True, None]}) == '{"a":[1e+21,"é",true,null],"b":1}'.encode()
    assert digest_json({"a": 1, "b": 2}) == digest_json({"b": 2, "a": 1})


def test_same_content_same_name_and_no_leftovers(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    first, second = _commit(store), _commit(store)
    assert first == second
    assert store.artifacts() == [first]
    assert list((tmp_path / "tmp").iterdir()) == []


def test_any_field_changes_the_name(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    names = {_commit(store), _commit(store, b"ACGA"), _commit(store, seeds=[1]), _commit(store, genome_digest="x")}
    assert len(names) == 4


def test_reader_refuses_altered_bytes_and_manifest(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    digest = _commit(store)
    folder = store.open_artifact(digest).dir
    (folder / "sub" / "a.txt").write_bytes(b"TTTT")
    with pytest.raises(CislexError) as caught:
        store.open_artifact(digest).path("sub/a.txt")
    assert caught.value.reason is Reason.ARTIFACT_CORRUPT
    (folder / MANIFEST).write_bytes((folder / MANIFEST).read_bytes().replace(b"dataset", b"datasex"))
    with pytest.raises(CislexError) as caught:
        store.open_artifact(digest)
    assert caught.value.reason is Reason.ARTIFACT_CORRUPT


def test_missing_and_malformed_names(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    with pytest.raises(UserError) as caught:
        store.open_artifact("0" * 64)
    assert caught.value.reason is Reason.ARTIFACT_MISSING
    for bad in ("../../etc", "A" * 64, "abc"):
        with pytest.raises(UserError) as caught:
            store.open_artifact(bad)
        assert caught.value.reason is Reason.INVALID_REQUEST


def test_files_are_checked_when_put(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    source = tmp_path / "peaks.bed"
    source.write_text("chr1\t1\t2\n")
    digest = store.put_file(source)
    assert store.open_file(digest).read_text() == source.read_text()
    assert store.has(digest)
    with pytest.raises(UserError):
        store.put_file(source, expected_sha256="0" * 64)
    assert list((tmp_path / "store" / "tmp").iterdir()) == []


def test_arrays_come_memory_mapped(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    staged = store.stage()
    np.save(staged / "codes.npy", np.arange(12, dtype=np.uint8).reshape(3, 4))
    codes = store.commit_artifact(staged, Manifest(kind="dataset")).array("codes.npy")
    assert isinstance(codes, np.memmap)
    assert codes[2, 3] == 11


def test_sweep_removes_only_what_is_old(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    fresh = store.stage()
    assert store.sweep_temporaries(older_than_s=3600, now_s=fresh.stat().st_mtime + 60) == 0
    assert store.sweep_temporaries(older_than_s=3600, now_s=fresh.stat().st_mtime + 7200) == 1
    assert not fresh.exists()
