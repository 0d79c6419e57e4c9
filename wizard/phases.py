"""The nine documented phases as one table, and below them what the operator may wish for besides."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from wizard.aws.athena import ASKS_ATHENA
from wizard.aws.limits import READS_LIMITS
from wizard.aws.metrics import READS_METRICS
from wizard.aws.tagging import READS_TAGS
from wizard.endpoint.checks import EndpointWorks, FunctionStoresEvent
from wizard.phase_titles import OPTIONAL_TITLES, TITLES
from wizard.resources.alarm_topic import AlarmTopic, EmailSubscription
from wizard.resources.alarms import EVERY_ALARM
from wizard.resources.api import ApiResource, PostMethod, RestApi
from wizard.resources.base import Actions, AnyResource, Check
from wizard.resources.bucket import Bucket, BucketEncryption, BucketVersioning, PublicAccessBlock
from wizard.resources.bucket_lifecycle import EventRetention
from wizard.resources.bucket_policy import TlsOnly
from wizard.resources.cors import GatewayErrors, Preflight
from wizard.resources.delivery import (
    DeliveryLogGroup,
    DeliveryLogRetention,
    DeliveryLogStream,
    DeliveryPolicy,
    DeliveryRole,
)
from wizard.resources.function import Function
from wizard.resources.function_settings import FunctionEnvironment, FunctionSettings, ReservedConcurrency
from wizard.resources.invoke_permission import InvokePermission
from wizard.resources.logs import LogGroup, LogRetention
from wizard.resources.query_table import EventsView, LinesTable, QueryDatabase, RawView
from wizard.resources.query_workgroup import QueryWorkgroup
from wizard.resources.role import BasicExecution, BucketAccessPolicy, ManagedBasicExecution, Role
from wizard.resources.stage import Stage, Throttling
from wizard.resources.streams import NUMBERS, PutRight, Stream
from wizard.settings.table import Settings


@dataclass(frozen=True)
class Phase:
    """A section of the guide: the resources that it makes, then the checks that prove it."""

    key: str
    title: str
    resources: tuple[AnyResource, ...]
    checks: tuple[Check, ...] = ()

    @property
    def is_optional(self) -> bool:
        """Whether it is there only if the operator wants something of it."""
        return self.key in OPTIONAL_TITLES


def _phase(key: str, resources: tuple[AnyResource, ...], checks: tuple[Check, ...] = ()) -> Phase:
    return Phase(key, TITLES[key], resources, checks)


PHASES: tuple[Phase, ...] = (
    _phase(
        "bucket",
        (
            Bucket(),
            TlsOnly(),
            PublicAccessBlock(),
            BucketEncryption(),
            BucketVersioning(),
            EventRetention(),
        ),
    ),
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
    _phase(
        "buffer",
        (
            DeliveryRole(),
            DeliveryLogGroup(),
            DeliveryLogRetention(),
            DeliveryLogStream(),
            DeliveryPolicy(),
            *map(Stream, NUMBERS),
            PutRight(),
        ),
    ),
    _phase("query", (QueryDatabase(), LinesTable(), RawView(), EventsView(), QueryWorkgroup())),
    _phase("alarms", (AlarmTopic(), EmailSubscription(), *EVERY_ALARM)),
)

RESOURCES: dict[str, AnyResource] = {
    resource.key: resource for phase in PHASES for resource in phase.resources
}


def phases_with_rights(settings: Settings, standing: Collection[str] = ()) -> tuple[Phase, ...]:
    """What the operator needs rights for: buffered ingest and the query table only where they are wanted or
    stand, because with them a policy can be longer than IAM takes.

    Args:
        standing: keys of the resources that the state file knows.
    """
    wanted = {key.partition(".")[0] for key in standing}
    wanted |= {"buffer"} if settings.is_buffered else set()
    wanted |= {"query"} if settings.query_table else set()
    return tuple(phase for phase in PHASES if phase.key not in {"buffer", "query"} - wanted)


def needed_actions(phases: Sequence[Phase] = PHASES) -> list[Actions]:
    """The IAM actions of every resource, check and look: their sum is what the operator must be allowed."""
    resources = [resource.actions for phase in phases for resource in phase.resources]
    checks = [check.actions for phase in phases for check in phase.checks]
    asks = [ASKS_ATHENA] if any(phase.key == "query" for phase in phases) else []
    return [*resources, *checks, *asks, READS_LIMITS, READS_METRICS, READS_TAGS]
