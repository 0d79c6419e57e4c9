"""Objects of S3, put into moto and fetched without the way over HTTP, which takes ten times as long."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from botocore.response import StreamingBody
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket, FakeKey, S3Backend, s3_backends
from moto.s3.utils import metadata_from_headers

from tests.aws.names import ACCOUNT_ID

from .moto_gaps import Answered

MOST_IN_A_LIST = 1000
PLAIN_LIST = frozenset(("prefix", "start-after", "encoding-type"))
"""Parameters of a list that has no pages and no folders."""
PLAIN_HEADERS = (
    "content-type",
    "x-amz-meta-",
    "x-amz-expected-bucket-owner",
    "user-agent",
    "expect",
    "x-amz-sdk-checksum",
    "x-amz-checksum-mode",
)
METADATA = "x-amz-meta-"

Answer = dict[str, Any]


def answered(operation: str, params: dict[str, Any]) -> tuple[Answered, Answer] | None:
    """The answer of moto to a call that asks for nothing but the usual, done by moto's own models.

    None: moto is to be asked, of errors as well.
    """
    do = OPERATIONS.get(operation)
    if do is None or not all(map(_is_plain, params["headers"])):
        return None
    backend = s3_backends[ACCOUNT_ID]["aws"]
    # `auth_path` has the bucket also where that stands in the host's name.
    _, name, key = (*params.get("auth_path", "").split("/", 2), "", "")[:3]
    bucket = backend.buckets.get(name)
    if bucket is None:
        return None
    answer = do(backend, bucket, unquote(key), params)
    return (
        None if answer is None else (Answered(200), {**answer, "ResponseMetadata": {"HTTPStatusCode": 200}})
    )


def _is_plain(header: str) -> bool:
    return header.lower().startswith(PLAIN_HEADERS)


def _list(_backend: S3Backend, bucket: FakeBucket, _key: str, params: dict[str, Any]) -> Answer | None:
    asked = params["query_string"]
    prefix, after = asked.get("prefix", ""), asked.get("start-after", "")
    names = sorted(name for name in bucket.keys if name.startswith(prefix) and name > after)
    found = [bucket.keys[name] for name in names]
    if not asked.keys() <= PLAIN_LIST or len(found) > MOST_IN_A_LIST:
        return None
    entries = [
        {
            "Key": key.name,
            "LastModified": _last_modified(key),
            "ETag": key.etag,
            "Size": key.size,
            "StorageClass": key.storage_class,
        }
        for key in found
        if isinstance(key, FakeKey)
    ]
    answer = {
        "Name": bucket.name,
        "Prefix": prefix,
        "MaxKeys": MOST_IN_A_LIST,
        "KeyCount": len(entries),
        "IsTruncated": False,
    }
    return {**answer, **({"Contents": entries} if entries else {})}


def _get(backend: S3Backend, bucket: FakeBucket, name: str, params: dict[str, Any]) -> Answer | None:
    key = backend.get_object(bucket.name, name)
    if params["query_string"] or key is None or _is_denied(bucket, name, "s3:GetObject"):
        return None
    content, told = key.value, key.metadata
    answer = {
        "Body": StreamingBody(io.BytesIO(content), len(content)),
        "ContentLength": len(content),
        "ContentType": told.get("content-type", "binary/octet-stream"),
        "ETag": key.etag,
        "LastModified": _last_modified(key),
        "Metadata": {
            name[len(METADATA) :]: value for name, value in told.items() if name.startswith(METADATA)
        },
    }
    return answer | _version(key)


def _put(backend: S3Backend, bucket: FakeBucket, name: str, params: dict[str, Any]) -> Answer | None:
    if params["query_string"] or bucket.object_lock_enabled or _is_denied(bucket, name, "s3:PutObject"):
        return None
    body = params["body"]
    key = backend.put_object(
        bucket.name, name, body if isinstance(body, bytes) else body.read(), storage="STANDARD"
    )
    key.set_metadata(metadata_from_headers(params["headers"]))
    key.set_acl(bucket.acl)
    return {"ETag": key.etag} | _version(key)


def _is_denied(bucket: FakeBucket, name: str, action: str) -> bool:
    found: object = bucket.get_permission(action, f"arn:aws:s3:::{bucket.name}/{name}")
    return found == PermissionResult.DENIED


def _last_modified(key: FakeKey) -> datetime:
    """S3 tells whole seconds."""
    return key.last_modified.replace(microsecond=0, tzinfo=UTC)


def _version(key: FakeKey) -> Answer:
    return {} if key.version_id == "null" else {"VersionId": key.version_id}


OPERATIONS: dict[str, Callable[[S3Backend, FakeBucket, str, dict[str, Any]], Answer | None]] = {
    "ListObjectsV2": _list,
    "GetObject": _get,
    "PutObject": _put,
}
