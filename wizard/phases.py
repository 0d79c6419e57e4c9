"""The nine documented phases as one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wizard.aws.limits import ACCOUNT_LIMITS
from wizard.endpoint.checks import EndpointWorks, FunctionStoresEvent
from wizard.phase_titles import PHASE_TITLES
from wizard.resources.api import ApiResource, PostMethod, RestApi
from wizard.resources.base import Actions, AnyResource, Check
from wizard.resources.bucket import Bucket, BucketEncryption, BucketVersioning, PublicAccessBlock
from wizard.resources.bucket_policy import TlsOnly
from wizard.resources.cors import GatewayErrors, Preflight
from wizard.resources.function import Function
from wizard.resources.function_settings import FunctionEnvironment, FunctionSettings, ReservedConcurrency
from wizard.resources.invoke_permission import InvokePermission
from wizard.resources.logs import LogGroup, LogRetention
from wizard.resources.role import BasicExecution, BucketAccessPolicy, ManagedBasicExecution, Role
from wizard.resources.stage import Stage, Throttling


@dataclass(frozen=True)
class Phase:
    """A section of the guide: the resources that it makes, then the checks that prove it."""

    key: str
    title: str
    resources: tuple[AnyResource, ...]
    checks: tuple[Check, ...] = ()


def _phase(key: str, resources: tuple[AnyResource, ...], checks: tuple[Check, ...] = ()) -> Phase:
    return Phase(key, PHASE_TITLES[key], resources, checks)


PHASES: tuple[Phase, ...] = (
    _phase("bucket", (Bucket(), TlsOnly(), PublicAccessBlock(), BucketEncryption(), BucketVersioning())),
    _phase(
        "lambda",
        (Role(), BasicExecution(), LogGroup(), LogRetention(), ManagedBasicExecution(), Function()),
    ),
    _phase("iam", (BucketAccessPolicy(),)),
    _phase("env vars", (FunctionEnvironment(),)),
    _phase("settings", (FunctionSettings(), ReservedConcurrency())),
    _phase("test", (), (FunctionStoresEvent(),)),
    _phase("api", (RestApi(), ApiResource(), PostMethod(), InvokePermission())),
    _phase("cors", (Preflight(), GatewayErrors())),
    _phase("deploy", (Stage(), Throttling()), (EndpointWorks(),)),
)

RESOURCES: dict[str, AnyResource] = {
    resource.key: resource for phase in PHASES for resource in phase.resources
}


def needed_actions(phases: Sequence[Phase] = PHASES) -> list[Actions]:
    """The IAM actions of every resource and check: their sum is what the operator must be allowed."""
    resources = [resource.actions for phase in phases for resource in phase.resources]
    return [*resources, *(check.actions for phase in phases for check in phase.checks), ACCOUNT_LIMITS]
