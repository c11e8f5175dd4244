"""One suite for every store. The local folder is the one there is; another joins by adding its factory to STORES."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cislex_core.artifacts import LocalStore, Manifest
from cislex_core.canonical import digest_bytes
from cislex_core.errors import CislexError, Reason, UserError

STORES: dict[str, Callable[[Path], Any]] = {"local": LocalStore}


@pytest.fixture(params=list(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """An empty store."""
    return STORES[request.param](tmp_path / "store")


def commit(store: Any, content: bytes = b"abc", **fields: Any) -> Any:
    staged = store.stage()
    (staged / "sub").mkdir()
    (staged / "sub" / "data.bin").write_bytes(content)
    return store.commit_artifact(staged, Manifest(kind="count", **fields))


def test_name_is_the_manifests_digest(store: Any) -> None:
    artifact = commit(store, summary={"n": 1})
    assert artifact.digest == digest_bytes(artifact.manifest.canonical())
    opened = store.open_artifact(artifact.digest)
    assert opened.manifest == artifact.manifest
    assert opened.path("sub/data.bin").read_bytes() == b"abc"
    assert opened.names() == ["sub/data.bin"]
    assert store.has(artifact.digest)
    assert store.artifacts() == [artifact.digest]


def test_same_content_same_name_and_one_copy(store: Any) -> None:
    assert commit(store).digest == commit(store).digest
    assert commit(store, seeds=[1]).digest != commit(store).digest
    assert len(store.artifacts()) == 2
    assert not list((store.root / "tmp").iterdir())


def test_parallel_commits_of_one_content(store: Any) -> None:
    digests: list[str] = []
    threads = [threading.Thread(target=lambda: digests.append(commit(store).digest)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(digests) == 8
    assert len(set(digests)) == 1


def test_altered_bytes_are_refused(store: Any) -> None:
    artifact = commit(store)
    (artifact.dir / "sub" / "data.bin").write_bytes(b"abd")
    with pytest.raises(CislexError) as caught:
        store.open_artifact(artifact.digest).path("sub/data.bin")
    assert caught.value.reason is Reason.ARTIFACT_CORRUPT
    (artifact.dir / "manifest.json").write_bytes(b"{}")
    with pytest.raises(CislexError) as caught:
        store.open_artifact(artifact.digest)
    assert caught.value.reason is Reason.ARTIFACT_CORRUPT


def test_files_by_content(store: Any, tmp_path: Path) -> None:
    source = tmp_path / "a.bed"
    source.write_bytes(b"chr1\t1\t2\n")
    digest = store.put_file(source)
    assert digest == digest_bytes(b"chr1\t1\t2\n")
    assert store.open_file(digest).read_bytes() == source.read_bytes()
    assert store.put_file(source, digest) == digest
    with pytest.raises(UserError) as caught:
        store.put_file(source, "0" * 64)
    assert caught.value.reason is Reason.ARTIFACT_CORRUPT
    assert not list((store.root / "tmp").iterdir())


def test_absent_and_deleted(store: Any) -> None:
    for call in (store.open_artifact, store.open_file):
        with pytest.raises(UserError) as caught:
            call("0" * 64)
        assert caught.value.reason is Reason.ARTIFACT_MISSING
        with pytest.raises(UserError) as caught:
            call("../../etc")
        assert caught.value.reason is Reason.INVALID_REQUEST
    artifact = commit(store)
    store.delete(artifact.digest)
    store.delete(artifact.digest)
    assert not store.has(artifact.digest)


def test_old_temporaries_are_swept(store: Any) -> None:
    staged = store.stage()
    now = staged.stat().st_mtime
    assert store.sweep_temporaries(60, now + 30) == 0
    assert store.sweep_temporaries(60, now + 61) == 1
    assert not staged.exists()
