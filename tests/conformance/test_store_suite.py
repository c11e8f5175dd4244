"""One suite for every store: a folder, and a bucket on moto's server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cislex_core.canonical import digest_bytes
from cislex_core.errors import CislexError, Reason, UserError
from cislex_core.manifests import Manifest
from cislex_core.stores import Store, open_store
from cislex_core.stores.local import LocalStore
from cislex_core.stores.s3 import S3Store
from s3_server import send


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    if request.param == "local":
        yield LocalStore(tmp_path / "store")
    else:
        made = request.getfixturevalue("s3_server").store(tmp_path / "cache")
        yield made
        made.release()


def another(store: Any, tmp_path: Path) -> Any:
    """The same store as another machine sees it."""
    return open_store(store.url, cache_dir=tmp_path / f"cache-{time.monotonic_ns()}")


def temporaries(store: Any) -> list[Path]:
    return list((store.uploads.parent / "tmp").iterdir())


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
    assert not temporaries(store)


def test_parallel_commits_of_one_content(store: Any) -> None:
    digests: list[str] = []
    threads = [threading.Thread(target=lambda: digests.append(commit(store).digest)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(digests) == 8
    assert len(set(digests)) == 1


def test_what_one_process_writes_another_reads(store: Any, tmp_path: Path) -> None:
    artifact = commit(store, content=b"x" * 3000)
    source = tmp_path / "a.bed"
    source.write_bytes(b"chr1\t1\t2\n")
    file = store.put_file(source)
    other = another(store, tmp_path)
    opened = other.open_artifact(artifact.digest)
    assert opened.path("sub/data.bin").read_bytes() == b"x" * 3000
    assert (other.open_artifact(artifact.digest).dir / "sub" / "data.bin").is_file()
    assert other.open_file(file).read_bytes() == source.read_bytes()
    assert other.file_size(file) == 9
    assert other.file_size(artifact.digest) is None
    assert other.missing(["0" * 64, file, "1" * 64, artifact.digest]) == ["0" * 64, "1" * 64]
    held = {item.digest: item for item in other.contents()}
    assert {digest: item.is_artifact for digest, item in held.items()} == {artifact.digest: True, file: False}
    assert held[file].size_bytes == 9
    assert abs(held[artifact.digest].written_at - time.time()) < 120


@pytest.mark.parametrize("name", ["a b.txt", "100%.txt", "ä#?.txt", "a+b&c=d;e.txt", "x/y~(1)'!.txt", "a%20b.txt"])
def test_any_file_name_comes_back(store: Any, tmp_path: Path, name: str) -> None:
    staged = store.stage()
    (staged / name).parent.mkdir(exist_ok=True)
    (staged / name).write_text(name)
    artifact = store.commit_artifact(staged, Manifest(kind="count"))
    assert another(store, tmp_path).open_artifact(artifact.digest).path(name).read_text() == name


def test_empty_files_and_empty_artifacts(store: Any, tmp_path: Path) -> None:
    staged = store.stage()
    nothing = store.commit_artifact(staged, Manifest(kind="count"))
    empty = commit(store, content=b"")
    other = another(store, tmp_path)
    assert other.open_artifact(nothing.digest).names() == []
    assert other.open_artifact(empty.digest).path("sub/data.bin").read_bytes() == b""


def alter(store: Any, key: str, data: bytes) -> None:
    """Change stored bytes behind the store's back."""
    if isinstance(store, LocalStore):
        (store.root / key).write_bytes(data)
    else:
        store._bucket.put(key, data)


def test_altered_bytes_are_refused(store: Any, tmp_path: Path) -> None:
    artifact = commit(store)
    folder = f"artifacts/{artifact.digest[:2]}/{artifact.digest}"
    alter(store, f"{folder}/sub/data.bin", b"abd")
    other = another(store, tmp_path)
    with pytest.raises(CislexError) as caught:
        other.open_artifact(artifact.digest).path("sub/data.bin")
    assert caught.value.reason is Reason.ARTIFACT_CORRUPT
    alter(store, f"{folder}/manifest.json", b"{}")
    with pytest.raises(CislexError) as caught:
        other.open_artifact(artifact.digest)
    assert caught.value.reason is Reason.ARTIFACT_CORRUPT


def test_a_commit_of_the_same_content_heals(store: Any, tmp_path: Path) -> None:
    artifact = commit(store)
    if isinstance(store, S3Store):
        alter(store, f"artifacts/{artifact.digest[:2]}/{artifact.digest}/manifest.json", b"{}")
        commit(store)
    assert another(store, tmp_path).open_artifact(artifact.digest).path("sub/data.bin").read_bytes() == b"abc"


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
    assert not temporaries(store)


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
    (store.uploads / "half").write_bytes(b"half an upload")
    now = staged.stat().st_mtime
    assert store.sweep_temporaries(60, now + 30) == 0
    assert store.sweep_temporaries(60, now + 62) == 2
    assert not staged.exists()
    assert not list(store.uploads.iterdir())


def test_what_is_written_again_is_young_again(store: Any) -> None:
    artifact = commit(store)
    between = time.time() + 1000  # more than the clocks may differ
    assert not store.delete(artifact.digest, unless_written_since=between - 2000)
    assert not store.delete(artifact.digest, unless_written_since=between, only_if=lambda: False)
    assert store.confirm(artifact.digest)
    asked = []
    assert store.delete(artifact.digest, unless_written_since=between, only_if=lambda: asked.append(1) or True)
    assert asked == [1]
    assert not store.confirm(artifact.digest)
    assert commit(store).path("sub/data.bin").read_bytes() == b"abc"


@pytest.mark.parametrize("what", ["artifact", "file"])
def test_writing_while_it_is_deleted_ends_whole(store: Any, tmp_path: Path, what: str) -> None:
    source = tmp_path / "a.bed"
    source.write_bytes(b"abc")

    def write() -> str:
        return commit(store).digest if what == "artifact" else store.put_file(source)

    digest = write()
    deciding, written = threading.Event(), []

    def decide() -> bool:
        # The deletion has seen how old the content is, and goes on although it is written again meanwhile.
        deciding.set()
        time.sleep(0.5)
        assert not written, "who writes waits for the deletion's end"
        return True

    deleting = threading.Thread(target=lambda: store.delete(digest, only_if=decide))
    deleting.start()
    deciding.wait()
    written.append(write())
    deleting.join()
    other = another(store, tmp_path)
    place = other.open_artifact(digest).path("sub/data.bin") if what == "artifact" else other.open_file(digest)
    assert place.read_bytes() == b"abc"
    assert store.confirm(digest)


COMMITTER = """
import os, signal, sys, threading
from pathlib import Path
from cislex_core.manifests import Manifest
from cislex_core.stores import open_store
store = open_store(sys.argv[1], cache_dir=Path(sys.argv[2]))
staged = store.stage()
for i in range(40):
    (staged / f"{i}.bin").write_bytes(os.urandom(20_000))
print("go", flush=True)
print(store.commit_artifact(staged, Manifest(kind="count")).digest, flush=True)
"""


def test_a_killed_commit_leaves_nothing_visible(store: Any, tmp_path: Path) -> None:
    seen_unfinished = 0
    for attempt in range(4):
        command = [sys.executable, "-c", COMMITTER, store.url, str(tmp_path / f"c{attempt}")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "go\n"
        if isinstance(store, S3Store):
            while not list(store._bucket.list("artifacts")):
                time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.wait()
        finished = process.stdout.read().strip()
        process.stdout.close()
        assert store.artifacts() == [finished] * bool(finished)
        seen_unfinished += not finished
        for digest in store.artifacts():
            assert len(another(store, tmp_path).open_artifact(digest).names()) == 40
            store.delete(digest)
        if isinstance(store, S3Store):
            store.sweep_temporaries(0, time.time() + 1000)
            assert not list(store._bucket.list("artifacts")), "parts of a killed commit are swept"
    assert seen_unfinished > 0


def test_the_first_collector_is_the_only_one(store: Any, tmp_path: Path) -> None:
    assert store.claim("ledger-a")
    assert not another(store, tmp_path).claim("ledger-b")
    assert another(store, tmp_path).claim("ledger-a")


def test_presigned_urls_or_the_reason_why_not(store: Any, tmp_path: Path) -> None:
    data = os.urandom(100_000)
    digest = digest_bytes(data)
    if isinstance(store, LocalStore):
        for call in (lambda: store.presign_upload(60), lambda: store.presign_download(digest, "", 60)):
            with pytest.raises(UserError) as caught:
                call()
            assert caught.value.reason is Reason.NO_PRESIGNED_URLS
        return
    upload = store.presign_upload(60)
    send(upload.url, data)
    assert not store.has(digest), "nothing is visible before it was checked"
    store.finish_upload(upload.upload_id, digest, len(data))
    assert store.file_size(digest) == len(data)
    with urllib.request.urlopen(store.presign_download(digest, "", 60)) as answer:
        assert answer.read() == data
    artifact = commit(store)
    with urllib.request.urlopen(store.presign_download(artifact.digest, "sub/data.bin", 60)) as answer:
        assert answer.read() == b"abc"
    other = store.presign_upload(60)
    for sent, reason in ((None, Reason.ARTIFACT_MISSING), (b"short", Reason.ARTIFACT_CORRUPT),
                         (os.urandom(100_000), Reason.ARTIFACT_CORRUPT)):  # fmt: skip
        if sent is not None:
            send(other.url, sent)
        with pytest.raises(UserError) as caught:
            store.finish_upload(other.upload_id, "1" * 64, 100_000)
        assert caught.value.reason is reason
        assert not store.has("1" * 64)
    with pytest.raises(UserError) as caught:
        store.finish_upload("../files/x", digest, 1)
    assert caught.value.reason is Reason.INVALID_REQUEST
    assert not list(store._bucket.list("uploads")), "what was refused is gone"
