"""From request messages to specs: the walk, the checks, the references."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
import toy
from cislex_core.canonical import digest_bytes
from cislex_core.errors import Reason, UserError, Violation
from cislex_core.manifests import Manifest
from cislex_core.stores.local import LocalStore
from cislex_core.tasks import ArtifactDigest, InputRef, NamesArtifact, TaskSpec
from cislex_runtime import names
from cislex_runtime.files import FileDigests
from cislex_runtime.ledger import Ledger, Resource
from cislex_runtime.serving.requests import Resolver, parse_spec, read_common, to_spec_dict
from cislex_runtime.specs import inputs_of
from pydantic import BaseModel, Field

M = toy.messages()


def test_walk_leaves_out_what_is_unset() -> None:
    assert to_spec_dict(M.CountRequest(parent="tenants/local", request_id="x", validate_only=True)) == {}
    assert to_spec_dict(M.CountRequest(n=0, label="")) == {"n": 0, "label": ""}
    assert to_spec_dict(M.WalkRequest()) == {"flag": False}


def test_walk_of_enums_lists_files_and_messages() -> None:
    message = M.WalkRequest(mood=1, moods=[2, 1], numbers=[3, 4], flag=True, share=0.0, word="w")
    message.files.add(path="/x")
    message.files.add(sha256="ab")
    message.inner.n = 2
    message.inner.labels["a"] = "b"
    assert to_spec_dict(message) == {
        "mood": "flaky",
        "moods": ["user_error", "flaky"],
        "numbers": [3, 4],
        "flag": True,
        "share": 0.0,
        "word": "w",
        "files": [{"sha256": "", "path": "/x"}, {"sha256": "ab", "path": None}],
        "inner": {"validate_only": False, "n": 2, "labels": {"a": "b"}},
    }


def test_every_violation_is_reported_with_its_path() -> None:
    class Inner(BaseModel):
        size: int

    class Spec(TaskSpec):
        n: int
        inner: Inner
        seeds: list[int]

    from cislex_core.tasks import TaskInfo

    problems: list[Violation] = []
    values = {"inner": {"size": "many"}, "seeds": [1, "x"], "other": 1}
    assert parse_spec(TaskInfo(Spec, "count"), values, problems) is None
    assert {p.field for p in problems} == {"n", "inner.size", "seeds[1]", "other"}
    assert next(p.description for p in problems if p.field == "n") == "is required"
    assert "'many'" in next(p.description for p in problems if p.field == "inner.size")


def test_common_fields_are_checked_together() -> None:
    problems: list[Violation] = []
    read_common(M.CountRequest(parent="Nobody", request_id="1", labels={"Bad Key": "x"}), problems)
    assert [p.field for p in problems] == ["parent", "request_id", "labels.Bad Key"]
    problems.clear()
    rid = "C8615E74-4AF3-4ADC-8F50-23FE0CD5942D"
    common = read_common(M.CountRequest(request_id=rid, labels={"run": "1"}), problems)
    assert problems == []
    assert (common.tenant, common.request_id, common.labels) == ("local", rid.lower(), {"run": "1"})


class Refs(TaskSpec):
    """All the places where references can stand."""

    one: Annotated[ArtifactDigest, NamesArtifact(("dataset",))] | None = None
    many: list[ArtifactDigest] = Field(default_factory=list)
    database: str = "jaspar2024-vertebrates"
    table: InputRef | None = None
    tables: list[InputRef] = Field(default_factory=list)


@pytest.fixture
def place(tmp_path: Path) -> tuple[Resolver, Ledger, LocalStore, str]:
    """A resolver that may read tmp_path/in, with one dataset artifact in the store."""
    ledger = Ledger(f"sqlite:///{tmp_path / 'l.sqlite'}")
    ledger.migrate()
    store = LocalStore(tmp_path / "store")
    staged = store.stage()
    (staged / "x").write_text("x")
    digest = store.commit_artifact(staged, Manifest(kind="dataset")).digest
    (tmp_path / "in").mkdir()
    return Resolver(ledger, store, FileDigests(ledger), [tmp_path / "in"]), ledger, store, digest


def test_names_become_digests(place: tuple[Resolver, Ledger, LocalStore, str]) -> None:
    resolver, ledger, _, digest = place
    name = names.resource_name("local", "datasets", digest)
    ledger.add_resource(Resource(name, "local", "datasets", "dataset", digest, 1, {}, "op", 1.0))
    spec = resolver.resolve(Refs(one=name, many=[digest, name]), "local").spec
    assert isinstance(spec, Refs)
    assert (spec.one, spec.many, spec.database) == (digest, [digest, digest], "jaspar2024-vertebrates")
    assert inputs_of(spec) == {"one": digest, "many[0]": digest, "many[1]": digest}
    with pytest.raises(UserError) as caught:
        resolver.resolve(Refs(one=name), "another")
    assert caught.value.reason is Reason.NOT_FOUND


def test_all_failing_references_are_named(place: tuple[Resolver, Ledger, LocalStore, str], tmp_path: Path) -> None:
    resolver, _, _, digest = place
    spec = Refs(
        many=[digest, "x", "f" * 64, "tenants/local/datasets/0000000000000000"],
        tables=[InputRef(path=str(tmp_path / "in" / "none.tsv")), InputRef(path="/etc/hostname"), InputRef()],
    )
    with pytest.raises(UserError) as caught:
        resolver.resolve(spec, "local")
    assert [v.field for v in caught.value.violations] == [
        "many[1]", "many[2]", "many[3]", "tables[0]", "tables[1]", "tables[2]",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "spec, reason",
    [
        (Refs(many=["f" * 64]), Reason.ARTIFACT_MISSING),
        (Refs(many=["datasets/1"]), Reason.INVALID_REQUEST),
        (Refs(table=InputRef(path="/etc/hostname")), Reason.PATH_NOT_ALLOWED),
        (Refs(table=InputRef(path="in/x")), Reason.INVALID_REQUEST),
        (Refs(table=InputRef(sha256="f" * 64)), Reason.ARTIFACT_MISSING),
        (Refs(table=InputRef(sha256="abc")), Reason.INVALID_REQUEST),
    ],
)
def test_reference_reasons(place: tuple[Resolver, Ledger, LocalStore, str], spec: Refs, reason: Reason) -> None:
    with pytest.raises(UserError) as caught:
        place[0].resolve(spec, "local")
    assert caught.value.reason is reason


def test_kind_is_checked(place: tuple[Resolver, Ledger, LocalStore, str]) -> None:
    resolver, _, store, _ = place
    staged = store.stage()
    (staged / "x").write_text("m")
    model = store.commit_artifact(staged, Manifest(kind="model")).digest
    with pytest.raises(UserError, match="is a model, this field takes a dataset") as caught:
        resolver.resolve(Refs(one=model), "local")
    assert caught.value.reason is Reason.ARTIFACT_KIND


def test_files_are_hashed_once_and_again_when_changed(
    place: tuple[Resolver, Ledger, LocalStore, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = place[0]
    file = tmp_path / "in" / "a.bed"
    file.write_text("chr1\t1\t2\n")
    hashed: list[Path] = []
    from cislex_runtime import files

    real = files.digest_file
    monkeypatch.setattr(files, "digest_file", lambda path: hashed.append(path) or real(path))
    first = resolver.resolve(Refs(table=InputRef(path=str(file))), "local")
    again = resolver.resolve(Refs(table=InputRef(path=str(file))), "local")
    assert first == again
    assert len(hashed) == 1
    assert isinstance(first.spec, Refs)
    assert first.spec.table is not None
    assert first.spec.table.sha256 == digest_bytes(b"chr1\t1\t2\n")
    assert first.spec.digestable() == Refs(table=InputRef(sha256=first.spec.table.sha256)).digestable()
    file.write_text("chr2\t1\t2\n")
    assert resolver.resolve(Refs(table=InputRef(path=str(file))), "local") != first
    assert len(hashed) == 2
    with pytest.raises(UserError) as caught:
        resolver.resolve(Refs(table=InputRef(path=str(file), sha256="a" * 64)), "local")
    assert caught.value.reason is Reason.ARTIFACT_CORRUPT


def test_links_do_not_lead_out_of_the_allowed_folders(
    place: tuple[Resolver, Ledger, LocalStore, str], tmp_path: Path
) -> None:
    link = tmp_path / "in" / "link"
    link.symlink_to("/etc/hostname")
    with pytest.raises(UserError) as caught:
        place[0].resolve(Refs(table=InputRef(path=str(link))), "local")
    assert caught.value.reason is Reason.PATH_NOT_ALLOWED
