"""`policy`: what the operator must be allowed to do, scoped to the names of one deployment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from wizard import deployment
from wizard.account import Account, connect, session_at
from wizard.aws.policies import characters
from wizard.aws.session import partition_of
from wizard.clock import SystemClock
from wizard.errors import CredentialsError, ExitCode, UsageError
from wizard.identity import DeploymentId
from wizard.options import Options
from wizard.settings.resolve import Said, merge
from wizard.settings.table import DEFAULT_NAME
from wizard.settings.validators import checked_deployment_name
from wizard.state import model as state_module
from wizard.state.model import State
from wizard.ui.output import messages, print_json

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MOST_CHARACTERS = 6_144
HOW_TO_GRANT = (
    "Save it as policy.json and grant it with"
    " `aws iam create-policy --policy-name eventtrack-wizard --policy-document file://policy.json`;"
    " then attach that policy to the user or role that runs the wizard."
)


@dataclass(frozen=True)
class Request:
    """What the operator typed. `account` is a number, for when there are no credentials yet.

    `wide` is the fallback where AWS judges tags otherwise than we know.
    """

    options: Options
    flags: Mapping[str, str] = field(default_factory=dict)
    account: str | None = None
    wide: bool = False


def run(request: Request) -> ExitCode:
    """Print the policy; asks AWS for the account's number only when nothing else tells it."""
    state = _saved(request)
    identity = state.identity if state else _identity(request)
    resolved = merge(
        identity, Said(flags=request.flags, environment=os.environ), saved=state.settings if state else {}
    )
    standing = state.records if state else ()
    policy = deployment.operator_policy(identity, resolved.settings, wide=request.wide, standing=standing)
    print_json(policy)
    messages().print(HOW_TO_GRANT)
    if (size := characters(policy)) > MOST_CHARACTERS:
        messages().print(
            f"It has {size:,} characters, and a managed policy {MOST_CHARACTERS:,} at most: make two of its"
            " statements, or grant it as the inline policy of a role, which may have 10,240."
        )
    return ExitCode.DONE


def _saved(request: Request) -> State | None:
    """The state file's deployment, unless another one is asked for."""
    state = state_module.load(request.options.state)
    if state is None or (request.options.name not in (None, state.identity.name)) or request.account:
        return None
    return state


def _identity(request: Request) -> DeploymentId:
    name = checked_deployment_name(request.options.name or DEFAULT_NAME)
    if request.account is None:
        return deployment.new_identity(_connected(request.options), name, request.options)
    account = _checked_account(request.account)
    session = session_at(request.options)
    region = str(session.region_name)
    return DeploymentId("", name, account, partition_of(session, region), region)


def _connected(options: Options) -> Account:
    try:
        return connect(options, SystemClock(), None)
    except CredentialsError as error:
        error.next_step += (
            " Or name the account: `eventtrack-wizard policy --account 123456789012 --region us-east-1`."
        )
        raise


def _checked_account(account: str) -> str:
    if not re.fullmatch(r"\d{12}", account):
        raise UsageError(
            what=f"{account!r} is no account number.",
            why="It has 12 digits.",
            next_step="See it with `aws sts get-caller-identity --query Account`.",
        )
    return account
