"""Results that are known: the resource that an artifact of the cache stands for."""

from __future__ import annotations

import time

from cislex_core.errors import CislexError, Reason
from cislex_core.stores import Store

from cislex_runtime import names
from cislex_runtime.ledger import Ledger, Resource
from cislex_runtime.resources import Resources


def find_cached(
    ledger: Ledger, store: Store, resources: Resources, tenant: str, digest: str | None, op_id: str
) -> Resource | None:
    """The resource of a cached artifact, if the store still holds it; named in ``tenant`` when it was not yet."""
    if digest is None:
        return None
    try:
        artifact = store.open_artifact(digest)
    except CislexError as error:
        if error.reason not in (Reason.ARTIFACT_MISSING, Reason.ARTIFACT_CORRUPT):
            raise  # the store is away: what it holds is not known
        ledger.forget_results(digest)
        return None
    collection = resources.collection(artifact.kind)
    name = names.resource_name(tenant, collection, digest)
    existing = ledger.get_resource(name)
    if existing is not None:
        return existing
    manifest = artifact.manifest
    resource = ledger.add_resource(
        Resource(
            name, tenant, collection, artifact.kind, digest, manifest.total_bytes, manifest.summary, op_id, time.time()
        )
    )
    if not store.confirm(digest):  # it was collected between the two looks
        ledger.delete_resource(name)
        ledger.forget_results(digest)
        return None
    return resource
