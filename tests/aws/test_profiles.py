"""Profiles: everything together, and the double as a program."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests import PROJECT
from tests.aws.lab import (
    Lab,
    allow,
    create_api,
    create_bucket,
    create_function,
    create_role,
    invoke,
    post,
)
from tests.aws.over_http import ManualClock, lasting_rules, real_aws

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("aws_double")]


WORTH_WAITING_FOR = {
    "InvalidParameterValueException",
    "NoSuchBucket",
    "ResourceConflictException",
    "TooManyRequestsException",
}


class Patient:
    """A boto3 client, or a set of them, that repeats a call every second while AWS says "not yet"."""

    def __init__(self, wrapped: Any, clock: ManualClock) -> None:
        self._wrapped = wrapped
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        return Patient(getattr(self._wrapped, name), self._clock)

    def __call__(self, **parameters: Any) -> Any:
        for _ in range(60):
            try:
                return self._wrapped(**parameters)
            except ClientError as error:
                assert error.response["Error"]["Code"] in WORTH_WAITING_FOR
                self._clock.advance(1)
        raise AssertionError("patience ended")


def test_a_patient_client_gets_everything_done_in_the_real_aws_profile(lab: Lab, clock: ManualClock) -> None:
    """With all behaviours on, retrying by code is enough."""
    double = lab.double(*real_aws(), clock=clock)
    clients: Any = Patient(lab.clients(double.url), clock)
    create_bucket(clients)
    clients.s3.put_bucket_tagging(Bucket="bucket-of-ours", Tagging={"TagSet": []})
    create_role(clients)
    clients.iam.put_role_policy(RoleName="tracker", PolicyName="p", PolicyDocument=allow("s3:PutObject"))
    create_function(clients)
    assert invoke(clients)["statusCode"] == 200
    path = create_api(clients)
    answers: list[int] = []
    while answers[-2:] != [200, 200]:
        answers.append(post(double.url + path)[0])
        clock.advance(1)
        assert len(answers) < 60
    assert answers[0] == 403
    answered_by = {call.answered_by for call in double.calls}
    assert {"RoleNotYetAssumable", "FunctionPending", "BucketNotYetVisible", "FreshStageUrl"} <= answered_by


def test_the_lasting_rules_let_a_correct_deployment_pass(lab: Lab) -> None:
    double = lab.double(*lasting_rules())
    clients = lab.clients(double.url)
    create_bucket(clients)
    create_role(clients)
    create_function(clients)
    assert post(double.url + create_api(clients))[0] == 200


def test_the_double_runs_by_hand_as_a_module(lab: Lab, tmp_path: Path) -> None:
    log = tmp_path / "calls.jsonl"
    command = [
        sys.executable,
        "-m",
        "tests.aws.over_http",
        "--upstream",
        lab.url,
        "--profile",
        "plain",
        "--log-file",
        str(log),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        lab.clients(url).sts.get_caller_identity()
        process.terminate()
        assert process.wait(60) == 0
    assert json.loads(log.read_text())["operation"] == "GetCallerIdentity"
