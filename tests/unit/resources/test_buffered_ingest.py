"""Buffered ingest: streams only where somebody wants them, used when they may be, deleted when nothing of
theirs can be lost any more."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests.aws.firehose import Configuration, DeliveryStream
from tests.aws.in_process import ACCOUNT_ID, Account, Killed, Workspace, leftovers, snapshot
from tests.aws.in_process.workspace import BUFFERED
from tests.unit.ui.screens import shown
from wizard.aws.retry import NotYet
from wizard.deployment import operator_policy
from wizard.endpoint import checks
from wizard.endpoint.buffered import wait_for
from wizard.engine.progress import Waiting
from wizard.engine.recover import rebuild
from wizard.errors import ConflictError, UsageError, WizardError
from wizard.events import layout
from wizard.phases import RESOURCES
from wizard.resources.base import OWNER_TAG
from wizard.resources.streams import DELIVERS, STREAM_KEYS
from wizard.settings.resolve import refuse_contradictions
from wizard.ui.rollback_table import rollback_table

NAME = "saas-event-tracking"
STREAM = f"{NAME}.1"
ROLE = f"{NAME}-us-east-1-delivery"
# The buffer's 300, the function's timeout of 10, and what Firehose needs itself.
SECONDS = 370.0
CREATE, DELETE = "firehose.CreateDeliveryStream", "firehose.DeleteDeliveryStream"
CONFIGURE = "lambda.UpdateFunctionConfiguration"


@pytest.fixture
def buffered(workspace: Workspace) -> Workspace:
    """A deployment that is to buffer, in two streams."""
    workspace.overrides |= BUFFERED
    return workspace


def direct(workspace: Workspace) -> None:
    """It stores one object a request, as before."""
    workspace.overrides["ingest"] = "direct"


def sentences(workspace: Workspace) -> tuple[str, ...]:
    """What `status` says of it."""
    return workspace.plan().phases[-1].sentences


def passed(workspace: Workspace, work: Callable[[], object]) -> float:
    """Seconds that `work` has waited."""
    begun = workspace.clock.time()
    work()
    return workspace.clock.time() - begun


def test_without_the_operators_wish_there_is_no_stream_no_row_and_nobody_asks(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    assert [phase.key for phase in workspace.plan().phases][-1] == "deploy"
    workspace.rollback()
    assert not [name for name in account.calls.names() if name.startswith("firehose.")]


def test_streams_store_compressed_lines_where_readers_look_and_may_do_nothing_else(
    account: Account, buffered: Workspace
) -> None:
    buffered.apply()
    look, bucket = account.look, f"arn:aws:s3:::{buffered.settings.bucket_name}"
    found: Any = look.firehose.describe_delivery_stream(DeliveryStreamName=STREAM)
    stored = found["DeliveryStreamDescription"]["Destinations"][0]["ExtendedS3DestinationDescription"]
    assert (stored["CompressionFormat"], stored["FileExtension"]) == ("GZIP", ".jsonl.gz")
    assert stored["BufferingHints"] == {"SizeInMBs": 64, "IntervalInSeconds": 300}
    assert (stored["RoleARN"], stored["BucketARN"]) == (f"arn:aws:iam::{ACCOUNT_ID}:role/{ROLE}", bucket)
    assert not stored["ErrorOutputPrefix"].startswith(layout.ROOT), "what is no event is not read as one"

    trust: Any = look.iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]
    (statement,) = trust["Statement"]
    assert statement["Principal"] == {"Service": "firehose.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": ACCOUNT_ID}}
    given: Any = look.iam.get_role_policy(RoleName=ROLE, PolicyName="DeliverEvents")["PolicyDocument"]
    resources = {arn for one in given["Statement"] if one["Effect"] == "Allow" for arn in one["Resource"]}
    logs = {arn for arn in resources if arn.endswith(f"/{NAME}:log-stream:DestinationDelivery")}
    assert (resources - logs, len(logs)) == ({bucket, f"{bucket}/*"}, 1)

    settings = buffered.settings
    right: Any = look.iam.get_role_policy(RoleName=settings.role_name, PolicyName="HandEventsToStreams")
    assert right["PolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["firehose:PutRecord"],
            "Resource": [
                f"arn:aws:firehose:us-east-1:{ACCOUNT_ID}:deliverystream/{NAME}.{number}" for number in (1, 2)
            ],
        }
    ]


def test_the_names_that_firehose_makes_of_the_prefix_are_those_that_readers_know() -> None:
    names: list[str] = []
    moment = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    configuration = Configuration(layout.STREAM_PREFIX, seconds=0.0)
    stream = DeliveryStream(STREAM, configuration, lambda key, _: names.append(key), moment.timestamp)
    stream.put(b"{}\n")
    (name,) = names
    assert name.startswith(layout.hour_prefix(moment))
    assert (layout.is_of_stream(name), layout.begun_at(name)) == (True, moment)


def test_the_create_calls_carry_the_tags_because_organizations_deny_calls_without(
    account: Account, buffered: Workspace
) -> None:
    buffered.apply()
    sent = [str(call.parameters["body"]) for call in account.calls.made if call.name == CREATE]
    assert len(sent) == 2
    assert all(OWNER_TAG in body for body in sent)


def test_on_a_standing_deployment_streams_and_right_are_there_before_the_function_is_told_of_them(
    account: Account, buffered: Workspace
) -> None:
    direct(buffered)
    buffered.apply()
    buffered.overrides["ingest"] = "buffered"
    account.calls.clear()
    buffered.apply()
    changes = account.calls.changing()
    right = len(changes) - 1 - changes[::-1].index("iam.PutRolePolicy")
    assert max(index for index, name in enumerate(changes) if name == CREATE) < changes.index(CONFIGURE)
    assert right < changes.index(CONFIGURE)
    assert [stream for stream, _ in account.firehose.taken], "and then it uses them"


def test_the_way_back_deletes_no_stream_before_the_function_has_left_it_and_it_has_delivered(
    account: Account, buffered: Workspace
) -> None:
    buffered.apply()
    direct(buffered)
    steps = {step.key: step for step in buffered.plan().steps}
    assert steps["buffer.stream.1"].action.reasons[1] == f"{DELIVERS}: 370 s", "the plan tells of the wait"
    (why,) = steps["function.environment"].sentences
    assert why == "environment variable FIREHOSE_STREAMS is not wanted any more"
    account.calls.clear()
    assert passed(buffered, buffered.apply) == SECONDS, "once for both"
    changes = account.calls.changing()
    assert changes.index(CONFIGURE) < changes.index(DELETE)
    assert changes.count(DELETE) == 2
    waits = [event for event in buffered.events if isinstance(event, Waiting) and event.reason == DELIVERS]
    assert {event.timeout for event in waits} == {SECONDS}
    assert [event.elapsed for event in waits][:2] == [0.0, 2.0], "somebody watches"
    assert not [name for name in leftovers(account) if "delivery" in name or "firehose" in name]
    assert not [name for name in leftovers(account) if name.startswith("streams:")]


def test_of_fewer_streams_the_rest_goes_as_carefully(account: Account, buffered: Workspace) -> None:
    buffered.apply()
    buffered.overrides["streams"] = 1
    account.calls.clear()
    assert passed(buffered, buffered.apply) == SECONDS
    assert [name for name in leftovers(account) if name.startswith("streams:")] == [f"streams: {STREAM}"]
    changes = account.calls.changing()
    assert changes.index(CONFIGURE) < changes.index(DELETE)


def test_who_was_killed_while_the_streams_delivered_waits_for_all_of_it_again(
    account: Account, buffered: Workspace
) -> None:
    """Nobody knows when the function was told."""
    buffered.apply()
    direct(buffered)

    def die(_seconds: float) -> None:
        if DELETE not in account.calls.names() and CONFIGURE in account.calls.names():
            raise Killed

    account.calls.clear()
    buffered.clock.on_sleep = die
    with pytest.raises(Killed):
        buffered.apply()
    buffered.clock.on_sleep = lambda _seconds: None
    assert DELETE not in account.calls.names()
    subjects = [said.partition(" still stands and is not wanted any more") for said in sentences(buffered)]
    assert {f"stream {STREAM}", f"delivery role {ROLE}"} <= {subject for subject, _said, _rest in subjects}
    assert all(subject and said and not rest for subject, said, rest in subjects), "`status` names each"
    assert not any("log retention" in subject for subject, _said, _rest in subjects), (
        "it goes with the log group"
    )
    assert passed(buffered, buffered.apply) == SECONDS
    assert account.calls.names().count(DELETE) == 2


def put_event(account: Account, workspace: Workspace) -> None:
    """As a stream delivers it."""
    name = f"{layout.hour_prefix(datetime.now(UTC))}events_{STREAM}-1-2026-01-01-00-00-00-0a-1b.jsonl.gz"
    account.look.s3.put_object(Bucket=workspace.settings.bucket_name, Key=name, Body=b'{"event_id": "x"}\n')


def test_a_rollback_waits_and_keeps_the_bucket_for_what_arrives_meanwhile(
    account: Account, buffered: Workspace
) -> None:
    buffered.apply()
    screen = shown(rollback_table(buffered.plan(remove=True)), width=100)
    assert "the streams deliver first what they have buffered: 370 s" in screen
    bucket = buffered.settings.bucket_name
    assert "holds" not in screen, "nothing is in it yet"
    account.calls.clear()
    buffered.clock.on_sleep = lambda _seconds: put_event(account, buffered)
    plan = buffered.rollback()
    changes = account.calls.changing()
    assert changes.index("lambda.DeleteFunction") < changes.index(DELETE)
    assert leftovers(account) == [f"buckets: {bucket}"]
    (kept,) = [step for step in plan.steps if step.key == "bucket"]
    assert kept.action.kind == "keep", "and it is said that it stays"


def test_who_has_the_events_deleted_waits_for_none(account: Account, buffered: Workspace) -> None:
    buffered.apply()
    assert passed(buffered, lambda: buffered.rollback(delete_events=True)) < 5
    assert leftovers(account) == []


@pytest.mark.parametrize(
    ("minutes", "seconds"),
    [((0, 0), 900), ((14, 14), 900), ((16, 16), 60), ((16, 0), 900), ((0, 16), 900)],
)
def test_what_was_taken_before_the_buffer_was_made_shorter_is_waited_for_as_long_as_it_may_take(
    account: Account, buffered: Workspace, minutes: tuple[int, int], seconds: int
) -> None:
    """So many minutes ago each of the two was changed."""
    buffered.apply()
    buffered.overrides["buffer_seconds"] = 60
    buffered.apply()
    begun = buffered.clock.time()
    ahead = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)  # the clock of AWS

    def said(answer: Any) -> None:
        if "DeliveryStreamDescription" not in answer:
            return
        stream = answer["DeliveryStreamDescription"]
        number = int(stream["DeliveryStreamName"].rpartition(".")[2])
        stream["LastUpdateTimestamp"] = ahead - timedelta(minutes=minutes[number - 1])
        moment = ahead + timedelta(seconds=buffered.clock.time() - begun)
        answer["ResponseMetadata"]["HTTPHeaders"] = {"date": format_datetime(moment, usegmt=True)}

    account.calls.alter("firehose.DescribeDeliveryStream", said)
    direct(buffered)

    assert passed(buffered, buffered.apply) == seconds + SECONDS - 300


@pytest.mark.parametrize("where", [{"local": True}, {"endpoint_url": "http://127.0.0.1:4566"}, {}])
def test_emulators_buffer_nothing_so_nobody_waits_there(buffered: Workspace, where: dict[str, Any]) -> None:
    at, _store = buffered.open()
    at = replace(at, identity=replace(at.identity, **where))
    facts = {"status": "ACTIVE", "holds_seconds": 300}
    wait = RESOURCES[STREAM_KEYS[0]].delivers_first(at, facts)
    assert (wait.timeout if wait else None) == (None if where else SECONDS)


def test_a_stream_in_the_making_is_waited_for_and_one_that_is_being_deleted_is_gone(
    account: Account, buffered: Workspace
) -> None:
    states = iter(["CREATING", "CREATING", "ACTIVE"])
    kept: list[str] = []

    def come_to_life(answer: Any) -> None:
        if "DeliveryStreamDescription" in answer:
            kept.append(next(states, "ACTIVE"))
            answer["DeliveryStreamDescription"]["DeliveryStreamStatus"] = kept[-1]

    buffered.overrides["streams"] = 1
    account.calls.alter("firehose.DescribeDeliveryStream", come_to_life)
    buffered.apply()
    assert kept[:3] == ["CREATING", "CREATING", "ACTIVE"]
    states = iter(["DELETING"])
    assert f"stream {STREAM} is missing" in sentences(buffered)


def test_a_stream_that_firehose_cannot_make_stops_with_firehoses_own_reason_and_is_made_anew_once(
    account: Account, buffered: Workspace
) -> None:
    buffered.overrides["streams"] = 1

    def fail(answer: Any) -> None:
        if "DeliveryStreamDescription" in answer:
            answer["DeliveryStreamDescription"] |= {
                "DeliveryStreamStatus": "CREATING_FAILED",
                "FailureDescription": {"Type": "UNKNOWN_ERROR", "Details": "The key is disabled"},
            }

    account.calls.alter("firehose.DescribeDeliveryStream", fail)
    with pytest.raises(WizardError, match=rf"AWS could not make the stream {STREAM}.*The key is disabled"):
        buffered.apply()
    assert account.calls.names().count(CREATE) == 1
    assert account.calls.names().count(CONFIGURE) == 0


def test_the_stream_of_somebody_else_is_refused_and_left_alone(account: Account, buffered: Workspace) -> None:
    account.look.firehose.create_delivery_stream(
        DeliveryStreamName=STREAM,
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::1:role/x",
            "BucketARN": "arn:aws:s3:::x",
        },
    )
    account.look.iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps({}))
    before = snapshot(account)
    with pytest.raises(ConflictError, match="it is not this deployment's"):
        buffered.apply(adopt=True)
    titles = {str(error) for error in buffered.plan(adopt=True).conflicts}
    assert any(STREAM in title for title in titles) and any(ROLE in title for title in titles)
    after = snapshot(account)
    assert (after["streams"], after["roles"][ROLE]) == (before["streams"], before["roles"][ROLE])


def test_the_endpoint_is_proved_when_a_stream_takes_an_event_and_the_function_when_it_needs_none(
    account: Account, buffered: Workspace
) -> None:
    engine = buffered.apply()
    assert len(account.firehose.taken) == 1, "the one through the public URL"
    assert "key" in buffered.state.checks["test.invoke"], "stored as an object of its own"
    assert buffered.state.checks["deploy.endpoint"]["durability"] == "buffered"
    account.look.iam.delete_role_policy(
        RoleName=buffered.settings.role_name, PolicyName="HandEventsToStreams"
    )
    with pytest.raises(NotYet, match="no stream takes events"):
        checks.EndpointWorks().run(engine.at)


def test_where_requests_are_small_the_functions_proof_is_what_a_stream_takes(
    account: Account, buffered: Workspace
) -> None:
    buffered.overrides["max_request_bytes"] = 1024
    buffered.apply()
    assert buffered.state.checks["test.invoke"]["durability"] == "buffered"


def test_what_no_stream_takes_is_larger_than_the_handler_lets_them_have() -> None:
    import lambda_function

    assert checks.MAXIMUM_BUFFERED_BYTES == lambda_function.MAXIMUM_BUFFERED_BYTES


def test_an_event_is_looked_for_until_its_stream_has_stored_it(account: Account, buffered: Workspace) -> None:
    at, begun = buffered.apply().at, datetime.now(UTC)
    clock = buffered.clock
    begun_at, seen = clock.time(), []
    moment = f"{begun:%Y-%m-%d-%H-%M-%S}"
    key = f"{layout.hour_prefix(begun)}events_{STREAM}-1-{moment}-{uuid.uuid4()}.jsonl.gz"

    def deliver(_seconds: float) -> None:
        if clock.time() - begun_at > 290:
            bucket = buffered.settings.bucket_name
            account.look.s3.put_object(Bucket=bucket, Key=key, Body=b'{"event_id": "x"}\n')

    clock.on_sleep = deliver
    reasons: list[str] = []

    def take(stored: Any) -> bool:
        seen.append(stored.key)
        return bool(stored.events == [{"event_id": "x"}])

    at.aws.on_wait = lambda reason, *_: reasons.append(reason)
    assert wait_for(at, begun, take)
    assert seen == [key]
    assert reasons[0] == "accepted, buffered for up to 300 s, and not in the bucket yet"
    clock.on_sleep = lambda _seconds: None
    assert not wait_for(at, begun, lambda _stored: False), "but not for ever"


def test_a_recovery_needs_no_right_to_streams_where_there_are_none_and_finds_those_that_are(
    account: Account, buffered: Workspace
) -> None:
    buffered.apply()
    at, _store = buffered.open()
    at.known.clear()
    assert set(rebuild(at, {}).state.records) == set(buffered.state.records)
    account.calls.refuse("firehose.ListDeliveryStreams", "AccessDeniedException", "not authorized")
    with pytest.raises(WizardError, match="lack a permission"):
        rebuild(at, {})
    direct(buffered)
    account.calls.clear()
    buffered.apply()
    account.calls.refuse("firehose.ListDeliveryStreams", "AccessDeniedException", "not authorized")
    at, _store = buffered.open()
    assert set(rebuild(at, {}).state.records) == set(buffered.state.records)


def test_the_format_that_streams_need_is_said_with_the_flag(workspace: Workspace) -> None:
    workspace.overrides["ingest"] = "buffered"
    with pytest.raises(UsageError) as refused:
        refuse_contradictions(workspace.settings)
    assert refused.value.next_step == "Give --event-format jsonl.gz, or --ingest direct."


def test_the_operator_has_the_rights_for_streams_where_they_are_wanted_or_still_stand(
    buffered: Workspace,
) -> None:
    """With them a policy can be longer than IAM takes."""
    at, _store = buffered.open()
    wanted = json.dumps(operator_policy(at.identity, at.settings))
    assert "firehose:CreateDeliveryStream" in wanted
    direct(buffered)
    at, _store = buffered.open()
    assert "firehose" not in json.dumps(operator_policy(at.identity, at.settings))
    standing = operator_policy(at.identity, at.settings, standing=["buffer.role"])
    assert json.dumps(standing) == wanted, "the way back needs them, too"
