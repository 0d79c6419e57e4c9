"""Alarms, the topic behind them, and the address behind that: only where somebody wants them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.aws.in_process import ACCOUNT_ID, Account, Workspace, leftovers, snapshot
from tests.aws.names import ALARMS
from tests.unit.ui.screens import shown
from wizard.aws import policies
from wizard.aws.client import Aws
from wizard.commands.standing import standing_of
from wizard.endpoint.traffic import Traffic
from wizard.engine import preflight
from wizard.errors import ConflictError, UsageError, WizardError
from wizard.resources.alarms import EVERY_ALARM
from wizard.resources.base import OWNER_TAG
from wizard.settings.alarms import ENDINGS
from wizard.settings.resolve import refuse_contradictions
from wizard.ui.rollback_table import rollback_table

ME, ANOTHER = "me@example.com", "another@example.com"
NOW = datetime.now(UTC)
NAME = "saas-event-tracking"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT_ID}:{NAME}-alarms"
THEIRS = f"arn:aws:sns:us-east-1:{ACCOUNT_ID}:mine"
SERVICES = ("sns.", "cloudwatch.")
OPERATOR, NO_POLICY = f"arn:aws:iam::{ACCOUNT_ID}:user/operator", policies.document()


@pytest.fixture
def with_mail(workspace: Workspace) -> Workspace:
    """A deployment that is to have alarms."""
    workspace.overrides["alarm_email"] = ME
    return workspace


def alarms_of(account: Account) -> dict[str, Any]:
    found: Any = account.look.cloudwatch.describe_alarms()["MetricAlarms"]
    return {alarm["AlarmName"].removeprefix(f"{NAME}."): alarm for alarm in found}


def told(look: Aws) -> list[str]:
    found = look.sns.list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]
    return sorted(item["Endpoint"] for item in found)


def of_alarms(names: list[str]) -> list[str]:
    return [name for name in names if name.startswith(SERVICES)]


def put(account: Account, ending: str, **more: Any) -> None:
    given: dict[str, Any] = {
        "Namespace": "AWS/EC2", "MetricName": "CPUUtilization", "ExtendedStatistic": "p90", "Period": 60,
        "EvaluationPeriods": 5, "DatapointsToAlarm": 3, "Threshold": 80.0, "Unit": "Percent",
        "ComparisonOperator": "GreaterThanThreshold", "Dimensions": [{"Name": "InstanceId", "Value": "i-1"}],
        **more,
    }  # fmt: skip
    account.look.cloudwatch.put_metric_alarm(AlarmName=f"{NAME}.{ending}", **given)


def test_without_the_operators_wish_there_is_no_alarm_no_row_and_nobody_asks(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    assert [phase.key for phase in workspace.plan().phases][-1] == "deploy"
    workspace.rollback()
    assert of_alarms(account.calls.names()) == []


def test_an_address_gets_a_topic_and_three_alarms_that_tell_it(
    account: Account, with_mail: Workspace
) -> None:
    with_mail.apply()
    found = alarms_of(account)
    metrics = {name: (alarm["Namespace"], alarm["MetricName"]) for name, alarm in found.items()}
    assert metrics == {
        "function-errors": ("AWS/Lambda", "Errors"),
        "function-throttles": ("AWS/Lambda", "Throttles"),
        "api-errors": ("AWS/ApiGateway", "5XXError"),
    }
    for alarm in found.values():
        assert alarm["AlarmActions"] == [TOPIC]
        assert (alarm["Statistic"], alarm["Threshold"], alarm["ComparisonOperator"]) == (
            "Sum", 0.0, "GreaterThanThreshold",
        )  # fmt: skip
        assert alarm["TreatMissingData"] == "notBreaching", "no traffic is no error"
    dimensions = {item["Name"]: item["Value"] for item in found["api-errors"]["Dimensions"]}
    assert dimensions == {"ApiName": f"{NAME}-api", "Stage": "prod"}
    assert told(account.look) == [ME]
    plan = with_mail.plan()
    assert (plan.phases[-1].key, plan.in_order) == ("alarms", True)


@pytest.mark.parametrize("side_by_side", [False, True])
def test_one_answer_tells_of_all_alarms(account: Account, with_mail: Workspace, side_by_side: bool) -> None:
    with_mail.apply()
    account.calls.clear()
    assert with_mail.plan(side_by_side=side_by_side).in_order
    assert account.calls.names().count("cloudwatch.DescribeAlarms") == 1


def test_the_create_calls_carry_the_tags_because_organizations_deny_calls_without(
    account: Account, with_mail: Workspace
) -> None:
    with_mail.apply()
    sent = [
        str(call.parameters["body"])
        for call in account.calls.made
        if call.operation in ("CreateTopic", "PutMetricAlarm")
    ]
    assert len(sent) == 4
    assert all(OWNER_TAG in body for body in sent)


@pytest.mark.parametrize(
    ("email", "expected"), [(None, [THEIRS]), (ME, [TOPIC, THEIRS])], ids=["theirs alone", "both"]
)
def test_a_topic_that_exists_is_told_and_otherwise_left_alone(
    account: Account, workspace: Workspace, email: str | None, expected: list[str]
) -> None:
    workspace.overrides |= {"alarm_email": email, "alarm_topic": THEIRS}
    workspace.apply()
    assert [alarm["AlarmActions"] for alarm in alarms_of(account).values()] == [expected] * 3
    assert not [call for call in account.calls.made if "mine" in str(call.parameters.get("url"))]
    assert (f"topics: {NAME}-alarms" in leftovers(account)) is bool(email)
    workspace.rollback()
    assert leftovers(account) == []


def test_silence_is_an_alarm_of_so_many_hours_in_which_no_data_is_what_it_waits_for(
    account: Account, with_mail: Workspace
) -> None:
    with_mail.overrides["alarm_no_events_hours"] = 168
    with_mail.apply()
    alarm = alarms_of(account)["no-events"]
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == ("Invocations", "Sum", 1.0)
    assert alarm["ComparisonOperator"] == "LessThanThreshold"
    assert alarm["TreatMissingData"] == "breaching", "a function that is not called has no data"
    assert alarm["Period"] >= 3600
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 7 * 24 * 3600, "the most that AWS looks back"


def test_at_a_closed_endpoint_silence_is_no_news(account: Account, with_mail: Workspace) -> None:
    with_mail.overrides["alarm_no_events_hours"] = 6
    with_mail.apply()
    with_mail.overrides["closed"] = True
    with_mail.apply()
    assert sorted(alarms_of(account)) == ["api-errors", "function-errors", "function-throttles"]
    assert with_mail.plan().phases[-1].notes == (f"no alarm {NAME}.no-events: the endpoint is closed",)


def test_until_the_address_has_confirmed_it_is_said_what_to_do_although_nothing_differs(
    account: Account, with_mail: Workspace
) -> None:
    with_mail.apply()
    plan = with_mail.plan()
    assert plan.in_order, "no setup can mend it"
    (remark,) = plan.remarks
    assert f"{ME} has not confirmed" in remark
    assert "Subscription Confirmation" in remark
    assert "48 hours" in remark
    account.mailboxes.confirmed.add(ME)
    assert with_mail.plan().remarks == []


@pytest.mark.parametrize("how", ["forgotten by AWS", "unsubscribed in a mail"])
def test_an_address_that_is_told_no_more_is_missing_and_asked_anew(
    account: Account, with_mail: Workspace, how: str
) -> None:
    with_mail.apply()
    if how == "unsubscribed in a mail":
        account.mailboxes.unsubscribed.add(ME)
    else:
        account.mailboxes.confirmed.add(ME)
        (found,) = account.look.sns.list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]
        account.look.sns.unsubscribe(SubscriptionArn=found["SubscriptionArn"])
    assert f"e-mail to {ME} is missing" in with_mail.plan().phases[-1].sentences
    account.calls.clear()
    with_mail.apply()
    assert of_alarms(account.calls.changing()) == ["sns.Subscribe"]


def test_another_address_is_told_before_the_former_one_is_told_no_more(
    account: Account, with_mail: Workspace
) -> None:
    account.mailboxes.confirmed.add(ME)
    with_mail.apply()
    account.calls.clear()
    with_mail.overrides["alarm_email"] = ANOTHER
    with_mail.apply()
    assert of_alarms(account.calls.changing()) == ["sns.Subscribe", "sns.Unsubscribe"]
    assert told(account.look) == [ANOTHER]
    assert with_mail.plan().in_order


def test_a_former_address_that_never_confirmed_cannot_be_taken_off_and_stops_nothing(
    account: Account, with_mail: Workspace
) -> None:
    with_mail.apply()
    account.calls.clear()
    with_mail.overrides["alarm_email"] = ANOTHER
    with_mail.apply()
    assert of_alarms(account.calls.changing()) == ["sns.Subscribe"]
    assert with_mail.plan().in_order
    assert with_mail.state.records["alarms.topic.email"].facts["email"] == ANOTHER


def test_an_address_that_aws_writes_in_other_letters_is_the_same(
    account: Account, with_mail: Workspace
) -> None:
    with_mail.overrides["alarm_email"] = "Me@Example.com"
    account.look.sns.create_topic(
        Name=f"{NAME}-alarms",
        Tags=[{"Key": key, "Value": text} for key, text in with_mail.open()[0].tags.items()],
    )
    account.look.sns.subscribe(TopicArn=TOPIC, Protocol="email", Endpoint=ME)
    with_mail.apply()
    assert told(account.look) == [ME]


def test_switched_off_all_of_it_goes_with_whoever_else_was_told(
    account: Account, with_mail: Workspace
) -> None:
    with_mail.overrides["alarm_no_events_hours"] = 6
    with_mail.apply()
    account.look.sns.subscribe(TopicArn=TOPIC, Protocol="email", Endpoint=ANOTHER)
    assert len(alarms_of(account)) == 4
    with_mail.overrides.clear()
    with_mail.apply()
    assert alarms_of(account) == {}
    assert not [name for name in leftovers(account) if name.startswith("topics")]
    assert not ALARMS & set(with_mail.state.records)
    assert [phase.key for phase in with_mail.plan().phases][-1] == "deploy"


def test_others_who_are_told_by_our_topic_stay_through_every_repair(
    account: Account, with_mail: Workspace
) -> None:
    with_mail.apply()
    account.look.sns.subscribe(TopicArn=TOPIC, Protocol="email", Endpoint=ANOTHER)
    account.look.sns.untag_resource(ResourceArn=TOPIC, TagKeys=[OWNER_TAG])
    with_mail.apply()
    assert told(account.look) == [ANOTHER, ME]


def test_a_repair_of_an_alarm_keeps_what_somebody_added_to_it(account: Account, with_mail: Workspace) -> None:
    with_mail.apply()
    errors = alarms_of(account)["function-errors"]
    given = {name: errors[name] for name in ("Namespace", "MetricName", "Statistic", "Dimensions")}
    put(account, "function-errors", **{
        "ExtendedStatistic": "", "Unit": "", **given, "OKActions": [THEIRS], "ActionsEnabled": False,
    })  # fmt: skip
    sentences = with_mail.plan().phases[-1].sentences
    assert "alarm function-errors: telling somebody is off, should be on" in sentences
    assert "alarm function-errors: the threshold is 80.0, should be 0.0" in sentences
    with_mail.apply()
    repaired = alarms_of(account)["function-errors"]
    assert (repaired["OKActions"], repaired["Threshold"]) == ([THEIRS], 0.0)


def test_an_alarm_of_somebody_under_our_name_is_not_overwritten_although_aws_would_let_us(
    account: Account, with_mail: Workspace
) -> None:
    put(account, "function-errors")
    before = alarms_of(account)
    with pytest.raises(ConflictError, match="is there already"):
        with_mail.apply()
    assert alarms_of(account)["function-errors"] == before["function-errors"]


def test_one_that_was_adopted_is_afterwards_as_it_was_to_the_last_member(
    account: Account, with_mail: Workspace
) -> None:
    put(account, "function-errors", OKActions=[THEIRS])
    before = snapshot(account)
    with_mail.apply(adopt=True)
    adopted = alarms_of(account)["function-errors"]
    assert (adopted["MetricName"], adopted["Statistic"]) == ("Errors", "Sum")
    assert not {"ExtendedStatistic", "Unit", "DatapointsToAlarm"} & {key for key in adopted if adopted[key]}
    assert with_mail.plan().in_order
    with_mail.rollback()
    assert snapshot(account) == before


def test_a_topic_of_somebody_under_our_name_is_refused_with_the_flag_that_uses_it(
    account: Account, with_mail: Workspace
) -> None:
    account.look.sns.create_topic(Name=f"{NAME}-alarms")
    (conflict,) = with_mail.plan(adopt=True).conflicts
    assert "--alarm-topic ARN" in conflict.next_step


def test_a_rollback_says_first_that_topic_address_and_alarms_go_and_then_they_do(
    account: Account, with_mail: Workspace
) -> None:
    with_mail.apply()
    plan = with_mail.plan(remove=True)
    drawn = shown(rollback_table(plan))
    for words in (f"alarm topic {NAME}-alarms", f"with e-mail to {ME}", f"alarm {NAME}.api-errors"):
        assert words in drawn
    with_mail.rollback()
    assert leftovers(account) == []


OTHERS = {
    "email": ANOTHER,
    "https": "https://hooks.example.com/services/T0/B0/secret",
    "sqs": f"arn:aws:sqs:us-east-1:{ACCOUNT_ID}:ops",
    "sms": "+4915112345678",
    "lambda": f"arn:aws:lambda:us-east-1:{ACCOUNT_ID}:function:wake-up",
}


def subscribe_others(account: Account) -> None:
    for protocol, endpoint in OTHERS.items():
        account.look.sns.subscribe(TopicArn=TOPIC, Protocol=protocol, Endpoint=endpoint)


def test_whoever_else_our_topic_tells_is_named_before_it_goes_because_nobody_else_would_tell_them(
    account: Account, with_mail: Workspace
) -> None:
    with_mail.apply()
    assert "of others" not in shown(rollback_table(with_mail.plan(remove=True))), "there are none"
    subscribe_others(account)
    drawn = shown(rollback_table(with_mail.plan(remove=True)), width=160)
    named = f"email {ANOTHER}, https hooks.example.com, sqs ops, sms …5678, 1 more"
    assert f"5 subscriptions of others will be deleted with it: {named}" in drawn
    assert "secret" not in drawn
    with_mail.overrides.clear()
    (topic,) = [step for step in with_mail.plan().steps if step.key == "alarms.topic"]
    assert "5 subscriptions of others" in topic.sentences[-1], "and when alarms are switched off"
    assert not [name for name in account.calls.changing() if "Unsubscribe" in name]


def test_who_cannot_see_the_subscriptions_may_delete_the_topic_all_the_same(
    account: Account, with_mail: Workspace
) -> None:
    with_mail.apply()
    account.calls.refuse("sns.ListSubscriptionsByTopic", "AuthorizationError", "no", status=403)
    drawn = shown(rollback_table(with_mail.plan(remove=True)), width=160)
    assert "what of others goes with it could not be looked up" in drawn
    with_mail.rollback()
    assert leftovers(account) == []


def test_a_topic_of_another_region_is_refused_because_no_alarm_could_ever_tell_it(
    workspace: Workspace,
) -> None:
    workspace.overrides["alarm_topic"] = THEIRS.replace("us-east-1", "eu-west-1")
    at, _store = workspace.open()
    with pytest.raises(WizardError, match="is not in the region us-east-1"):
        preflight.check(at, workspace.plan(), NO_POLICY, OPERATOR, lambda _text: None)


def test_a_topic_that_no_alarm_can_tell_is_named_by_setup_and_status_and_stops_neither(
    account: Account, workspace: Workspace
) -> None:
    """Of one that may not be looked at nothing is said."""
    account.look.sns.create_topic(Name="mine")
    workspace.overrides["alarm_topic"] = THEIRS
    assert mute_sentences(workspace) == []
    policy = json.dumps(policies.document())
    account.look.sns.set_topic_attributes(TopicArn=THEIRS, AttributeName="Policy", AttributeValue=policy)
    sentences = mute_sentences(workspace)
    assert len(sentences) == 2
    assert all("its policy does not let cloudwatch.amazonaws.com publish" in one for one in sentences)
    account.calls.refuse("sns.GetTopicAttributes", "AuthorizationError", status=403)
    before = workspace.clock.time()
    assert mute_sentences(workspace) == []
    assert workspace.clock.time() == before


def mute_sentences(workspace: Workspace) -> list[str]:
    """What a setup and `status` say of the topic."""
    at, store = workspace.open()
    said: list[str] = []
    preflight.check(at, workspace.plan(), NO_POLICY, OPERATOR, said.append)
    said += standing_of(at, store, count=lambda at: Traffic(NOW, NOW)).warnings
    return [sentence for sentence in said if sentence.startswith("Alarms cannot tell")]


def test_hours_without_anybody_to_tell_are_a_contradiction(workspace: Workspace) -> None:
    workspace.overrides["alarm_no_events_hours"] = 6
    with pytest.raises(UsageError, match="nobody whom the alarm"):
        refuse_contradictions(workspace.settings)


def test_every_alarm_that_a_deployment_may_have_is_one_that_is_made_and_looked_at() -> None:
    assert tuple(one.ending for one in EVERY_ALARM) == ENDINGS
