"""What moto leaves out of the calls that the wizard makes, added at the client; and what it misjudges."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from moto.awslambda_simple.models import lambda_simple_backends
from moto.backends import get_backend
from moto.cloudwatch.models import Statistics
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket, s3_backends

from tests.aws.names import ACCOUNT_ID
from tests.aws.over_http.policies import ALLOWED, EXPLICIT_DENY, IMPLICIT_DENY, evaluate
from wizard.resources.bucket import PUBLIC_ACCESS_FLAGS

API_PATH = re.compile(r"/restapis/(?P<api>[^/]+)(/resources/(?P<resource>[^/]+))?")
TAGS_OF_API = re.compile(r"/tags/arn:[^/]+/restapis/(?P<api>[^/]+)$")
TAG = re.compile(r"<Tag><Key>([^<]*)</Key><Value>([^<]*)</Value></Tag>")

Hook = Callable[..., None]
THROUGH_TLS = {"aws:securetransport": ["true"]}
PERMISSIONS = {
    ALLOWED: PermissionResult.PERMITTED,
    IMPLICIT_DENY: PermissionResult.NEUTRAL,
    EXPLICIT_DENY: PermissionResult.DENIED,
}


def judge_bucket_policies() -> None:
    """To moto a statement of a bucket's policy denies whether or not its condition holds."""
    bucket: Any = FakeBucket
    bucket.get_permission = _permission


def _permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    found = json.loads(bucket.policy)["Statement"]
    statements = found if isinstance(found, list) else [found]
    return PERMISSIONS[evaluate(statements, action, resource, THROUGH_TLS).outcome]


def count_percentiles() -> None:
    """moto knows no percentiles: `p95` is the least value that 95 in 100 do not exceed."""
    known = Statistics.get_statistics_for_type

    def statistic(found: Statistics, name: str) -> Any:
        if not name.startswith("p"):
            return known(found, name)
        values = sorted(found.metric_single_values_list)
        return values[max(math.ceil(float(name[1:]) / 100 * len(values)) - 1, 0)]

    statistics: Any = Statistics
    statistics.get_statistics_for_type = statistic


def check_bucket_owners(service: str, client: Any) -> None:
    """Let a client meet the refusal of a bucket that is not of the account that it expects."""
    if service == "s3":
        client.meta.events.register_last("before-call", _check_bucket_owner)


def complete_moto(service: str, client: Any) -> None:
    """Let a client see what AWS would show, whenever moto itself is asked."""
    events = client.meta.events
    events.register_first("before-call", _keep_parameters)
    if service == "s3":
        events.register("after-call.s3.CreateBucket", _tag_new_bucket)
    if service == "lambda":
        events.register("after-call.lambda.UpdateFunctionCode", _of_moto(_set_architecture))
        events.register("after-call.lambda.GetFunction", _of_moto(_show_zero_concurrency))
    if service == "apigateway":
        events.register_last("before-call", _note_stages)
        events.register_last("before-call", _let_unshown_go)
        events.register_last("before-call", _refuse_unknown)
        events.register_last("before-call", _answer_tags_of_api)
        events.register("after-call.apigateway.CreateDeployment", _of_moto(_describe_stage))


def _of_moto(complete: Hook) -> Hook:
    """Answers that are known are complete."""

    def hook(context: Any, **call: Any) -> None:
        if "test_known" not in context:
            complete(context=context, **call)

    return hook


def _keep_parameters(params: Any, context: Any, request_signer: Any, **_: object) -> None:
    context["test_parameters"] = params
    context["test_region"] = request_signer._region_name


def _check_bucket_owner(params: Any, **_: object) -> tuple[Answered, Any] | None:
    """moto does not look whose bucket it is that a call expects."""
    expected = params["headers"].get("x-amz-expected-bucket-owner")
    if expected is None:
        return None
    bucket = urlsplit(params["url"]).path.split("/")[1]
    _partition, owner = s3_backends.bucket_accounts.get(bucket, ("aws", expected))
    if owner == expected:
        return None
    said = ("403", "Forbidden") if params["method"] == "HEAD" else ("AccessDenied", "Access Denied")
    error = dict(zip(("Code", "Message"), said, strict=True))
    return Answered(403), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 403}}


def _tag_new_bucket(context: Any, parsed: Any, **_: object) -> None:
    """moto leaves out the tags of CreateBucket."""
    if "Location" in parsed:
        tags = dict(TAG.findall(context["test_parameters"]["body"].decode()))
        name = parsed["Location"].rstrip("/").rpartition("/")[2].partition(".")[0]
        backend = get_backend("s3")[ACCOUNT_ID]["aws"]
        backend.put_bucket_tagging(name, tags)


def protect_new_buckets(client: Any) -> None:
    """Let a client make buckets as S3 has made them since 2023: encrypted, and closed to the public.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
    """
    client.meta.events.register("after-call.s3.CreateBucket", _protect_new_bucket)


def _protect_new_bucket(parsed: Any, **_: object) -> None:
    if "Location" in parsed:
        name = parsed["Location"].rstrip("/").rpartition("/")[2].partition(".")[0]
        backend = get_backend("s3")[ACCOUNT_ID]["aws"]
        backend.put_public_access_block(name, dict.fromkeys(PUBLIC_ACCESS_FLAGS, "true"))
        default = {"SSEAlgorithm": "AES256"}
        backend.put_bucket_encryption(name, {"Rule": {"ApplyServerSideEncryptionByDefault": default}})


def _note_stages(model: Any, params: Any, context: Any, **_: object) -> None:
    """moto makes a new stage where CreateDeployment should move the one that stands."""
    api = _api_of(params, context) if model.name == "CreateDeployment" else None
    context["test_stages"] = dict(api.stages) if api else {}


def _let_unshown_go(model: Any, params: Any, context: Any, **_: object) -> None:
    """moto refuses to delete what a stage has ever shown, AWS what one shows now."""
    api = _api_of(params, context) if model.name == "DeleteDeployment" else None
    if api is None:
        return
    deployment_id = params["url_path"].rpartition("/")[2]
    shown = {stage.deployment_id for stage in api.stages.values()}
    if deployment_id in api.deployments and deployment_id not in shown:
        api.deployments[deployment_id].stage_name = None


def _api_of(params: Any, context: Any) -> Any:
    """None where there is no such API."""
    address = API_PATH.match(params["url_path"])
    apis = get_backend("apigateway")[ACCOUNT_ID][context["test_region"]].apis
    return apis.get(address["api"]) if address else None


def _describe_stage(context: Any, parsed: Any, **_: object) -> None:
    """moto leaves out the stage's description of CreateDeployment, and forgets what the stage had before."""
    parameters = context["test_parameters"]
    asked = json.loads(parameters["body"])
    if "id" in parsed and "stageDescription" in asked:
        stage = _api_of(parameters, context).stages[asked["stageName"]]
        stage.description = asked["stageDescription"]
        if before := context["test_stages"].get(asked["stageName"]):
            stage.method_settings = before.method_settings


def _set_architecture(context: Any, parsed: Any, **_: object) -> None:
    """moto leaves out the architecture of UpdateFunctionCode."""
    asked = json.loads(context["test_parameters"]["body"]).get("Architectures")
    if asked and "FunctionName" in parsed:
        backend = lambda_simple_backends[ACCOUNT_ID][context["test_region"]]
        backend.get_function(parsed["FunctionName"]).architectures = asked
        parsed["Architectures"] = asked


def _show_zero_concurrency(context: Any, parsed: Any, **_: object) -> None:
    """moto leaves a reserved concurrency of 0 out of GetFunction."""
    if "Configuration" in parsed:
        backend = lambda_simple_backends[ACCOUNT_ID][context["test_region"]]
        if backend.get_function(parsed["Configuration"]["FunctionName"]).reserved_concurrency == 0:
            parsed["Concurrency"] = {"ReservedConcurrentExecutions": 0}


def _refuse_unknown(params: Any, context: Any, **_: object) -> tuple[Answered, Any] | None:
    """moto falls over an API or a path that does not exist."""
    address = API_PATH.match(params["url_path"])
    if address is None:
        return None
    api = get_backend("apigateway")[ACCOUNT_ID][context["test_region"]].apis.get(address["api"])
    if api is not None and (address["resource"] is None or address["resource"] in api.resources):
        return None
    error = {"Code": "NotFoundException", "Message": "Invalid identifier specified"}
    return Answered(404), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 404}}


def _answer_tags_of_api(model: Any, params: Any, context: Any, **_: object) -> tuple[Answered, Any] | None:
    """moto knows tags of stages alone."""
    address = TAGS_OF_API.match(unquote(params["url_path"]))
    if address is None:
        return None
    api = get_backend("apigateway")[ACCOUNT_ID][context["test_region"]].apis.get(address["api"])
    if api is None:
        error = {"Code": "NotFoundException", "Message": "Invalid API identifier specified"}
        return Answered(404), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 404}}
    if model.name == "TagResource":
        api.tags = {**api.tags, **json.loads(params["body"])["tags"]}
    if model.name == "UntagResource":
        taken = params["query_string"]["tagKeys"]
        api.tags = {key: value for key, value in api.tags.items() if key not in taken}
    return Answered(), {"tags": dict(api.tags), "ResponseMetadata": {"HTTPStatusCode": 200}}


@dataclass(frozen=True)
class Answered:
    """The HTTP response of an answer that moto does not give."""

    status_code: int = 200
