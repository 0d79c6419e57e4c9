"""What the operator must be allowed to do: the policy that `eventtrack-wizard policy` prints.

`ARNS` says on what, `CONDITIONS` when; an action that no resource and no check names is not allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from wizard.aws.policies import Document, basic_execution_arn, document

# Kind of ARN, as resources name it in their `actions`, to the statement's id and the ARNs themselves.
#
# An API's id is AWS's to choose, so API Gateway is scoped to the region's REST APIs, and by condition to
# ours; an API is made with tags by leave to put them. Tags of a log group are read on its ARN without the
# `:*` that every other call needs; lists of log groups, alarms and tags, the account's limits and
# CloudWatch's metrics know no single thing.
ARNS: dict[str, tuple[str, tuple[str, ...]]] = {
    "bucket": ("Bucket", ("arn:{partition}:s3:::{bucket}",)),
    "objects": ("Events", ("arn:{partition}:s3:::{bucket}/*",)),
    "role": (
        "ExecutionRole",
        (
            "arn:{partition}:iam::{account}:role/{role}",
            "arn:{partition}:iam::{account}:role/{role_path}{role}",
        ),
    ),
    "function": ("Function", ("arn:{partition}:lambda:{region}:{account}:function:{function}",)),
    "log group": (
        "Logs",
        (
            "arn:{partition}:logs:{region}:{account}:log-group:/aws/lambda/{function}",
            "arn:{partition}:logs:{region}:{account}:log-group:/aws/lambda/{function}:*",
        ),
    ),
    "apis": ("Apis", ("arn:{partition}:apigateway:{region}::/restapis",)),
    "api": ("Api", ("arn:{partition}:apigateway:{region}::/restapis/*",)),
    "api tags": ("TagApi", ("arn:{partition}:apigateway:{region}::/tags/*",)),
    "account": ("WholeAccount", ("*",)),
    "delivery role": ("DeliveryRole", ("arn:{partition}:iam::{account}:role/{name}-{region}-delivery",)),
    "delivery logs": (
        "DeliveryLogs",
        (
            "arn:{partition}:logs:{region}:{account}:log-group:/aws/kinesisfirehose/{name}",
            "arn:{partition}:logs:{region}:{account}:log-group:/aws/kinesisfirehose/{name}:*",
        ),
    ),
    "streams": ("Streams", ("arn:{partition}:firehose:{region}:{account}:deliverystream/{name}.*",)),
    "catalog": (
        "Catalog",
        (
            "arn:{partition}:glue:{region}:{account}:catalog",
            "arn:{partition}:glue:{region}:{account}:database/{database}",
            "arn:{partition}:glue:{region}:{account}:table/{database}/*",
            "arn:{partition}:glue:{region}:{account}:userDefinedFunction/{database}/*",
        ),
    ),
    "workgroup": ("Workgroup", ("arn:{partition}:athena:{region}:{account}:workgroup/{name}-events",)),
    "alarm topic": ("AlarmTopic", ("arn:{partition}:sns:{region}:{account}:{name}-alarms",)),
    "alarms": ("Alarms", ("arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}.*",)),
}


@dataclass(frozen=True)
class Comparison:
    """What IAM compares at a call: a key of the request with a value; StringLike alone knows wildcards.

    Attributes:
        only_with: the field of `Names` without which there is nothing to compare with.
        confirmed: AWS documents the key for all our calls; otherwise `wide` leaves the comparison out.
    """

    operator: str
    key: str
    value: str
    only_with: str = ""
    confirmed: bool = True


TO_LAMBDA = Comparison("StringEquals", "iam:PassedToService", "lambda.amazonaws.com")
TO_FIREHOSE = Comparison("StringEquals", "iam:PassedToService", "firehose.amazonaws.com")
OF_LOGS = Comparison("ArnEquals", "iam:PolicyARN", basic_execution_arn("{partition}"))
BOUNDED = Comparison("StringEquals", "iam:PermissionsBoundary", "{boundary}", only_with="boundary")
TAGGED_OURS = Comparison("StringLike", "aws:RequestTag/{owner_tag}", "{owners}", confirmed=False)
ON_OURS = Comparison("StringLike", "aws:ResourceTag/{owner_tag}", "{owners}", confirmed=False)
TO_TOPICS = Comparison("ForAllValues:StringLike", "cloudwatch:AlarmActions", "arn:{partition}:sns:*")

ANY_PATH = "*/"
PUT_BOUNDARY = "iam:PutRolePermissionsBoundary"
ROLES = ("role", "delivery role")
MAKES_ROLES = ("iam:CreateRole", "iam:PutRolePolicy", PUT_BOUNDARY)
DETACHES = ("iam:AttachRolePolicy", "iam:DetachRolePolicy")
# Where there is no such key, as in all calls but the first, ForAllValues holds: one statement is shorter.
ALARMS = (
    "cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms", "cloudwatch:ListTagsForResource",
    "cloudwatch:TagResource", "cloudwatch:UntagResource",
)  # fmt: skip
CHANGES = ("apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT")

# Id of the statement, kind of ARN, actions, and when alone they are allowed. Without these rows the ARNs lead
# to administrator access by a detour, or to the APIs of others.
#
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-iam-policy.html
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-alarm-actions.html
#
# Lifting a boundary (iam:DeleteRolePermissionsBoundary) is in no row and no resource's actions: a boundary
# that the operator may lift is none. Who puts tags on an API needs PATCH on it as well, so `OwnApi` keeps
# others' APIs from being tagged as ours, too.
CONDITIONS: tuple[tuple[str, str, tuple[str, ...], Comparison], ...] = (
    ("PassRoleToLambda", "role", ("iam:PassRole",), TO_LAMBDA),
    ("FormerLogsPolicy", "role", DETACHES, OF_LOGS),
    ("BoundedRole", "role", MAKES_ROLES, BOUNDED),
    ("PassRoleToFirehose", "delivery role", ("iam:PassRole",), TO_FIREHOSE),
    ("BoundedDeliveryRole", "delivery role", MAKES_ROLES, BOUNDED),
    ("NewApi", "apis", ("apigateway:POST",), TAGGED_OURS),
    ("OwnApi", "api", CHANGES, ON_OURS),
    ("TagOwnApi", "api tags", ("apigateway:PUT",), TAGGED_OURS),
    ("AlarmsForTopics", "alarms", ALARMS, TO_TOPICS),
)


@dataclass(frozen=True)
class Names:
    """The names that an operator's policy is scoped to.

    `owners` is what the ownership tag says, with IAM's wildcards; `boundary` the ARN of the permissions
    boundary that the role must have, None where it needs none. `role_path` is `ANY_PATH` where the role may
    be one of somebody's own, which has a path when Lambda's console has made it: IAM judges a role by its
    ARN with its path. No two roles of an account have one name, whatever their paths.
    """

    partition: str
    account: str
    region: str
    name: str
    bucket: str
    role: str
    function: str
    owner_tag: str
    owners: str
    database: str
    boundary: str | None = None
    role_path: str = ""


def operator_document(
    names: Names, needed: Iterable[Mapping[str, tuple[str, ...]]], *, wide: bool = False
) -> Document:
    """Everything that the wizard does with a deployment of these names, and nothing else.

    Args:
        needed: the actions of every resource and check, by kind of ARN; see `ARNS`.
        wide: leave out the conditions that AWS may judge otherwise than we know.
    """
    actions: dict[str, set[str]] = {kind: set() for kind in ARNS}
    for one in needed:
        for kind, named in one.items():
            actions[kind] |= set(named)
    if not names.boundary:
        for kind in ROLES:
            actions[kind].discard(PUT_BOUNDARY)
    values = asdict(names)
    return document(
        *(
            statement
            for kind, named in actions.items()
            for statement in _statements(kind, named, values, wide=wide)
        )
    )


def _statements(
    kind: str, actions: set[str], values: Mapping[str, Any], *, wide: bool
) -> Iterator[dict[str, Any]]:
    """The actions on a kind of ARN: those that hang on nothing, then those of each condition."""
    sid, arns = ARNS[kind]
    resources = list(dict.fromkeys(arn.format_map(values) for arn in arns))
    rows = [
        (its_sid, actions.intersection(bound), test)
        for its_sid, its_kind, bound, test in CONDITIONS
        if its_kind == kind and _applies(test, values, wide=wide)
    ]
    free = actions.difference(*(bound for _, bound, _ in rows))
    if free:
        yield _allow(sid, free, resources)
    for its_sid, bound, test in rows:
        if bound:
            compared = {test.key.format_map(values): test.value.format_map(values)}
            yield {**_allow(its_sid, bound, resources), "Condition": {test.operator: compared}}


def _applies(test: Comparison, values: Mapping[str, Any], *, wide: bool) -> bool:
    return (test.confirmed or not wide) and (not test.only_with or bool(values[test.only_with]))


def _allow(sid: str, actions: Iterable[str], resources: list[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resources}


WITHOUT_ARN_LOCALLY = (
    "athena:CreateWorkGroup", "athena:ListTagsForResource", "athena:TagResource", "athena:UntagResource",
    "cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource",
    "cloudwatch:TagResource", "cloudwatch:UntagResource", "glue:DeleteDatabase", "glue:GetDatabase",
    "lambda:CreateFunction",
    "sns:ListTagsForResource", "sns:TagResource", "sns:Unsubscribe", "sns:UntagResource",
)  # fmt: skip


def for_local_aws(policy: Document) -> Document:
    """The operator's policy in the embedded local AWS.

    It knows no single function at CreateFunction, no alarm but at PutMetricAlarm, no topic by another name
    than TopicArn, no workgroup but by WorkGroup, takes a database for a table, and knows none of the keys of
    `CONDITIONS` at our calls: IAM's not at all, an API's tags not below the API. With a condition it would
    refuse everything.
    """
    statements = [
        {name: part for name, part in statement.items() if name != "Condition"}
        for statement in policy["Statement"]
    ]
    return document(*statements, _allow("LocalAwsOnly", WITHOUT_ARN_LOCALLY, ["*"]))
