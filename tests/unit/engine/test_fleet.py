"""All deployments of an account: what is found by tags, and what is said of each from a few answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tests.aws.clock import FakeClock
from tests.aws.in_process import Account, Workspace
from tests.aws.in_process.calls import Call
from tests.aws.names import ACCOUNT_ID, OTHER_REGION, REGION
from wizard.aws.caller import Caller
from wizard.engine import fleet
from wizard.engine.fleet import Region
from wizard.engine.glance import Found
from wizard.errors import CredentialsError, WizardError
from wizard.phases import PHASES
from wizard.resources.base import NAME_TAG, OWNER_TAG

CALLER = Caller(ACCOUNT_ID, "aws", f"arn:aws:iam::{ACCOUNT_ID}:user/operator")
WITHOUT_CHECKS = tuple(replace(phase, checks=()) for phase in PHASES)
REFUSED = "AccessDeniedException"


def found(account: Account) -> list[Found]:
    return list(fleet.in_region(account.aws(FakeClock()), CALLER).found)


def the_one(account: Account) -> Found:
    (one,) = found(account)
    return one


def test_a_deployment_is_told_from_a_few_answers_whatever_its_things_are_called(
    account: Account, folder: Path
) -> None:
    names = {"bucket_name": "by-hand", "function_name": "also-by-hand", "resource_path": "collect"}
    workspace = Workspace(account, folder, stage_name="live", **names)
    workspace.apply()
    account.calls.clear()

    one = the_one(account)

    assert (one.name, one.id, one.region) == (workspace.name, workspace.state.identity.id, REGION)
    assert (one.health, one.missing, dict(one.unseen), one.closed) == ("complete", (), {}, False)
    assert one.url == workspace.state.checks["deploy.endpoint"]["url"]
    assert one.code == "this version"
    assert one.created_at is not None
    assert len(account.calls.names()) <= 8
    assert account.calls.changing() == []


def test_what_other_people_have_is_not_listed(account: Account) -> None:
    account.look.apigateway.create_rest_api(name="theirs", tags={NAME_TAG: "no owner"})
    account.look.apigateway.create_rest_api(name="theirs too")
    assert found(account) == []


def test_deployments_are_found_on_every_page_of_an_account_with_many_apis(account: Account) -> None:
    for number in range(3):
        tags = {OWNER_TAG: f"shop.{REGION}.0000000{number}", NAME_TAG: "shop"}
        account.look.apigateway.create_rest_api(name="any", tags=tags)
    every = list(account.look.apigateway.get_rest_apis()["items"])
    pages: list[dict[str, Any]] = [{"items": every[:2], "position": "next"}, {"items": every[2:]}]

    def turn_page(answer: dict[str, Any]) -> None:
        answer.clear()
        answer.update(pages.pop(0))

    account.calls.alter("apigateway.GetRestApis", turn_page)
    assert [one.id[-1] for one in found(account)] == ["0", "1", "2"]


def test_two_apis_of_one_deployment_are_one_deployment(account: Account, workspace: Workspace) -> None:
    workspace.apply()
    tags = workspace.open()[0].tags
    account.look.apigateway.create_rest_api(name="left by a lost answer", tags=tags)
    assert the_one(account).health == "complete"


def lose_function(account: Account, workspace: Workspace) -> None:
    account.look.functions.delete_function(FunctionName=workspace.settings.function_name)


def lose_bucket(account: Account, workspace: Workspace) -> None:
    name = workspace.settings.bucket_name
    for entry in account.look.s3.list_objects_v2(Bucket=name).get("Contents", []):
        account.look.s3.delete_object(Bucket=name, Key=entry["Key"])
    account.look.s3.delete_bucket(Bucket=name)


def lose_stage(account: Account, workspace: Workspace) -> None:
    api = workspace.state.records["api"].facts["id"]
    account.look.apigateway.delete_stage(restApiId=api, stageName=workspace.settings.stage_name)


def lose_method(account: Account, workspace: Workspace) -> None:
    """And with it the name of the function, which is gone as well."""
    lose_function(account, workspace)
    api, path = (workspace.state.records[key].facts["id"] for key in ("api", "api.resource"))
    account.look.apigateway.delete_method(restApiId=api, resourceId=path, httpMethod="POST")


def break_function(account: Account, _workspace: Workspace) -> None:
    def fail(answer: dict[str, dict[str, str]]) -> None:
        answer["Configuration"]["State"] = "Failed"

    account.calls.alter("lambda.GetFunction", fail)


@pytest.mark.parametrize(
    ("disturb", "missing", "has_url"),
    [
        (lose_function, "Lambda function saas-event-tracking-processor", True),
        (lose_bucket, "S3 bucket ", True),
        (lose_stage, "deployment to stage prod", False),
        (lose_method, "method POST", True),
        (break_function, "Lambda function saas-event-tracking-processor (failed)", True),
    ],
)
def test_what_is_missing_on_the_way_of_an_event_is_named(
    account: Account,
    workspace: Workspace,
    disturb: Callable[[Account, Workspace], None],
    missing: str,
    has_url: bool,
) -> None:
    workspace.apply()
    disturb(account, workspace)
    one = the_one(account)
    assert (one.health, bool(one.url)) == ("incomplete", has_url)
    assert len(one.missing) == 1 and one.missing[0].startswith(missing), (
        "what hangs on it is not named as well"
    )


def test_what_the_credentials_may_not_see_is_not_called_missing_and_nobody_guesses_what_it_would_name(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    account.calls.refuse("lambda.GetFunction", REFUSED, status=403)
    one = the_one(account)
    assert (one.health, one.missing) == ("not seen", ())
    assert list(one.unseen) == ["Lambda function saas-event-tracking-processor"]
    assert one.url is not None
    assert "s3.HeadBucket" not in account.calls.names()[-2:]


def test_a_closed_deployment_and_one_with_other_code_say_so(account: Account, folder: Path) -> None:
    Workspace(account, folder, closed=True).apply()

    def age(answer: dict[str, dict[str, str]]) -> None:
        answer["Configuration"]["CodeSha256"] = "of another version"

    account.calls.alter("lambda.GetFunction", age)
    one = the_one(account)
    assert (one.closed, one.code) == (True, "another version")


def test_what_a_setup_left_before_its_api_was_made_is_found_by_its_tags(
    account: Account, folder: Path
) -> None:
    names = {"bucket_name": "by-hand", "function_name": "also-by-hand"}
    workspace = Workspace(account, folder, **names)
    workspace.apply(phases=PHASES[:2])
    one = the_one(account)
    assert (one.id, one.health, one.missing) == (workspace.state.identity.id, "incomplete", ("REST API",))
    assert one.standing == (
        "S3 bucket by-hand",
        "log group /aws/lambda/also-by-hand",
        "Lambda function also-by-hand",
    )
    assert one.code == "this version"


def test_a_bucket_that_a_rollback_left_is_found_by_its_tag_because_it_costs_and_holds_events(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    bucket = workspace.settings.bucket_name
    account.look.s3.put_object(Bucket=bucket, Key="events/one.json", Body=b"[1]")
    workspace.rollback()
    assert the_one(account).standing == (f"S3 bucket {bucket}",)


def test_what_aws_lists_by_its_tag_after_it_was_deleted_is_not_there(
    account: Account, workspace: Workspace
) -> None:
    """It forgets tags late; what somebody else has made under the name since is not it."""
    at, _store = workspace.open()
    account.look.logs.create_log_group(logGroupName="/aws/lambda/gone")
    tags = [{"Key": key, "Value": value} for key, value in at.tags.items()]
    arns = ("arn:aws:s3:::gone", f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/aws/lambda/gone:*")

    def remember(answer: dict[str, Any]) -> None:
        answer["ResourceTagMappingList"] = [{"ResourceARN": arn, "Tags": tags} for arn in arns]

    account.calls.alter("resourcegroupstaggingapi.GetResources", remember)
    assert found(account) == []
    assert "logs.DescribeLogGroups" in account.calls.names()


def test_what_is_tagged_and_may_not_be_seen_is_not_passed_over(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply(phases=PHASES[:1])
    account.calls.refuse("s3.GetBucketTagging", "AccessDenied", status=403)
    account.calls.refuse("lambda.GetFunction", REFUSED, status=403)
    one = the_one(account)
    assert list(one.unseen) == [f"S3 bucket {workspace.settings.bucket_name}"]
    assert one.standing == ()


def test_what_the_state_file_names_is_found_although_aws_has_not_heard_of_its_tags_yet(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply(phases=PHASES[:1])
    account.calls.alter(
        "resourcegroupstaggingapi.GetResources", lambda told: told.update(ResourceTagMappingList=[])
    )
    assert found(account) == []
    (one,) = fleet.in_region(account.aws(FakeClock()), CALLER, workspace.state).found
    assert one.standing == (f"S3 bucket {workspace.settings.bucket_name}",)


def test_without_leave_to_look_for_tags_those_with_an_api_are_found_and_it_is_said(
    account: Account, folder: Path
) -> None:
    Workspace(account, folder).apply()
    Workspace(account, folder, name="shop").apply(phases=PHASES[:2])
    account.calls.refuse("resourcegroupstaggingapi.GetResources", REFUSED, status=400)
    region = fleet.in_region(account.aws(FakeClock()), CALLER)
    assert [one.name for one in region.found] == ["saas-event-tracking"]
    assert region.is_seen and "lack a permission" in str(region.by_api_only)


def test_a_bucket_that_is_told_of_in_another_region_is_not_listed_there(
    account: Account, folder: Path
) -> None:
    Workspace(account, folder, region=OTHER_REGION).apply(phases=PHASES[:1])
    assert found(account) == []


def in_region(name: str, error: Exception) -> Callable[[Call], None]:
    """A rule: API Gateway of a region answers with an error."""

    def refuse(call: Call) -> None:
        if call.service == "apigateway" and f".{name}." in call.parameters["url"]:
            raise error

    return refuse


def client_error(code: str) -> ClientError:
    answer = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    return ClientError(answer, "GetRestApis")  # type: ignore[arg-type]


def everywhere(account: Account, *names: str) -> dict[str, Region]:
    clock = FakeClock()
    return {region.name: region for region in fleet.in_regions(account.aws(clock), CALLER, names)}


def test_regions_that_cannot_be_seen_hide_nothing_of_those_that_can(account: Account, folder: Path) -> None:
    Workspace(account, folder).apply()
    Workspace(account, folder, name="shop", region=OTHER_REGION).apply(phases=WITHOUT_CHECKS)
    account.calls.before += [
        in_region("me-south-1", client_error("UnrecognizedClientException")),
        in_region("sa-east-1", client_error(REFUSED)),
        in_region("eu-west-1", EndpointConnectionError(endpoint_url="https://apigateway")),
    ]

    seen = everywhere(account, REGION, OTHER_REGION, "me-south-1", "sa-east-1", "eu-west-1", "eu-west-2")

    assert [one.name for one in seen[REGION].found] == ["saas-event-tracking"]
    assert [(one.name, one.region, one.health) for one in seen[OTHER_REGION].found] == [
        ("shop", OTHER_REGION, "complete")
    ]
    assert seen["me-south-1"] == Region("me-south-1", off=True)
    assert (seen["sa-east-1"].refused, seen["sa-east-1"].is_seen) == (True, False)
    assert "lack a permission" in str(seen["sa-east-1"].problem)
    assert (seen["eu-west-1"].refused, seen["eu-west-1"].is_seen) == (False, False)
    assert "Could not connect" in str(seen["eu-west-1"].problem)
    assert seen["eu-west-2"] == Region("eu-west-2")
    asked = [call for call in account.calls.made if ".eu-west-1." in call.parameters["url"]]
    assert len(asked) == 1, "a region that does not answer is not waited for"


def test_where_nothing_can_be_seen_at_all_that_is_a_failure(account: Account) -> None:
    account.calls.before += [
        in_region(REGION, client_error(REFUSED)),
        in_region("me-south-1", client_error("UnrecognizedClientException")),
    ]
    with pytest.raises(WizardError) as caught:
        everywhere(account, REGION, "me-south-1")
    assert "look for deployments" in caught.value.what


def test_dead_credentials_are_said_once_and_not_of_every_region(account: Account) -> None:
    account.calls.before.append(in_region(REGION, client_error("ExpiredTokenException")))
    with pytest.raises(CredentialsError):
        everywhere(account, REGION, "eu-west-2")
