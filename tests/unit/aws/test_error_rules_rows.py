"""Every row of the catalogue, provoked on the wire: real boto3 calls, answered as AWS would."""

# ruff: noqa: E501  one answer, one line

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.aws.clock import FakeClock
from tests.aws.over_http import AwsDouble, faults
from tests.tools.emulator import empty
from wizard.aws.client import Aws
from wizard.aws.error_rules import AGAIN, RULES
from wizard.aws.retry import retry
from wizard.aws.rule import Explain, Wait
from wizard.aws.session import Keys, open_session
from wizard.errors import WaitTimeoutError, WizardError

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("catalogue")]

ROLE = "arn:aws:iam::000000000000:role/worker"
FOREIGN_POLICY = "arn:aws:iam::123456789012:policy/of-somebody"
ON_THE_ROLE = "on resource: role worker because no identity-based policy allows it"
ON_THE_API = "apigateway:POST on resource: arn:aws:apigateway:eu-central-1::/restapis/a/resources/r because"
DENIED = "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: s3:CreateBucket "
ORGANIZATION = "with an explicit deny in a service control policy: arn:aws:organizations::9:policy/o-1/p-1"
SKEWED = (
    "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z (20260101T001500Z - 5 min.)"
)
EXPIRED = "The security token included in the request is expired"
INVALID = "The security token included in the request is invalid."
BUSY_BUCKET = (
    "A conflicting conditional operation is currently in progress against this resource. Please try again."
)
CONCURRENT = "Unable to complete operation due to concurrent modification. Please try again later."

Send = Callable[[Aws], object]

# What is sent, and how the wizard calls it when it talks to the operator.
CALLS: dict[str, tuple[str, Send]] = {
    "s3.HeadBucket": ("look at the S3 bucket", lambda aws: aws.s3.head_bucket(Bucket="events-1")),
    "s3.CreateBucket": ("set up the S3 bucket", lambda aws: aws.s3.create_bucket(Bucket="events-1")),
    "s3.DeleteBucket": ("take back the S3 bucket", lambda aws: aws.s3.delete_bucket(Bucket="events-1")),
    "s3.PutBucketPolicy": (
        "set up the bucket policy",
        lambda aws: aws.s3.put_bucket_policy(Bucket="events-1", Policy="{}"),
    ),
    "s3.PutBucketVersioning": (
        "set up the versioning",
        lambda aws: aws.s3.put_bucket_versioning(
            Bucket="events-1", VersioningConfiguration={"Status": "Enabled"}
        ),
    ),
    "sns.CreateTopic": ("set up the alarm topic", lambda aws: aws.sns.create_topic(Name="t")),
    "sns.Subscribe": (
        "set up the e-mail",
        lambda aws: aws.sns.subscribe(
            TopicArn=aws.sns.create_topic(Name="t")["TopicArn"], Protocol="email", Endpoint="a@b.example"
        ),
    ),
    "firehose.CreateDeliveryStream": (
        "set up the stream",
        lambda aws: aws.firehose.create_delivery_stream(DeliveryStreamName="s"),
    ),
    "firehose.UpdateDestination": (
        "set up the stream",
        lambda aws: aws.firehose.update_destination(
            DeliveryStreamName="s", CurrentDeliveryStreamVersionId="1", DestinationId="d"
        ),
    ),
    "glue.CreateDatabase": (
        "set up the query database",
        lambda aws: aws.glue.create_database(DatabaseInput={"Name": "d"}),
    ),
    "glue.CreateTable": (
        "set up the query table",
        lambda aws: aws.glue.create_table(DatabaseName="d", TableInput={"Name": "t"}),
    ),
    "athena.CreateWorkGroup": (
        "set up the workgroup",
        lambda aws: aws.athena.create_work_group(Name="w"),
    ),
    "logs.CreateLogStream": (
        "set up the log stream",
        lambda aws: aws.logs.create_log_stream(logGroupName="g", logStreamName="s"),
    ),
    "iam.CreateRole": (
        "set up the execution role",
        lambda aws: aws.iam.create_role(RoleName="worker", AssumeRolePolicyDocument="{}"),
    ),
    "iam.PutRolePolicy": (
        "set up the inline policy",
        lambda aws: aws.iam.put_role_policy(RoleName="worker", PolicyName="p", PolicyDocument="{}"),
    ),
    "iam.DetachRolePolicy": (
        "take back the role",
        lambda aws: aws.iam.detach_role_policy(RoleName="worker", PolicyArn=FOREIGN_POLICY),
    ),
    "iam.DeleteRolePermissionsBoundary": (
        "give back the role",
        lambda aws: aws.iam.delete_role_permissions_boundary(RoleName="worker"),
    ),
    "iam.DeleteRole": ("take back the role", lambda aws: aws.iam.delete_role(RoleName="worker")),
    "lambda.CreateFunction": (
        "set up the Lambda function",
        lambda aws: aws.functions.create_function(
            FunctionName="f", Role=ROLE, Code={"ZipFile": b"-"}, Handler="h.h", Runtime="python3.13"
        ),
    ),
    "lambda.UpdateFunctionConfiguration": (
        "set up the environment variables",
        lambda aws: aws.functions.update_function_configuration(FunctionName="f", Timeout=10),
    ),
    "lambda.PutFunctionConcurrency": (
        "set up the reserved concurrency",
        lambda aws: aws.functions.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=1),
    ),
    "lambda.AddPermission": (
        "set up the permission",
        lambda aws: aws.functions.add_permission(
            FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal="p"
        ),
    ),
    "s3.GetObject": ("read the object", lambda aws: aws.s3.get_object(Bucket="b", Key="k")),
    "lambda.Invoke": ("finish the check", lambda aws: aws.invoker.invoke(FunctionName="f")),
    "logs.CreateLogGroup": (
        "set up the log group",
        lambda aws: aws.logs.create_log_group(logGroupName="/aws/lambda/f"),
    ),
    "logs.PutRetentionPolicy": (
        "set up the log retention",
        lambda aws: aws.logs.put_retention_policy(logGroupName="/aws/lambda/f", retentionInDays=30),
    ),
    "apigateway.CreateRestApi": (
        "set up the REST API",
        lambda aws: aws.apigateway.create_rest_api(name="a"),
    ),
    "apigateway.CreateResource": (
        "set up the resource /events",
        lambda aws: aws.apigateway.create_resource(restApiId="a", parentId="r", pathPart="events"),
    ),
    "apigateway.DeleteRestApi": (
        "take back the REST API",
        lambda aws: aws.apigateway.delete_rest_api(restApiId="a"),
    ),
    "athena.StartQueryExecution": (
        "start the query",
        lambda aws: aws.athena.start_query_execution(QueryString="SELEC 1", WorkGroup="w"),
    ),
    "sts.GetCallerIdentity": ("find out whose keys these are", lambda aws: aws.sts.get_caller_identity()),
}


@dataclass(frozen=True)
class Answer:
    """What AWS answers to an operation: as on the wire."""

    operation: str
    status: int
    code: str
    message: str = ""


# One or more for every row, in the order of the rows.
ANSWERS = (
    Answer("iam.CreateRole", 403, "ExpiredToken", EXPIRED),
    Answer("lambda.CreateFunction", 403, "SomethingNew", EXPIRED),
    Answer("logs.CreateLogGroup", 400, "InvalidSignatureException", SKEWED),
    Answer("s3.CreateBucket", 403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
    Answer("sts.GetCallerIdentity", 403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided."),
    Answer("apigateway.CreateRestApi", 403, "UnrecognizedClientException", INVALID),
    Answer("s3.CreateBucket", 403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
    Answer("lambda.CreateFunction", 403, "OptInRequired", "The AWS Access Key Id needs a subscription for the service"),
    Answer("sts.GetCallerIdentity", 403, "ForbiddenException", "No access"),
    Answer("s3.HeadBucket", 400, "ExpiredToken", "The provided token has expired."),
    Answer("s3.PutBucketPolicy", 403, "AccessDenied", "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."),
    Answer("s3.PutBucketPolicy", 400, "MalformedPolicy", "Invalid principal in policy"),
    Answer("s3.CreateBucket", 403, "AccessDenied", DENIED + ORGANIZATION),
    Answer("s3.PutBucketVersioning", 403, "AccessDenied", "with an explicit deny in a resource control policy"),
    Answer("lambda.CreateFunction", 403, "AccessDeniedException", "with an explicit deny in a resource control policy"),
    Answer("iam.CreateRole", 403, "AccessDenied", "because no permissions boundary allows the iam:CreateRole action"),
    Answer("iam.CreateRole", 403, "AccessDenied", "with an explicit deny in an identity-based policy"),
    Answer("apigateway.CreateResource", 403, "AccessDeniedException", ON_THE_API),
    Answer("iam.DetachRolePolicy", 403, "AccessDenied", ON_THE_ROLE),
    Answer("iam.DeleteRolePermissionsBoundary", 403, "AccessDenied", ON_THE_ROLE),
    Answer("iam.PutRolePolicy", 403, "AccessDenied", ON_THE_ROLE),
    Answer("s3.PutBucketVersioning", 403, "AccessDenied", "Access Denied"),
    Answer("lambda.CreateFunction", 403, "AccessDeniedException", "because no identity-based policy allows the iam:PassRole action"),
    Answer("s3.CreateBucket", 409, "BucketAlreadyExists", "The requested bucket name is not available."),
    Answer("s3.CreateBucket", 400, "InvalidBucketName", "The specified bucket is not valid."),
    Answer("s3.PutBucketVersioning", 409, "InvalidBucketState", "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."),
    Answer("s3.GetObject", 403, "InvalidObjectState", "The operation is not valid for the object's storage class"),
    Answer("s3.CreateBucket", 400, "IllegalLocationConstraintException", "The unspecified location constraint is incompatible"),
    Answer("s3.DeleteBucket", 409, "BucketNotEmpty", "The bucket you tried to delete is not empty."),
    Answer("lambda.Invoke", 502, "KMSAccessDeniedException", "Lambda was unable to decrypt the environment variables"),
    Answer("lambda.PutFunctionConcurrency", 400, "InvalidParameterValueException", "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [10]."),
    Answer("lambda.UpdateFunctionConfiguration", 400, "ValidationException", "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 3008"),
    Answer("lambda.UpdateFunctionConfiguration", 400, "InvalidParameterValueException", "the environment variables you have provided exceeded the 4KB limit. String measured: {SECRET}"),
    Answer("lambda.CreateFunction", 400, "InvalidParameterValueException", "The runtime parameter of python3.8 is no longer supported"),
    Answer("lambda.CreateFunction", 400, "CodeStorageExceededException", "Code storage limit exceeded."),
    Answer("iam.CreateRole", 409, "LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1000"),
    Answer("athena.StartQueryExecution", 400, "InvalidRequestException", "WorkGroup w is not found."),
    Answer("athena.StartQueryExecution", 400, "InvalidRequestException", "line 1:1: mismatched input 'SELEC'. Expecting: 'ALTER', 'ANALYZE'"),
    Answer("s3.CreateBucket", 409, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded"),
    Answer("iam.CreateRole", 409, "EntityAlreadyExists", "Role with name worker already exists."),
    Answer("logs.CreateLogGroup", 400, "ResourceAlreadyExistsException", "The specified log group already exists"),
    Answer("lambda.CreateFunction", 409, "ResourceConflictException", "Function already exist: f"),
    Answer("apigateway.CreateResource", 409, "ConflictException", "Another resource with the same parent already has this name: events"),
    Answer("lambda.CreateFunction", 400, "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."),
    Answer("iam.PutRolePolicy", 400, "MalformedPolicyDocument", "Invalid principal in policy"),
    Answer("lambda.UpdateFunctionConfiguration", 409, "ResourceConflictException", "The operation cannot be performed at this time. An update is in progress for resource: f"),
    Answer("lambda.AddPermission", 409, "ResourceConflictException", "The operation cannot be performed at this time. The function is currently in the following state: Pending"),
    Answer("apigateway.DeleteRestApi", 429, "TooManyRequestsException", "Too Many Requests"),
    Answer("apigateway.CreateRestApi", 429, "TooManyRequestsException", "Too Many Requests"),
    Answer("s3.CreateBucket", 503, "SlowDown", "Please reduce your request rate."),
    Answer("iam.CreateRole", 400, "LimitExceededException", "Rate exceeded"),
    Answer("s3.CreateBucket", 409, "OperationAborted", BUSY_BUCKET),
    Answer("s3.PutBucketVersioning", 409, "OperationAborted", BUSY_BUCKET),
    Answer("apigateway.CreateResource", 409, "ConflictException", CONCURRENT),
    Answer("apigateway.CreateResource", 400, "BadRequestException", CONCURRENT),
    Answer("logs.PutRetentionPolicy", 400, "OperationAbortedException", "Multiple concurrent requests to update the same resource were in conflict."),
    Answer("s3.PutBucketVersioning", 404, "NoSuchBucket", "The specified bucket does not exist"),
    Answer("iam.PutRolePolicy", 404, "NoSuchEntity", "The role with name worker cannot be found."),
    Answer("lambda.AddPermission", 404, "ResourceNotFoundException", "Function not found: f"),
    Answer("apigateway.CreateResource", 404, "NotFoundException", "Invalid API identifier specified"),
    Answer("sns.CreateTopic", 403, "AuthorizationError", "User: arn:aws:iam::1:user/ann is not authorized to perform: SNS:CreateTopic on resource: arn:aws:sns:eu-central-1:1:t"),
    Answer("sns.CreateTopic", 400, "InvalidParameter", "Invalid parameter: Tags Reason: Topic already exists with different tags"),
    Answer("sns.Subscribe", 404, "NotFound", "Topic does not exist"),
    Answer("sns.CreateTopic", 400, "ConcurrentAccess", "Can't perform multiple operations on a tag simultaneously. Perform the operations sequentially."),
    Answer("firehose.CreateDeliveryStream", 400, "InvalidArgumentException", "Firehose is unable to assume role arn:aws:iam::1:role/r. Please check the role provided."),
    Answer("firehose.CreateDeliveryStream", 400, "InvalidArgumentException", "The security token included in the request is invalid. Ensure that the provided IAM role associated with firehose is not deleted."),
    Answer("firehose.CreateDeliveryStream", 400, "ResourceInUseException", "Firehose s under accountId 1 already exists"),
    Answer("firehose.UpdateDestination", 400, "ConcurrentModificationException", "Cannot update firehose: s since the current version id: 2 and specified version id: 1 do not match"),
    Answer("firehose.UpdateDestination", 400, "ResourceNotFoundException", "Firehose s under account 1 not found."),
    Answer("glue.CreateDatabase", 400, "AlreadyExistsException", "Database already exists."),
    Answer("glue.CreateDatabase", 400, "AccessDeniedException", "Insufficient Lake Formation permission(s): Required Create Database on Catalog"),
    Answer("glue.CreateTable", 400, "EntityNotFoundException", "Database d not found."),
    Answer("glue.CreateTable", 400, "OperationTimeoutException", "The operation timed out."),
    Answer("athena.CreateWorkGroup", 400, "InvalidRequestException", "WorkGroup is already created"),
    Answer("logs.CreateLogStream", 400, "ResourceNotFoundException", "The specified log group does not exist."),
    Answer("iam.DeleteRole", 409, "DeleteConflict", "Cannot delete entity, must detach all policies first."),
    Answer("lambda.CreateFunction", 500, "ServiceException", "An error occurred and the request cannot be processed."),
    Answer("iam.CreateRole", 503, "SomethingNew", "?"),
)  # fmt: skip
IDS = [f"{answer.operation}-{answer.code}-{number}" for number, answer in enumerate(ANSWERS)]


@pytest.fixture(scope="module")
def double(emulator_url: str) -> Iterator[AwsDouble]:
    empty(emulator_url)
    with AwsDouble(emulator_url) as double:
        yield double


@pytest.fixture(scope="module")
def aws(double: AwsDouble) -> Aws:
    return Aws(open_session(None, "eu-central-1", Keys("test", "test")), double.url, FakeClock())


@dataclass(frozen=True)
class Outcome:
    """How a call ended that AWS answered so: what was waited for, or what the operator reads."""

    waits: list[str]
    error: WizardError | None


def provoke(double: AwsDouble, aws: Aws, answer: Answer, *, for_ever: bool = False) -> Outcome:
    """Send the call until it is answered otherwise: after the first wait AWS has what it needs."""
    doing, send = CALLS[answer.operation]
    fault = faults.answered(
        answer.status, answer.code, answer.message, operation=answer.operation, occurrence=1, times=None
    )
    double.faults[:] = [fault]
    waits: list[str] = []

    def step() -> object:
        return None if waits and not for_ever else send(aws)

    def on_wait(reason: str, *_: object) -> None:
        waits.append(reason)

    try:
        retry(step, clock=FakeClock(), on_wait=on_wait, doing=doing)
    except WizardError as error:
        return Outcome(waits, error)
    finally:
        double.faults.clear()
    return Outcome(waits, None)


def row_of(answer: Answer) -> int:
    """The number of the row that decides; a HEAD answer shows its status alone."""
    operation = answer.operation.partition(".")[2]
    code, message = answer.code, answer.message
    if operation.startswith("Head"):
        code, message = str(answer.status), "Bad Request"
    for shown in (code, str(answer.status)):
        for number, row in enumerate(RULES):
            if row.matches(shown, message if shown == code else "", operation):
                return number
    raise AssertionError(f"no row for {answer}")


def test_every_row_is_provoked() -> None:
    provoked = {row_of(answer) for answer in ANSWERS}
    assert [RULES[number] for number in range(len(RULES)) if number not in provoked] == []


@pytest.mark.parametrize("answer", ANSWERS, ids=IDS)
def test_the_answer_ends_as_its_row_says(double: AwsDouble, aws: Aws, answer: Answer) -> None:
    reaction = RULES[row_of(answer)].reaction
    outcome = provoke(double, aws, answer)
    if isinstance(reaction, Wait):
        assert outcome.waits == [reaction.reason]
        assert outcome.error is None
    else:
        assert outcome.waits == []
        assert outcome.error is not None
        read_as_told(outcome.error, reaction, answer)


def read_as_told(error: WizardError, tell: Explain, answer: Answer) -> None:
    """The call in the operator's words, AWS's name of it for a search, the cause, what to do next."""
    assert type(error) is tell.error
    assert error.exit_code == tell.error.default_exit_code
    assert error.what == f"Could not {CALLS[answer.operation][0]}."
    assert f"AWS answered {answer.operation.partition('.')[2]} with " in error.why
    assert error.why.startswith(tell.why.partition("{message}")[0].strip())
    if not answer.operation.startswith("s3.Head"):
        assert (answer.message.rstrip(".") in error.why) is ("{message}" in tell.why)
    assert error.next_step == tell.next_step
    assert error.link == tell.link


WAITED = [answer for answer in ANSWERS if isinstance(RULES[row_of(answer)].reaction, Wait)]


@pytest.mark.parametrize("answer", WAITED[::5], ids=lambda answer: answer.code)
def test_when_patience_ends_the_reason_is_said_and_the_next_run_continues(
    double: AwsDouble, aws: Aws, answer: Answer
) -> None:
    reaction: Any = RULES[row_of(answer)].reaction
    error = provoke(double, aws, answer, for_ever=True).error
    assert isinstance(error, WaitTimeoutError)
    assert reaction.reason in error.why
    assert error.next_step == AGAIN
