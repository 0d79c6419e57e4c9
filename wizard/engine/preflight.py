"""What can be known before the first change: everything in the way is said at once, nothing is begun.

Caller, region and account are checked where the account is opened (`deployment`), names that are taken
where the plan is made (`plan`). Here come the account's limits and the operator's permissions, and all
that was found is put into one message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from wizard.aws import policies
from wizard.aws.error_rules import IAM_TROUBLESHOOTING, LAMBDA_LIMITS
from wizard.aws.limits import concurrency
from wizard.aws.permissions import NotCheckedError, missing_permissions
from wizard.aws.topic_policy import mute
from wizard.engine.failures import summed_up
from wizard.engine.plan import Plan
from wizard.errors import CredentialsError, UsageError, WizardError
from wizard.resources.base import Deployment
from wizard.resources.environment import VARIABLES, environment_variables
from wizard.state.model import DEFAULT_LABEL, TokenDigest

Result = TypeVar("Result")
Notice = Callable[[str], None]

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: memory in MB and executions at
# a time of accounts that AWS has not raised yet.
NEW_ACCOUNT_MEMORY, NEW_ACCOUNT_CONCURRENCY = 3008, 10
# Edge locations are CloudFront's, which API Gateway uses in the commercial partition alone; AWS's own SAM
# leaves EDGE out everywhere else: https://github.com/aws/serverless-application-model/pull/3763
ENDPOINT_TYPES = (
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-endpoint-types.html"
)
WITH_EDGE = "aws"
CHINA = "aws-cn"


def check(at: Deployment, plan: Plan, policy: policies.Document, caller_arn: str, notice: Notice) -> None:
    """Refuse a plan that cannot be carried out.

    Args:
        policy: everything that the operator needs.
        caller_arn: who the operator is, as STS says.
        notice: is told what could not be checked, and what may go wrong.

    Raises:
        WizardError: what is in the way, all of it.
    """
    problems: list[WizardError] = [*plan.conflicts, *plan.failures]
    if not plan.in_order:
        problems += _environment(at)
        problems += _partition(at, notice)
        problems += _alarm_topic(at, notice)
        problems += _limits(at, plan, notice)
        problems += _permissions(at, policy, caller_arn, notice)
        _tell_of_arrays(at, notice)
    if problems:
        raise summed_up(problems)


def _environment(at: Deployment) -> list[WizardError]:
    """Too many origins or tokens for the function's environment; a first token is still to be made."""
    tokens = at.tokens or (TokenDigest(DEFAULT_LABEL, "0" * 64, ""),)
    try:
        environment_variables(replace(at, tokens=tokens))
    except UsageError as error:
        return [error]
    return []


def _partition(at: Deployment, notice: Notice) -> list[WizardError]:
    """What API Gateway does otherwise outside of the commercial partition."""
    partition, region = at.identity.partition, at.identity.region
    if partition == CHINA:
        notice(
            "In China API Gateway answers anonymous calls, every event that a client posts, with 403 until"
            " the account has an ICP filing (Beian). Ask for it before you ship the endpoint's URL."
        )
    if partition == WITH_EDGE or at.settings.endpoint_type != "EDGE":
        return []
    return [
        WizardError(
            what=f"The endpoint type EDGE does not exist in {region}.",
            why=f"API Gateway has no edge locations in the partition {partition}.",
            next_step="Run again with --endpoint-type REGIONAL.",
            link=ENDPOINT_TYPES,
        )
    ]


def _alarm_topic(at: Deployment, notice: Notice) -> list[WizardError]:
    """CloudWatch takes a topic that it can never tell, and says so in the alarm's history alone."""
    arn, place = at.settings.alarm_topic, at.identity
    if arn is None or arn.split(":")[1:4] == [place.partition, "sns", place.region]:
        if sentence := mute(at.aws, arn, place.account):
            notice(sentence)
        return []
    return [
        UsageError(
            what=f"The topic {arn} is not in the region {place.region}.",
            why="CloudWatch's alarms tell topics of their own region alone.",
            next_step="Give a topic of that region with --alarm-topic.",
        )
    ]


def _tell_of_arrays(at: Deployment, notice: Notice) -> None:
    """What a function that stood before has stored, as far as it is known here."""
    variables = at.fact("function.environment", "variables") or {}
    if at.settings.query_table and variables.get(VARIABLES["event_format"]) == "json":
        notice(
            "Until now events were stored in the format json. The query table shows these once"
            " `eventtrack-wizard compact` has made lines of them."
        )


def _limits(at: Deployment, plan: Plan, notice: Notice) -> list[WizardError]:
    """New accounts have little of everything; asked only when the plan wants much."""
    reserved, memory = at.settings.reserved_concurrency, at.settings.memory_mb
    more = (reserved or 0) - (at.fact("function.concurrency", "reserved") or 0)
    much_memory = memory > NEW_ACCOUNT_MEMORY and _will_change(plan, "function.settings")
    if more <= 0 and not much_memory:
        return []
    try:
        limits = at.aws.retry(lambda: concurrency(at.aws), "look up the account's limits")
    except CredentialsError:
        raise
    except WizardError as error:
        return [error]
    if much_memory and limits.limit <= NEW_ACCOUNT_CONCURRENCY:
        notice(
            f"This looks like a new account: Lambda may refuse more than {NEW_ACCOUNT_MEMORY} MB of memory."
        )
    if more <= limits.reservable:
        return []
    return [
        WizardError(
            what=f"This account cannot reserve {reserved} executions for the function.",
            why=f"Of its {limits.limit} concurrent executions {limits.reservable} can still be reserved.",
            next_step="Run again with --reserved-concurrency unset, or ask AWS for a higher limit.",
            link=LAMBDA_LIMITS,
        )
    ]


def _will_change(plan: Plan, key: str) -> bool:
    return any(item.key == key and item.action.kind != "nothing" for item in plan.steps)


def _permissions(
    at: Deployment, policy: policies.Document, caller_arn: str, notice: Notice
) -> list[WizardError]:
    """The local AWS needs no check: there the wizard itself has made its user, with this policy."""
    if at.identity.local:
        return []
    try:
        missing = missing_permissions(at.aws, caller_arn, policy)
    except NotCheckedError as error:
        notice(
            f"Your permissions could not be checked beforehand ({error}); a missing one shows when needed."
        )
        return []
    if not missing:
        return []
    return [
        WizardError(
            what=f"Your credentials lack {len(missing)} permission{'s' if len(missing) > 1 else ''}.",
            why=f"{caller_arn} may not do: {', '.join(missing)}.",
            next_step="Grant what `eventtrack-wizard policy` prints, then run the same command again.",
            link=IAM_TROUBLESHOOTING,
        )
    ]
