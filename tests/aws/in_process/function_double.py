"""Runs the deployed function: the real handler, with the environment and the rights that stand in moto."""

from __future__ import annotations

import base64
import io
import json
import sys
import uuid
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from tests import PROJECT
from tests.aws.names import ACCOUNT_ID
from wizard.aws.client import Aws

from .firehose_double import FirehoseDouble
from .moto_gaps import Answered

sys.path.insert(0, str(PROJECT / "lambda_code"))

import configuration
import lambda_function
import storage
import streams


class FunctionDouble:
    """`run` is one execution of a function; `runs` counts them. It reads everything anew each time; one that
    was begun with `begin` answers later by what it has read then.

    `stale_runs` is how many executions still come from an environment with the credentials from before
    the role's policy had spread; a change of the function's configuration replaces that environment.
    """

    def __init__(self, look: Aws, firehose: FirehoseDouble) -> None:
        self._look = look
        self._firehose = firehose
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.runs = 0
        self.stale_runs = 0

    def memory(self) -> tuple[object, ...]:
        """All that `remember` needs."""
        return self.runs, self.stale_runs

    def remember(self, memory: Any) -> None:
        """Be as it was then."""
        self.runs, self.stale_runs = memory

    def run(self, function_name: str, event: dict[str, Any]) -> dict[str, Any]:
        """The handler's answer to one event."""
        return self.begin(function_name)(event)

    def begin(self, function_name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        """An execution that is given its event later."""
        found = self._look.functions.get_function_configuration(FunctionName=function_name)
        variables = found.get("Environment", {}).get("Variables", {})
        settings = configuration.Configuration.from_environment(variables)
        buffer = StreamBuffer(self._look, found["Role"], settings.streams, self._firehose)
        application = lambda_function.Application(
            settings, self._store(settings, found["Role"]), buffer=buffer if settings.streams else None
        )

        def answer(event: dict[str, Any]) -> dict[str, Any]:
            self.runs += 1
            return lambda_function.handle(event, _Execution(), application)

        return answer

    def _store(self, settings: configuration.Configuration, role_arn: str) -> BucketStore:
        bucket = settings.bucket
        allowed = may_put(self._look, role_arn.rpartition("/")[2], bucket)
        if settings.bucket_owner not in ("", ACCOUNT_ID):
            allowed = False
        if self.stale_runs:
            self.stale_runs -= 1
            allowed = False
        return BucketStore(self._look, bucket, allowed=allowed)

    def answer_invoke(self, model: Any, params: Any, **_: object) -> tuple[Answered, Any] | None:
        """A handler of botocore's `before-call`: the answer to Invoke as boto3 gives it."""
        if model.name != "Invoke":
            return None
        name = params["url_path"].split("/")[3]
        try:
            return _answered(self.run(name, json.loads(params["body"])))
        except ClientError:
            return None  # no such function: moto says so in AWS's words
        except Exception as error:  # noqa: BLE001  whatever the code raises is its answer
            failure = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return _answered(failure, FunctionError="Unhandled")


class _Execution:
    """The context object of one execution."""

    def __init__(self) -> None:
        self.aws_request_id = str(uuid.uuid4())


class StreamBuffer:
    """The handler's streams, those that stand in moto, by the rights of the function's role."""

    def __init__(self, look: Aws, role_arn: str, names: tuple[str, ...], firehose: FirehoseDouble) -> None:
        self._look = look
        self._role = role_arn.rpartition("/")[2]
        self._names = names
        self._firehose = firehose

    def put(self, content: bytes | bytearray, seconds: float) -> None:
        """Take lines, one stream after the other."""
        first = len(self._firehose.taken) % len(self._names)
        for name in (*self._names[first:], *self._names[:first]):
            try:
                found = self._look.firehose.describe_delivery_stream(DeliveryStreamName=name)
            except ClientError:
                continue
            stream = found["DeliveryStreamDescription"]
            is_mine = is_allowed(self._look, self._role, "firehose:PutRecord", stream["DeliveryStreamARN"])
            if is_mine and self._firehose.put(name, stream, bytes(content)):
                return
        raise streams.StreamError(400, "AccessDeniedException")


class BucketStore:
    """The handler's store, on moto's bucket, by the rights of the function's role."""

    def __init__(self, look: Aws, bucket: str, *, allowed: bool) -> None:
        self._look = look
        self._bucket = bucket
        self._allowed = allowed

    def put(
        self,
        name: str,
        content: bytes | bytearray,
        content_type: str,
        metadata: dict[str, str],
        seconds: float,
    ) -> None:
        """Store an object."""
        if not self._allowed:
            raise storage.StorageError(403, "AccessDenied", unavailable=False)
        try:
            self._look.s3.put_object(
                Bucket=self._bucket,
                Key=name,
                Body=bytes(content),
                ContentType=content_type,
                Metadata=metadata,
            )
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            raise storage.StorageError(status, error.response["Error"]["Code"], unavailable=False) from error


def may_put(look: Aws, role_name: str, bucket: str) -> bool:
    """Whether an inline policy of the role lets it write objects of the bucket."""
    return is_allowed(look, role_name, "s3:PutObject", f"arn:aws:s3:::{bucket}/*")


def is_allowed(look: Aws, role_name: str, action: str, resource: str) -> bool:
    """Whether an inline policy of the role names the action and the resource."""
    iam = look.iam
    try:
        names = iam.list_role_policies(RoleName=role_name)["PolicyNames"]
    except iam.exceptions.NoSuchEntityException:
        return False
    documents: list[Any] = [
        iam.get_role_policy(RoleName=role_name, PolicyName=name)["PolicyDocument"] for name in names
    ]
    return any(
        statement["Effect"] == "Allow" and action in statement["Action"] and resource in statement["Resource"]
        for document in documents
        for statement in document["Statement"]
    )


def _answered(payload: dict[str, Any], **members: str) -> tuple[Answered, Any]:
    content = json.dumps(payload).encode()
    log = base64.b64encode(b"START RequestId\nEND RequestId\n").decode()
    return Answered(), {
        "ResponseMetadata": {"HTTPStatusCode": 200},
        "StatusCode": 200,
        "LogResult": log,
        "Payload": StreamingBody(io.BytesIO(content), len(content)),
        **members,
    }
