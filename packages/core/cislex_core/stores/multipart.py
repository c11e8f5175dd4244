"""Multipart uploads that were begun and never ended: a killed process leaves their parts, which no listing shows.

obstore has no verb for them, so the two requests (ListMultipartUploads, AbortMultipartUpload) are made and signed here
(AWS Signature Version 4). That takes keys in ``AWS_ACCESS_KEY_ID`` and ``AWS_SECRET_ACCESS_KEY``; a server with other
credentials (a role of its machine) needs a lifecycle rule of the bucket: AbortIncompleteMultipartUpload after a day.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

from cislex_core.errors import Reason, RetryableError

if TYPE_CHECKING:
    from cislex_core.stores.bucket import Bucket

log = logging.getLogger("cislex.store")
_EMPTY = hashlib.sha256(b"").hexdigest()
_TIMEOUT_S = 30.0


def abort_old_uploads(bucket: Bucket, before_s: float) -> int:
    """End the unfinished multipart uploads below the bucket's prefix that were begun before; answers how many."""
    keys = os.environ.get("AWS_ACCESS_KEY_ID", ""), os.environ.get("AWS_SECRET_ACCESS_KEY", "")
    if not all(keys):
        log.info("unfinished multipart uploads are left to the bucket's lifecycle rules: AWS_ACCESS_KEY_ID is not set")
        return 0
    old = [(key, upload) for key, upload, begun in _uploads(bucket, keys) if begun < before_s]
    for key, upload in old:
        _ask(bucket, keys, "DELETE", f"/{key}", {"uploadId": upload})
    return len(old)


def _uploads(bucket: Bucket, keys: tuple[str, str]) -> Iterator[tuple[str, str, float]]:
    query = {"uploads": "", "prefix": f"{bucket.prefix}/" if bucket.prefix else ""}
    while True:
        root = ElementTree.fromstring(_ask(bucket, keys, "GET", "", query))
        space = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""

        def text(node: ElementTree.Element, name: str, space: str = space) -> str:
            return node.findtext(f"{space}{name}") or ""

        for node in root.iter(f"{space}Upload"):
            begun = datetime.fromisoformat(text(node, "Initiated").replace("Z", "+00:00"))
            yield text(node, "Key"), text(node, "UploadId"), begun.timestamp()
        if text(root, "IsTruncated") != "true":
            return
        query |= {"key-marker": text(root, "NextKeyMarker"), "upload-id-marker": text(root, "NextUploadIdMarker")}


def _ask(bucket: Bucket, keys: tuple[str, str], method: str, path: str, query: dict[str, str]) -> bytes:
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    endpoint = bucket.endpoint or os.environ.get("AWS_ENDPOINT_URL") or f"https://s3.{region}.amazonaws.com"
    address = f"/{quote(bucket.name)}{quote(path)}"
    text = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(query.items()))
    request = urllib.request.Request(f"{endpoint.rstrip('/')}{address}?{text}", method=method)
    for name, value in _signed(
        method, urlsplit(endpoint).netloc, address, text, region, keys, datetime.now(UTC)
    ).items():
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
            data: bytes = answer.read()
            return data
    except (urllib.error.URLError, TimeoutError) as error:
        text = f"unfinished multipart uploads of {bucket.name} could not be looked at: {error}"
        raise RetryableError(Reason.UNAVAILABLE, text) from error


def _signed(
    method: str, host: str, address: str, query: str, region: str, keys: tuple[str, str], now: datetime
) -> dict[str, str]:
    """Headers of AWS Signature Version 4 for a request without a body."""
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    headers = {"host": host, "x-amz-content-sha256": _EMPTY, "x-amz-date": stamp}
    if token := os.environ.get("AWS_SESSION_TOKEN", ""):
        headers["x-amz-security-token"] = token
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = "\n".join([method, address, query, lines, names, _EMPTY])
    scope = f"{day}/{region}/s3/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{keys[1]}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    credential = f"AWS4-HMAC-SHA256 Credential={keys[0]}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "Authorization": credential}
