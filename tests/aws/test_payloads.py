"""What a REST API makes of odd requests, with the real handler behind the URL."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable

import pytest
import urllib3

from tests.aws.in_process import TOKEN, Account, Workspace
from tests.aws.payloads import inflated
from wizard.endpoint.client import url_of

BODY = json.dumps({"event_name": "compressed", "text": "ü"}, ensure_ascii=False).encode()


COMPRESS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "deflate": zlib.compress}


@pytest.mark.parametrize("encoding", COMPRESS)
def test_an_endpoint_of_ours_stores_what_a_client_has_compressed(
    account: Account, workspace: Workspace, encoding: str
) -> None:
    workspace.apply()
    at, _store = workspace.open()
    headers = {"X-Auth-Token": TOKEN, "Content-Encoding": encoding}
    answer = urllib3.request("POST", str(url_of(at)), headers=headers, body=COMPRESS[encoding](BODY))
    assert answer.status == 200, answer.data
    bucket = account.look.s3.list_objects_v2(Bucket=at.settings.bucket_name)["Contents"]
    newest = max(bucket, key=lambda entry: entry["Key"])["Key"]
    stored = account.look.s3.get_object(Bucket=at.settings.bucket_name, Key=newest)["Body"].read()
    assert [event["text"] for event in json.loads(stored)] == ["ü"]


def test_what_the_gateway_says_of_a_request_with_quotes_in_it_is_json_still(workspace: Workspace) -> None:
    workspace.apply()
    at, _store = workspace.open()
    headers = {"Authorization": 'Digest "x"'}
    answer = urllib3.request("POST", f"{url_of(at)}-misspelt", headers=headers)
    assert answer.status == 403
    assert 'Digest "x"' in answer.json()["message"]


def test_an_encoding_that_the_gateway_does_not_know_is_left_to_the_function() -> None:
    assert inflated(b"as it is", "br") == b"as it is"
