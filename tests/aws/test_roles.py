"""Roles: when Lambda can assume one, and what happens when it is made anew."""

from __future__ import annotations

import pytest

from tests.aws.lab import (
    ROLE_ARN,
    TRUST_LAMBDA,
    TRUST_NOBODY,
    Lab,
    create_api,
    create_function,
    create_role,
    error_of,
    post,
)
from tests.aws.over_http import ManualClock
from tests.aws.over_http.behaviours import (
    RoleMustTrustLambda,
    RoleNotYetAssumable,
    StaleKmsGrant,
)

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("aws_double")]


def test_a_fresh_role_cannot_be_assumed_by_lambda_for_some_seconds(lab: Lab, clock: ManualClock) -> None:
    clients = lab.through(RoleNotYetAssumable(10), clock=clock)
    create_role(clients)
    refused = (
        400,
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
    )
    assert error_of(lambda: create_function(clients)) == refused
    clock.advance(10)
    create_function(clients)


def test_without_that_behaviour_a_fresh_role_works_at_once(lab: Lab) -> None:
    clients = lab.through()
    create_role(clients)
    create_function(clients)


def test_a_role_that_does_not_trust_lambda_is_refused_with_the_same_text_for_ever(lab: Lab) -> None:
    create_role(lab.direct, TRUST_NOBODY)
    message = error_of(lambda: create_function(lab.through(RoleMustTrustLambda())))[2]
    assert message == "The role defined for the function cannot be assumed by Lambda."
    create_function(lab.through())


def test_a_role_made_anew_leaves_the_function_without_its_kms_grant(lab: Lab) -> None:
    double = lab.double(StaleKmsGrant())
    clients = lab.clients(double.url)
    create_role(clients)
    create_function(clients)
    path = create_api(clients)
    assert clients.functions.invoke(FunctionName="tracker")["StatusCode"] == 200
    clients.iam.delete_role(RoleName="tracker")
    create_role(clients)
    status, code, message = error_of(lambda: clients.functions.invoke(FunctionName="tracker"))
    assert (status, code) == (502, "KMSAccessDeniedException")
    assert message.startswith("Lambda was unable to decrypt the environment variables")
    assert post(double.url + path)[:2] == (500, '{"message": "Internal server error"}')
    clients.functions.update_function_configuration(FunctionName="tracker", Role=ROLE_ARN)
    assert error_of(lambda: clients.functions.invoke(FunctionName="tracker"))[0] == 502
    clients.iam.create_role(RoleName="other", AssumeRolePolicyDocument=TRUST_LAMBDA)
    other = ROLE_ARN.replace("tracker", "other")
    clients.functions.update_function_configuration(FunctionName="tracker", Role=other)
    clients.functions.update_function_configuration(FunctionName="tracker", Role=ROLE_ARN)
    assert clients.functions.invoke(FunctionName="tracker")["StatusCode"] == 200
