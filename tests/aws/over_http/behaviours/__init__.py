"""Everything that real AWS does and the emulator does not, one small class each."""

from __future__ import annotations

from .base import Behaviour
from .buckets import (
    BucketNameBusyAfterDelete,
    BucketNamesTaken,
    BucketNotYetVisible,
    BucketOwnerIsChecked,
    BucketTagsRefused,
    ReservedBucketNames,
    VersionsKeepTheBucket,
)
from .credentials import DeadCredentials
from .exact_actions import ExactActions
from .functions import (
    EnvironmentRules,
    FunctionDeletesLater,
    FunctionPending,
    NewAccountLimits,
    NoPolicyIsNotFound,
    RuntimesRetired,
)
from .gateway import (
    ApiGatewayQuotas,
    ApisShowTheirTags,
    DeploymentNeedsMethods,
    EndpointNeedsLambdaPermission,
    FreshStageUrl,
    IntegrationResponseNeedsMethodResponse,
    MethodsAreUnique,
    OldCopyAfterDeployment,
    RestApiInflates,
    ShownDeploymentsStay,
)
from .invocations import RunningInvocationsEnd
from .latency import Latency
from .log_groups import LogGroupComesBack
from .permissions import ExplicitDeny, ImpliedPermissions, TagsDemanded
from .queries import AthenaReadsTheCatalog
from .roles import RoleMustTrustLambda, RoleNotYetAssumable, StaleKmsGrant
from .simulation import SimulationLooksAtEverything
from .stale_credentials import StaleRoleCredentials
from .streams import StreamsBuffer

__all__ = [
    "ApiGatewayQuotas",
    "ApisShowTheirTags",
    "AthenaReadsTheCatalog",
    "Behaviour",
    "BucketNameBusyAfterDelete",
    "BucketNamesTaken",
    "BucketNotYetVisible",
    "BucketOwnerIsChecked",
    "BucketTagsRefused",
    "DeadCredentials",
    "DeploymentNeedsMethods",
    "EndpointNeedsLambdaPermission",
    "EnvironmentRules",
    "ExactActions",
    "ExplicitDeny",
    "FreshStageUrl",
    "FunctionDeletesLater",
    "FunctionPending",
    "ImpliedPermissions",
    "IntegrationResponseNeedsMethodResponse",
    "Latency",
    "LogGroupComesBack",
    "MethodsAreUnique",
    "NewAccountLimits",
    "NoPolicyIsNotFound",
    "OldCopyAfterDeployment",
    "ReservedBucketNames",
    "RestApiInflates",
    "RoleMustTrustLambda",
    "RoleNotYetAssumable",
    "RunningInvocationsEnd",
    "RuntimesRetired",
    "ShownDeploymentsStay",
    "SimulationLooksAtEverything",
    "StaleKmsGrant",
    "StaleRoleCredentials",
    "StreamsBuffer",
    "TagsDemanded",
    "VersionsKeepTheBucket",
    "lasting_rules",
    "real_aws",
]


def lasting_rules() -> list[Behaviour]:
    """What AWS refuses at any time: rules without any waiting, fit for every test."""
    return [
        RoleMustTrustLambda(),
        EnvironmentRules(),
        RuntimesRetired(),
        NoPolicyIsNotFound(),
        ReservedBucketNames(),
        BucketOwnerIsChecked(),
        VersionsKeepTheBucket(),
        MethodsAreUnique(),
        IntegrationResponseNeedsMethodResponse(),
        DeploymentNeedsMethods(),
        ShownDeploymentsStay(),
        RestApiInflates(),
        EndpointNeedsLambdaPermission(),
        ImpliedPermissions(),
        SimulationLooksAtEverything(),
    ]


def real_aws(latency_seconds: float = 0.05) -> list[Behaviour]:
    """A normal account on a normal day: all rules, quotas and delays, with typical times."""
    return [
        Latency(latency_seconds),
        ApiGatewayQuotas(),
        RoleNotYetAssumable(),
        StaleKmsGrant(),
        FreshStageUrl(),
        OldCopyAfterDeployment(),
        FunctionPending(),
        FunctionDeletesLater(),
        StaleRoleCredentials(),
        BucketNameBusyAfterDelete(),
        BucketNotYetVisible(),
        LogGroupComesBack(),
        *lasting_rules(),
    ]
