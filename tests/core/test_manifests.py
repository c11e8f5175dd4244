"""Manifests that lead elsewhere: no file of an artifact lies outside its folder, and none is a link."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cislex_core.canonical import digest_bytes
from cislex_core.errors import CislexError, Reason
from cislex_core.manifests import Artifact, Manifest, read_manifest
from cislex_core.stores.local import LocalStore

OUTSIDE = [
    "../x", "a/../../x", "/etc/passwd", "//etc/passwd", "a//b", "./x", "a/./b", "..", ".", "", "a/", "C:/x", "C:x",
    "..\\x", "a\\b", "\\\\server\\share", "a\x00b",
]  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_path_that_leads_elsewhere_makes_no_manifest(path: str) -> None:
    entry = {"path": path, "sha256": "0" * 64, "size_bytes": 0}
    data = json.dumps({"kind": "dataset", "files": [entry]}).encode()
    with pytest.raises(CislexError, match="no path within an artifact") as caught:
        read_manifest(digest_bytes(data), data)
    assert caught.value.reason is Reason.ARTIFACT_CORRUPT


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"kind": 1}', b'{"kind":"x","summary":' + b"[" * 10**5])
def test_what_is_no_manifest_is_corrupt(data: bytes) -> None:
    with pytest.raises(CislexError) as caught:
        read_manifest(digest_bytes(data), data)
    assert caught.value.reason is Reason.ARTIFACT_CORRUPT


def _committed(store: LocalStore) -> Artifact:
    staged = store.stage()
    (staged / "folder").mkdir()
    (staged / "folder" / "a.txt").write_text("same bytes")
    return store.commit_artifact(staged, Manifest(kind="dataset"))


def test_a_file_that_became_a_link_is_refused_though_the_bytes_are_the_same(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    artifact = _committed(store)
    assert artifact.path("folder/a.txt").read_text() == "same bytes"
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.txt").write_text("same bytes")
    file = artifact.folder / "folder" / "a.txt"
    file.unlink()
    file.symlink_to(tmp_path / "elsewhere" / "a.txt")
    with pytest.raises(CislexError) as caught:
        store.open_artifact(artifact.digest).path("folder/a.txt")
    assert caught.value.reason is Reason.ARTIFACT_CORRUPT


def test_a_folder_that_became_a_link_is_refused(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    artifact = _committed(store)
    (artifact.folder / "folder").rename(tmp_path / "elsewhere")
    (artifact.folder / "folder").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CislexError) as caught:
        store.open_artifact(artifact.digest).path("folder/a.txt")
    assert caught.value.reason is Reason.ARTIFACT_CORRUPT


def test_a_store_in_a_folder_that_is_a_link_is_fine(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "store").symlink_to(tmp_path / "real")
    assert _committed(LocalStore(tmp_path / "store")).path("folder/a.txt").read_text() == "same bytes"
