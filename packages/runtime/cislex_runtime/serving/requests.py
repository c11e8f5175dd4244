"""From a request message to a validated, resolved spec; every violation is reported at once."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cislex_core.errors import CislexError, Reason, UserError, Violation
from cislex_core.stores import Store
from cislex_core.tasks import InputRef, NamesArtifact, TaskInfo, TaskSpec
from google.protobuf.message import Message
from pydantic import ValidationError

from cislex_runtime import names
from cislex_runtime.files import FileDigests
from cislex_runtime.ledger import Ledger
from cislex_runtime.security import identity
from cislex_runtime.security.quotas import Quotas
from cislex_runtime.specs import map_references

#: Fields 1–4 of every mutating request; the rest is the spec.
COMMON_FIELDS = ("parent", "request_id", "validate_only", "labels")
_INPUT_FILE = "cislex.artifacts.v1.InputFile"
_DIGEST = re.compile(r"^[0-9a-f]{64}$")
_LABEL_KEY = re.compile(r"^[a-z][a-z0-9_.-]{0,62}$")


def to_spec_dict(message: Message) -> dict[str, Any]:
    """The spec that a request states, as plain values; what is unset is left out, so that spec defaults hold.

    Enums become the lower-case value name without the type's prefix (``KMER_PROTOCOL_EQ3`` → ``eq3``), unspecified ones
    are left out, InputFile becomes ``{"sha256", "path"}``. Scalars without presence are left out when empty if they are
    text or bytes, and kept otherwise.
    """
    values = _message_dict(message)
    for name in COMMON_FIELDS:
        values.pop(name, None)
    return values


def _message_dict(message: Message) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.is_repeated:
            if not value:
                continue
            if field.message_type is not None and field.message_type.GetOptions().map_entry:
                inner = field.message_type.fields_by_name["value"]
                values[field.name] = {key: _plain(inner, value[key]) for key in value}
            else:
                values[field.name] = [_plain(field, item) for item in value]
        elif field.has_presence:
            if message.HasField(field.name):
                plain = _plain(field, value)
                if plain is not None:
                    values[field.name] = plain
        else:
            plain = _plain(field, value)
            if plain is not None and plain != "":
                values[field.name] = plain
    return values


def _plain(field: Any, value: Any) -> Any:
    if field.message_type is not None:
        if field.message_type.full_name == _INPUT_FILE:
            return {"sha256": value.sha256, "path": value.path or None}
        return _message_dict(value)
    if field.enum_type is not None:
        return _enum_word(field, value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


def _enum_word(field: Any, number: int) -> str | None:
    descriptor = field.enum_type.values_by_number.get(number)
    if descriptor is None:
        return f"unknown value {number}"
    prefix = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", field.enum_type.name).upper() + "_"
    word = descriptor.name.removeprefix(prefix).lower()
    return None if word == "unspecified" else word


@dataclass(frozen=True)
class Submission:
    """The common fields of a mutating request."""

    tenant: str
    request_id: str
    validate_only: bool
    labels: dict[str, str]


def read_common(message: Message, problems: list[Violation]) -> Submission:
    """Check fields 1–4; what is wrong is appended to ``problems``."""
    parent, request_id = getattr(message, "parent", ""), getattr(message, "request_id", "")
    tenant = names.tenant_of("")
    try:
        tenant = names.tenant_of(parent)
    except UserError as error:
        problems.extend(error.violations)
    if request_id:
        try:
            if uuid.UUID(request_id).version != 4:
                raise ValueError
            request_id = str(uuid.UUID(request_id))
        except ValueError:
            problems.append(
                Violation("request_id", f"{request_id!r} is not a UUID version 4; leave it empty or take one")
            )
    labels = dict(getattr(message, "labels", {}))
    for key, value in labels.items():
        if not _LABEL_KEY.match(key) or len(value) > 256:
            problems.append(
                Violation(f"labels.{key}", "a label's key is [a-z][a-z0-9_.-]{0,62}, its value at most 256 characters")
            )
    return Submission(tenant, request_id, bool(getattr(message, "validate_only", False)), labels)


def parse_spec(info: TaskInfo, values: dict[str, Any], problems: list[Violation]) -> TaskSpec | None:
    """Validate; violations are appended with proto paths (``training.batch_size``, ``seeds[2]``)."""
    try:
        return info.spec.model_validate(values)
    except ValidationError as error:
        found = error.errors(include_url=False)
        problems.extend(Violation(_path(item["loc"]), _describe(item)) for item in found)
        return None


def _path(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def _describe(item: Any) -> str:
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] == "missing":
        return "is required"
    given = item.get("input")
    return f"{message} (got {given!r})" if isinstance(given, (str, int, float, bool)) else message


@dataclass(frozen=True)
class Resolved:
    """A spec whose references are digests, and where its files lie."""

    spec: TaskSpec
    files: dict[str, dict[str, Any]]


class Resolver:
    """Puts digests in the place of resource names and paths."""

    def __init__(
        self,
        ledger: Ledger,
        store: Store,
        digests: FileDigests,
        allowed_roots: list[Path] | None,
        quotas: Quotas | None = None,
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._digests = digests
        self._roots = None if allowed_roots is None else [root.resolve() for root in allowed_roots]
        self._quotas = quotas or Quotas(None, ledger)

    def resolve(self, spec: TaskSpec, tenant: str) -> Resolved:
        """All references at once; raises one error that names every one that fails (reason of the first)."""
        errors: list[tuple[str, CislexError]] = []
        files: dict[str, dict[str, Any]] = {}

        def on_artifact(path: str, value: str, mark: NamesArtifact) -> str:
            try:
                return self._artifact(path, value, mark, tenant)
            except CislexError as error:
                errors.append((path, error))
                return value

        def on_file(path: str, ref: InputRef) -> InputRef:
            try:
                resolved, place = self._file(path, ref)
            except CislexError as error:
                errors.append((path, error))
                return ref
            if place is not None:
                files[resolved.sha256] = place
            return resolved

        resolved = map_references(spec, on_artifact, on_file)
        if errors:
            first = errors[0][1]
            violations = [Violation(path, error.message) for path, error in errors]
            message = first.message if len(errors) == 1 else "; ".join(error.message for _, error in errors)
            combined = UserError(first.reason, message, violations=violations)
            combined.metadata.update(first.metadata)
            raise combined
        return Resolved(resolved, files)

    def _artifact(self, path: str, value: str, mark: NamesArtifact, tenant: str) -> str:
        digest = value
        if names.is_name(value):
            owner, _, _ = names.parse_name(value, path)
            resource = self._ledger.get_resource(value) if owner == tenant else None
            if resource is None:
                raise UserError(Reason.NOT_FOUND, f"{path}: there is no {value}", name=value, type="resource")
            digest = resource.digest
        elif not _DIGEST.match(value):
            raise UserError(
                Reason.INVALID_REQUEST,
                f"{path}: {value!r} is neither a resource name (tenants/{tenant}/…/…) nor a sha256 of 64 hex digits",
                value=value,
            )
        else:
            self._check_owned(digest, f"no artifact {digest} in this store")
        artifact = self._store.open_artifact(digest)
        if mark.kinds and artifact.kind not in mark.kinds:
            wanted = " or ".join(mark.kinds)
            raise UserError(
                Reason.ARTIFACT_KIND, f"{path}: {value} is a {artifact.kind}, this field takes a {wanted}",
                value=value, kind=artifact.kind, wanted=wanted,
            )  # fmt: skip
        return digest

    def _file(self, path: str, ref: InputRef) -> tuple[InputRef, dict[str, Any] | None]:
        if ref.path:
            place = self._allowed(path, ref.path)
            known = self._digests.digest(place, path)
            if ref.sha256 and known.sha256 != ref.sha256:
                raise UserError(
                    Reason.ARTIFACT_CORRUPT, f"{path}: {place} has sha256 {known.sha256}, expected {ref.sha256}",
                    path=place, got=known.sha256, expected=ref.sha256,
                )  # fmt: skip
            return InputRef(sha256=known.sha256, path=str(place)), known.place()
        if not _DIGEST.match(ref.sha256):
            raise UserError(
                Reason.INVALID_REQUEST, f"{path}: give a path or a sha256 of 64 hex digits, got {ref.sha256!r}",
                value=ref.sha256,
            )  # fmt: skip
        absent = f"no file {ref.sha256} in this store; upload it first"
        self._check_owned(ref.sha256, absent)
        if self._store.file_size(ref.sha256) is None:
            raise UserError(Reason.ARTIFACT_MISSING, absent, digest=ref.sha256)
        return ref, None

    def _check_owned(self, digest: str, message: str) -> None:
        """A digest is no capability: what the caller's tenant neither sent nor made is answered as absent."""
        who = identity.current()
        if who.scoped and not self._ledger.owned(who.tenant, [digest]):
            raise UserError(Reason.ARTIFACT_MISSING, message, digest=digest)

    def _allowed(self, field: str, text: str) -> Path:
        if not Path(text).is_absolute():
            raise UserError(Reason.INVALID_REQUEST, f"{field}: {text!r} is not an absolute path", path=text)
        place = Path(text).resolve()
        roots = self._open_roots()
        if roots is not None and not any(place.is_relative_to(root) for root in roots):
            raise UserError(
                Reason.PATH_NOT_ALLOWED,
                f"{field}: {text} lies outside the folders that this server may read",
                path=text,
            )
        return place

    def _open_roots(self) -> list[Path] | None:
        """Folders whose files the caller may name; None = all. With tokens: its tenant's own below the allowed ones,
        and those that its quota lists."""
        who = identity.current()
        if not who.scoped:
            return self._roots
        own = [root / who.tenant for root in self._roots or []]
        return [root.resolve() for root in [*own, *self._quotas.of(who.tenant).roots]]
