"""Before the first change everything that is in the way is said at once, and nothing is begun."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator

import pytest

from tests.aws.over_http.behaviours import NewAccountLimits
from tests.tools.operator_lab import ACCOUNT, REGION, USER, OperatorLab, operator_lab
from wizard.aws import policies
from wizard.aws.permissions import NotCheckedError, missing_permissions, principal_arn
from wizard.engine import preflight
from wizard.engine.failures import summed_up
from wizard.engine.plan import Plan
from wizard.errors import ConflictError, ExitCode, WizardError

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("preflight")]

OPERATOR = f"arn:aws:iam::{ACCOUNT}:user/{USER}"
MAY_ASK = {
    "Sid": "MayAsk",
    "Effect": "Allow",
    "Action": ["iam:SimulatePrincipalPolicy", "iam:GetRole"],
    "Resource": ["*"],
}


@pytest.fixture(scope="module")
def shared_lab(lenient_emulator_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperatorLab]:
    with operator_lab(lenient_emulator_url, tmp_path_factory.mktemp("operator")) as lab:
        yield lab


@pytest.fixture
def lab(shared_lab: OperatorLab) -> Iterator[OperatorLab]:
    """An operator with the whole policy who may also ask IAM about it."""
    shared_lab.overrides = {}
    shared_lab.notices.clear()
    shared_lab.grant(whole(shared_lab))
    shared_lab.double.calls.clear()
    behaviours = list(shared_lab.double.behaviours)
    yield shared_lab
    shared_lab.double.behaviours[:] = behaviours


def whole(lab: OperatorLab) -> policies.Document:
    policy = copy.deepcopy(lab.policy)
    policy["Statement"].append(MAY_ASK)
    return policy


def without(policy: policies.Document, *dropped: str) -> policies.Document:
    poorer = copy.deepcopy(policy)
    for statement in poorer["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action not in dropped]
    poorer["Statement"] = [statement for statement in poorer["Statement"] if statement["Action"]]
    return poorer


def plan_of(lab: OperatorLab) -> Plan:
    return lab.status()


def missing(lab: OperatorLab) -> list[str]:
    return missing_permissions(lab.operator, OPERATOR, lab.policy)


def test_all_missing_permissions_are_listed_at_once_before_anything_is_made(lab: OperatorLab) -> None:
    lab.grant(without(whole(lab), "s3:CreateBucket", "iam:PassRole", "logs:PutRetentionPolicy"))
    with pytest.raises(WizardError) as caught:
        lab.set_up()
    assert caught.value.what == "Your credentials lack 3 permissions."
    assert f"s3:CreateBucket on arn:aws:s3:::{lab.deployment().settings.bucket_name}" in caught.value.why
    assert (
        f"iam:PassRole on arn:aws:iam::{ACCOUNT}:role/{lab.deployment().settings.role_name}"
        in caught.value.why
    )
    assert f"logs:PutRetentionPolicy on arn:aws:logs:{REGION}:{ACCOUNT}:log-group:" in caught.value.why
    assert "`eventtrack-wizard policy`" in caught.value.next_step
    assert lab.double.names(changing_only=True) == []


def test_with_the_whole_policy_nothing_is_missing(lab: OperatorLab) -> None:
    assert missing(lab) == []


def test_what_may_not_be_read_is_listed_at_once_even_where_iam_may_not_be_asked(lab: OperatorLab) -> None:
    lab.grant(
        without(whole(lab), "iam:SimulatePrincipalPolicy", "lambda:GetFunction", "logs:DescribeLogGroups")
    )
    with pytest.raises(WizardError) as caught:
        lab.set_up()
    assert "lambda:GetFunction" in caught.value.why
    assert "logs:DescribeLogGroups" in caught.value.why
    assert lab.double.names(changing_only=True) == []


def test_could_not_check_is_not_denied(lab: OperatorLab) -> None:
    lab.grant(without(whole(lab), "iam:SimulatePrincipalPolicy"))
    preflight.check(lab.deployment(), plan_of(lab), lab.policy, OPERATOR, lab.notices.append)
    (notice,) = lab.notices
    assert (
        "could not be checked beforehand (IAM answered SimulatePrincipalPolicy with AccessDenied)" in notice
    )


def test_a_permission_that_hangs_on_a_condition_is_not_called_missing(lab: OperatorLab) -> None:
    """Whether MFA was used only the real call can tell."""
    policy = whole(lab)
    for statement in policy["Statement"]:
        if statement["Sid"] == "Bucket":
            statement["Condition"] = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    lab.grant(policy)
    assert missing(lab) == []


def test_what_an_alarm_may_do_is_asked_as_the_list_that_it_is(lab: OperatorLab) -> None:
    """IAM takes a key that has several values as a list alone."""
    lab.grant(whole(lab))
    lab.double.calls.clear()
    assert missing(lab) == []
    entry = "ContextEntries.member.1.ContextKey"
    asked = [call.parameters for call in lab.double.calls if call.name == "iam.SimulatePrincipalPolicy"]
    kinds = {one[f"{entry}Name"]: one[f"{entry}Type"] for one in asked if f"{entry}Name" in one}
    assert kinds["cloudwatch:AlarmActions"] == "stringList"
    assert kinds["iam:PassedToService"] == "string"


def test_a_policy_for_another_boundary_is_noticed_before_the_first_change(lab: OperatorLab) -> None:
    """What our calls will bring along is known, so IAM is told and need not answer that it hangs on that."""
    lab.overrides = {"permissions_boundary": f"arn:aws:iam::{ACCOUNT}:policy/edge"}
    lab.grant(whole(lab))
    assert missing(lab) == []
    lab.overrides = {"permissions_boundary": f"arn:aws:iam::{ACCOUNT}:policy/other"}
    role = f"arn:aws:iam::{ACCOUNT}:role/{lab.deployment().settings.role_name}"
    assert missing(lab) == [
        f"{action} on {role}"
        for action in ("iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy")
    ]


def test_a_policy_for_the_apis_of_another_deployment_is_noticed_before_the_first_change(
    lab: OperatorLab,
) -> None:
    pattern = lab.deployment().identity.id_pattern
    lab.grant(json.loads(json.dumps(whole(lab)).replace(pattern, f"other.{REGION}.????????")))
    apis = f"arn:aws:apigateway:{REGION}::/restapis"
    assert missing(lab) == [
        f"apigateway:POST on {apis}",
        *(f"apigateway:{method} on {apis}/*" for method in ("DELETE", "PATCH", "POST", "PUT")),
        f"apigateway:PUT on arn:aws:apigateway:{REGION}::/tags/*",
    ]


def test_an_explicit_deny_is_called_missing(lab: OperatorLab) -> None:
    policy = whole(lab)
    policy["Statement"].append(
        {"Sid": "No", "Effect": "Deny", "Action": ["iam:CreateRole"], "Resource": ["*"]}
    )
    lab.grant(policy)
    assert missing(lab) == [
        f"iam:CreateRole on arn:aws:iam::{ACCOUNT}:role/{lab.deployment().settings.role_name}"
    ]


def test_a_session_is_asked_about_as_its_role_with_the_path_that_only_iam_knows(lab: OperatorLab) -> None:
    trust = json.dumps(policies.lambda_trust(ACCOUNT))
    lab.root.iam.create_role(RoleName="Deployer", Path="/teams/web/", AssumeRolePolicyDocument=trust)
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/Deployer/ann"
    assert principal_arn(lab.root, session) == f"arn:aws:iam::{ACCOUNT}:role/teams/web/Deployer"
    unknown = session.replace("Deployer", "Elsewhere")
    assert principal_arn(lab.root, unknown) == f"arn:aws:iam::{ACCOUNT}:role/Elsewhere"
    assert principal_arn(lab.root, OPERATOR) == OPERATOR


@pytest.mark.parametrize("name", ["root", "federated-user/ann"])
def test_who_cannot_be_simulated_is_not_checked(lab: OperatorLab, name: str) -> None:
    with pytest.raises(NotCheckedError):
        principal_arn(lab.root, f"arn:aws:sts::{ACCOUNT}:{name}")


def test_a_new_account_cannot_reserve_and_is_told_so_with_all_the_rest(lab: OperatorLab) -> None:
    lab.double.behaviours.append(NewAccountLimits())
    lab.overrides = {"reserved_concurrency": 1, "memory_mb": 4096}
    lab.grant(without(whole(lab), "s3:CreateBucket"))
    with pytest.raises(WizardError) as caught:
        lab.set_up()
    assert "This account cannot reserve 1 executions" in caught.value.what
    assert "Your credentials lack 1 permission." in caught.value.what
    assert "--reserved-concurrency unset" in caught.value.next_step
    assert "`eventtrack-wizard policy`" in caught.value.next_step
    assert any("3008 MB" in notice for notice in lab.notices)
    assert lab.double.names(changing_only=True) == []


def test_limits_are_not_asked_for_where_the_plan_wants_little(lab: OperatorLab) -> None:
    preflight.check(lab.deployment(), plan_of(lab), lab.policy, OPERATOR, lab.notices.append)
    assert "lambda.GetAccountSettings" not in lab.double.names()
    assert "iam.SimulatePrincipalPolicy" in lab.double.names()


def test_a_run_that_has_nothing_to_do_asks_nothing(lab: OperatorLab) -> None:
    lab.set_up()
    lab.double.calls.clear()
    lab.set_up()
    lab.grant(whole(lab))
    assert "iam.SimulatePrincipalPolicy" not in lab.double.names()
    lab.roll_back()


def test_several_problems_become_one_error_of_their_kind_with_every_sentence_once() -> None:
    first = ConflictError(what="A is taken.", why="Somebody has it.", next_step="Choose another.")
    second = ConflictError(what="B is taken.", why="Somebody has it.", next_step="Choose another.")
    error = summed_up([first, second])
    assert isinstance(error, ConflictError)
    assert (error.what, error.why) == ("A is taken. B is taken.", "Somebody has it.")
    assert error.exit_code == ExitCode.FAILED
    assert summed_up([first]) is first
