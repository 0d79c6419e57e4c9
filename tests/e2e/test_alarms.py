"""Somebody is told when events are lost: from a broken permission to the message behind the topic."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.tools.local_deployment import LocalDeployment, deployed

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("alarms")]

NAME = "saas-event-tracking"
TOPIC = f"arn:aws:sns:us-east-1:000000000000:{NAME}-alarms"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    yield from deployed(tmp_path_factory, "--alarm-email", "me@example.com", "--alarm-no-events-hours", "6")


def queue_behind_the_topic(deployment: LocalDeployment) -> str:
    """Its URL; it takes messages from our topic alone."""
    sqs, arn = deployment.client("sqs"), "arn:aws:sqs:us-east-1:000000000000:pager"
    url: str = sqs.create_queue(QueueName="pager")["QueueUrl"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": TOPIC}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    deployment.client("sns").subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=arn)
    return url


def count_as_the_gateway_does(deployment: LocalDeployment, status: int) -> None:
    """The emulator's gateway publishes no metrics; CloudWatch looks at alarms when a metric comes.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
    """
    dimensions = [{"Name": "ApiName", "Value": f"{NAME}-api"}, {"Name": "Stage", "Value": "prod"}]
    datum = {"MetricName": "5XXError", "Dimensions": dimensions, "Value": float(status >= 500)}
    deployment.client("cloudwatch").put_metric_data(Namespace="AWS/ApiGateway", MetricData=[datum])


def messages(deployment: LocalDeployment, queue: str) -> list[dict[str, Any]]:
    answer = deployment.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def test_a_function_that_may_not_store_any_more_sets_off_the_alarm_and_a_message_arrives(
    deployment: LocalDeployment,
) -> None:
    queue, endpoint = queue_behind_the_topic(deployment), deployment.endpoint()
    good = endpoint.post({"event_name": "before"})
    count_as_the_gateway_does(deployment, good.status)
    assert (good.status, messages(deployment, queue)) == (200, []), "all is well, and nobody is disturbed"

    settings = deployment.state["settings"]
    deployment.client("iam").delete_role_policy(
        RoleName=settings["role_name"], PolicyName=settings["policy_name"]
    )
    bad = endpoint.post({"event_name": "lost"})
    assert (bad.status, bad.body["code"]) == (500, "StorageAccessDenied")
    count_as_the_gateway_does(deployment, bad.status)

    (envelope,) = messages(deployment, queue)
    assert (envelope["Type"], envelope["TopicArn"]) == ("Notification", TOPIC)
    assert envelope["Subject"] == f'ALARM: "{NAME}.api-errors" in us-east-1'
    # https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html and what CloudWatch puts in
    said = json.loads(envelope["Message"])
    assert (said["AlarmName"], said["OldStateValue"], said["NewStateValue"]) == (
        f"{NAME}.api-errors", "OK", "ALARM",
    )  # fmt: skip
    assert "clients have to send these events again" in said["AlarmDescription"]
    assert {"AWSAccountId", "NewStateReason", "StateChangeTime", "Region", "Trigger"} <= set(said)
    trigger = said["Trigger"]
    assert (trigger["Namespace"], trigger["MetricName"], trigger["Threshold"]) == (
        "AWS/ApiGateway", "5XXError", 0.0,
    )  # fmt: skip
    assert {f"{NAME}-api", "prod"} == {item["Value"] for item in trigger["Dimensions"]}

    assert f"The alarm {NAME}.api-errors has gone off" in deployment.run("status", exit_code=3).stderr
    deployment.run("setup", "--yes")
    assert endpoint.post({"event_name": "after"}).status == 200


def test_the_address_can_change_and_the_alarms_can_go_by_a_command_each(deployment: LocalDeployment) -> None:
    document = json.loads(deployment.run("status", "--json").stdout)
    assert (document["healthy"], document["phases"][-1]["key"]) == (True, "alarms")
    assert document["warnings"][-1] == (
        "The local AWS sends no e-mail: on AWS me@example.com would be told of alarms."
    )
    done = deployment.run("setup", "--yes", "--alarm-email", "another@example.com")
    assert "on AWS another@example.com would be told of alarms" in done.stdout
    told = deployment.client("sns").list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]
    assert "another@example.com" in {item["Endpoint"] for item in told}
    assert "me@example.com" not in {item["Endpoint"] for item in told}

    refused = deployment.run("setup", "--yes", "--alarm-email", "none", exit_code=2)
    assert "--alarm-no-events-hours none" in refused.stderr
    off = deployment.run("setup", "--yes", "--alarm-email", "none", "--alarm-no-events-hours", "none").stdout
    assert "would be told" not in off, "what is gone has nothing to say"
    assert "Verified before: " in off, "alarms change nothing that was proved"
    assert deployment.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert deployment.client("sns").list_topics()["Topics"] == []
    assert len(json.loads(deployment.run("status", "--json").stdout)["phases"]) == 9
