"""AWS's real answers, and what the wizard makes of each."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from wizard.aws.error_rules import RULES, look_up
from wizard.aws.rule import Explain, Rule, Wait
from wizard.errors import ConflictError, CredentialsError, StateError, UsageError, WizardError

SCP = (
    "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: {action} with an explicit deny"
    " in a service control policy{suffix}"
)
POLICY_ARN = ": arn:aws:organizations::999999999999:policy/o-abc/service_control_policy/p-1"


@dataclass(frozen=True)
class Example:
    """An answer as it is on the wire, and a part of the reason that the operator reads."""

    operation: str
    code: str
    message: str
    words: str
    error: type[WizardError] | None = None
    status: int = 400


def waits(operation: str, code: str, message: str, words: str, status: int = 400) -> Example:
    """An answer that is waited for."""
    return Example(operation, code, message, words, None, status)


EXAMPLES = (
    Example("GetRole", "ExpiredToken", "The security token included in the request is expired", "expired", CredentialsError),
    Example("CreateFunction", "ExpiredTokenException", "The security token included in the request is expired", "expired", CredentialsError),
    Example("CreateBucket", "ExpiredToken", "The provided token has expired.", "expired", CredentialsError),
    Example("PutObject", "400", "The provided token has expired.", "expired", CredentialsError),
    Example("HeadBucket", "400", "Bad Request", "refuses the credentials", CredentialsError),
    Example("GetCallerIdentity", "SignatureDoesNotMatch", "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z (20260101T001500Z - 5 min.)", "clock", CredentialsError, 403),
    Example("GetFunction", "InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z", "clock", CredentialsError, 403),
    Example("HeadBucket", "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", "clock", CredentialsError, 403),
    Example("GetCallerIdentity", "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.", "secret access key", CredentialsError, 403),
    Example("GetCallerIdentity", "InvalidClientTokenId", "The security token included in the request is invalid.", "not", CredentialsError, 403),
    Example("GetRestApis", "UnrecognizedClientException", "The security token included in the request is invalid.", "region is not enabled", CredentialsError, 403),
    Example("CreateBucket", "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", "wrong or deleted", CredentialsError, 403),
    Example("CreateFunction", "OptInRequired", "The AWS Access Key Id needs a subscription for the service", "activated", CredentialsError, 403),
    Example("GetRoleCredentials", "ForbiddenException", "No access", "SSO user", CredentialsError, 403),
    Example("PutBucketPolicy", "AccessDenied", "User: x is not authorized to perform: s3:PutBucketPolicy because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.", "lets everybody in", WizardError, 403),
    Example("PutBucketPolicy", "MalformedPolicy", "Invalid principal in policy", "was deleted", WizardError),
    Example("GetBucketTagging", "AccessDenied", "Access Denied", "another account has taken its name", WizardError, 403),
    Example("CreateBucket", "AccessDenied", SCP.format(action="s3:CreateBucket", suffix=""), "organization", WizardError, 403),
    Example("CreateFunction", "AccessDeniedException", SCP.format(action="lambda:CreateFunction", suffix=POLICY_ARN), "organization", WizardError, 403),
    Example("PutObject", "AccessDenied", "is not authorized with an explicit deny in a resource control policy", "organization", WizardError, 403),
    Example("CreateRole", "AccessDenied", "is not authorized to perform: iam:CreateRole with an explicit deny in a permissions boundary", "boundary", WizardError, 403),
    Example("CreateRole", "AccessDenied", "is not authorized to perform: iam:CreateRole with an explicit deny in an identity-based policy", "MFA", WizardError, 403),
    Example("CreateFunction", "AccessDeniedException", "User: x is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/x because no identity-based policy allows the iam:PassRole action", "lack a permission", WizardError, 403),
    Example("CreateResource", "AccessDeniedException", "is not authorized to perform: apigateway:POST on resource: arn:aws:apigateway:eu-central-1::/restapis/a1/resources/b2 because no identity-based policy allows it", "lost it", WizardError, 403),
    Example("UpdateStage", "AccessDeniedException", "is not authorized to perform: apigateway:PATCH on resource: arn:aws:apigateway:eu-central-1::/restapis/a1/stages/prod because no identity-based policy allows it", "lost it", WizardError, 403),
    Example("DeleteRestApi", "AccessDeniedException", "is not authorized to perform: apigateway:DELETE on resource: arn:aws:apigateway:eu-central-1::/restapis/a1 because no identity-based policy allows it", "lost it", WizardError, 403),
    Example("CreateRestApi", "AccessDeniedException", "is not authorized to perform: apigateway:PUT on resource: arn:aws:apigateway:eu-central-1::/tags/arn%3Aaws%3Aapigateway%3Aeu-central-1%3A%3A%2Frestapis%2F* because no identity-based policy allows it", "lost it", WizardError, 403),
    Example("CreateRestApi", "AccessDeniedException", "is not authorized to perform: apigateway:POST on resource: arn:aws:apigateway:eu-central-1::/restapis because no identity-based policy allows it", "lack a permission", WizardError, 403),
    Example("GetResources", "AccessDeniedException", "is not authorized to perform: apigateway:GET on resource: arn:aws:apigateway:eu-central-1::/restapis/a1/resources because no identity-based policy allows it", "lack a permission", WizardError, 403),
    Example("DetachRolePolicy", "AccessDenied", "is not authorized to perform: iam:DetachRolePolicy on resource: role x because no identity-based policy allows the iam:DetachRolePolicy action", "attached another", WizardError, 403),
    Example("DeleteRolePermissionsBoundary", "AccessDenied", "is not authorized to perform: iam:DeleteRolePermissionsBoundary on resource: role x because no identity-based policy allows the iam:DeleteRolePermissionsBoundary action", "lift a permissions boundary", WizardError, 403),
    Example("PutRolePermissionsBoundary", "AccessDenied", "is not authorized to perform: iam:PutRolePermissionsBoundary on resource: role x because no identity-based policy allows the iam:PutRolePermissionsBoundary action", "printed for", WizardError, 403),
    Example("PutRolePolicy", "AccessDenied", "is not authorized to perform: iam:PutRolePolicy on resource: role x because no identity-based policy allows the iam:PutRolePolicy action", "printed for", WizardError, 403),
    Example("CreateRole", "AccessDenied", "is not authorized to perform: iam:CreateRole on resource: role x because no identity-based policy allows the iam:CreateRole action", "printed for", WizardError, 403),
    Example("CreateBucket", "BucketAlreadyExists", "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Select a different name and try again.", "taken", ConflictError, 409),
    Example("CreateBucket", "InvalidBucketName", "The specified bucket is not valid.", "refuses the bucket name", WizardError),
    Example("PutBucketVersioning", "InvalidBucketState", "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.", "object lock", WizardError, 409),
    Example("GetObject", "InvalidObjectState", "The operation is not valid for the object's storage class", "archive", WizardError, 403),
    Example("CreateBucket", "InvalidLocationConstraint", "The specified location-constraint is not valid", "region", WizardError),
    Example("CreateBucket", "IllegalLocationConstraintException", "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.", "region", WizardError),
    Example("DeleteBucket", "BucketNotEmpty", "The bucket you tried to delete is not empty. You must delete all versions in the bucket.", "arrived", WizardError, 409),
    Example("Invoke", "KMSAccessDeniedException", "Lambda was unable to decrypt the environment variables because KMS access was denied.", "made again", WizardError, 502),
    Example("PutFunctionConcurrency", "InvalidParameterValueException", "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [10].", "concurrency", WizardError),
    Example("UpdateFunctionConfiguration", "ValidationException", "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 3008", "memory", WizardError),
    Example("UpdateFunctionConfiguration", "InvalidParameterValueException", "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: {SECRET}", "4 KB", WizardError),
    Example("CreateFunction", "InvalidParameterValueException", "The runtime parameter of python3.8 is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.", "runtime", WizardError),
    Example("CreateFunction", "CodeStorageExceededException", "Code storage limit exceeded.", "no room", WizardError),
    Example("CreateFunction", "RequestEntityTooLargeException", "Request must be smaller than 69905067 bytes", "no room", WizardError, 413),
    Example("CreateRole", "LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1000", "quota", WizardError, 409),
    Example("CreateRestApi", "LimitExceededException", "Maximum number of REST APIs reached", "quota", WizardError, 429),
    Example("CreateBucket", "TooManyBuckets", "You have attempted to create more buckets than allowed", "quota", WizardError),
    Example("AddPermission", "PolicyLengthExceededException", "The final policy size is bigger than the limit", "quota", WizardError),
    Example("CreateDatabase", "AccessDeniedException", "Insufficient Lake Formation permission(s): Required Create Database on Catalog", "Lake Formation", WizardError),
    Example("CreateDatabase", "ResourceNumberLimitExceededException", "Number of databases exceeded the account limit", "quota", WizardError),
    Example("StartQueryExecution", "InvalidRequestException", "WorkGroup shop-events is not found.", "workgroup of the query table is gone", StateError),
    Example("StartQueryExecution", "InvalidRequestException", "line 1:1: mismatched input 'SELEC'. Expecting: 'ALTER', 'ANALYZE'", "{message}", UsageError),
    waits("CreateBucket", "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.", "does not show it yet", 409),
    waits("CreateRole", "EntityAlreadyExists", "Role with name x already exists.", "does not show it yet", 409),
    waits("CreateFunction", "ResourceConflictException", "Function already exist: x", "does not show it yet", 409),
    waits("CreateResource", "ConflictException", "Another resource with the same parent already has this name: events", "does not show it yet", 409),
    waits("CreateFunction", "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.", "spreading the new role"),
    waits("UpdateFunctionConfiguration", "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.", "spreading the new role"),
    waits("CreateFunction", "InvalidParameterValueException", "The provided execution role does not have permissions to call PutLogEvents", "spreading"),
    waits("CreateFunction", "InvalidParameterValueException", "Lambda was unable to configure access to your environment variables because the KMS key is invalid for CreateGrant.", "spreading"),
    waits("PutRolePolicy", "MalformedPolicyDocument", "Invalid principal in policy", "spreading"),
    waits("UpdateFunctionConfiguration", "ResourceConflictException", "The operation cannot be performed at this time. An update is in progress for resource: arn:aws:lambda:x", "last change", 409),
    waits("Invoke", "ResourceConflictException", "The operation cannot be performed at this time. The function is currently in the following state: Pending", "last change", 409),
    waits("AddPermission", "ResourceConflictException", "The function could not be updated due to a concurrent update operation", "last change", 409),
    waits("DeleteRestApi", "TooManyRequestsException", "Too Many Requests", "every 30 s", 429),
    waits("CreateRestApi", "TooManyRequestsException", "Too Many Requests", "edge-optimized one every 30 s", 429),
    waits("CreateRole", "Throttling", "Rate exceeded", "fewer requests"),
    waits("CreateRole", "LimitExceededException", "Rate exceeded", "fewer requests"),
    waits("PutObject", "SlowDown", "Please reduce your request rate.", "fewer requests", 503),
    waits("CreateBucket", "OperationAborted", "A conflicting conditional operation is currently in progress against this resource. Please try again.", "letting go", 409),
    waits("PutPublicAccessBlock", "OperationAborted", "A conflicting conditional operation is currently in progress against this resource. Please try again.", "last change of the bucket", 409),
    waits("PutMethod", "ConflictException", "Unable to complete operation due to concurrent modification. Please try again later.", "another change", 409),
    waits("PutMethod", "BadRequestException", "Unable to complete operation due to concurrent modification. Please try again later.", "another change"),
    waits("DeleteRole", "ConcurrentModification", "Please wait a few minutes", "another change", 409),
    waits("PutRetentionPolicy", "OperationAbortedException", "A conflicting operation is currently in progress against this resource. Please try again.", "another change"),
    waits("PutBucketVersioning", "NoSuchBucket", "The specified bucket does not exist", "not visible", 404),
    waits("PutRolePolicy", "NoSuchEntity", "The role with name x cannot be found.", "not visible", 404),
    waits("AddPermission", "ResourceNotFoundException", "Function not found", "not visible", 404),
    waits("CreateResource", "NotFoundException", "Invalid API identifier specified", "not visible", 404),
    waits("CreateTopic", "InvalidParameter", "Invalid parameter: Tags Reason: Topic already exists with different tags", "does not show it yet", 400),
    waits("Subscribe", "NotFound", "Topic does not exist", "not visible", 404),
    waits("TagResource", "ConcurrentAccess", "Can't perform multiple operations on a tag simultaneously.", "another change", 400),
    waits("Subscribe", "Throttled", "Rate exceeded", "fewer requests", 429),
    waits("CreateDeliveryStream", "InvalidArgumentException", "Firehose is unable to assume role arn:aws:iam::1:role/r. Please check the role provided.", "spreading"),
    waits("CreateDeliveryStream", "InvalidArgumentException", "The security token included in the request is invalid. Ensure that the provided IAM role associated with firehose is not deleted.", "spreading"),
    waits("CreateDeliveryStream", "ResourceInUseException", "Firehose s under accountId 1 already exists", "making or deleting"),
    waits("UpdateDestination", "ConcurrentModificationException", "Cannot update firehose: s since the current version id: 2 and specified version id: 1 do not match", "another change"),
    waits("UpdateDestination", "ResourceNotFoundException", "Firehose s under account 1 not found.", "the new stream"),
    waits("CreateDatabase", "AlreadyExistsException", "Database already exists.", "does not show it yet"),
    waits("CreateWorkGroup", "InvalidRequestException", "WorkGroup is already created", "does not show it yet"),
    waits("CreateTable", "EntityNotFoundException", "Database shop_events not found.", "the new query database"),
    waits("CreateTable", "OperationTimeoutException", "The operation timed out.", "Glue's catalog could not"),
    waits("UpdateTable", "ConcurrentModificationException", "Update table failed due to concurrent modifications.", "another change"),
    waits("CreateDatabase", "InternalServiceException", "", "fault on its side", 500),
    waits("CreateLogStream", "ResourceNotFoundException", "The specified log group does not exist.", "the new log group"),
    waits("DeleteRole", "DeleteConflict", "Cannot delete entity, must detach all policies first.", "letting go of the role", 409),
    waits("DeleteRole", "DeleteConflict", "Cannot delete entity, must delete policies first.", "letting go of the role", 409),
    waits("GetRole", "ServiceFailure", "", "fault on its side", 500),
    waits("CreateRestApi", "SomethingNew", "", "fault on its side", 503),
)  # fmt: skip


def first_match(example: Example) -> Rule | None:
    """The row that decides."""
    for condition in RULES:
        if condition.matches(example.code, example.message, example.operation):
            return condition
    return None


@pytest.mark.parametrize(
    "example",
    EXAMPLES,
    ids=[f"{number}-{item.operation}-{item.code}" for number, item in enumerate(EXAMPLES)],
)
def test_an_answer_of_aws_is_read_as_what_it_is(example: Example) -> None:
    reaction = look_up(example.code, example.message, example.operation, example.status)
    if example.error is None:
        assert isinstance(reaction, Wait)
        assert example.words in reaction.reason
    else:
        assert isinstance(reaction, Explain)
        assert reaction.error is example.error
        assert example.words in reaction.why


def test_every_row_has_an_example_that_it_decides() -> None:
    decided = {id(first_match(example)) for example in EXAMPLES}
    assert [condition for condition in RULES if id(condition) not in decided] == []


@pytest.mark.parametrize(
    ("operation", "code", "message"),
    [
        ("CreateDeployment", "BadRequestException", "No integration defined for method"),
        ("CreateFunction", "InvalidParameterValueException", "Unzipped size must be smaller than 262144000 bytes"),
        ("PutRolePolicy", "MalformedPolicyDocument", "Syntax errors in policy."),
    ],
)  # fmt: skip
def test_what_waiting_does_not_change_is_not_waited_for(operation: str, code: str, message: str) -> None:
    assert not isinstance(look_up(code, message, operation, 409), Wait)


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"])
@pytest.mark.parametrize(
    "kind",
    ["a service control policy", "an identity-based policy", "a permissions boundary", "a session policy"],
)
def test_an_explicit_deny_is_never_waited_for(code: str, kind: str) -> None:
    reaction = look_up(
        code, f"is not authorized to perform: x with an explicit deny in {kind}", "CreateRole", 403
    )
    assert isinstance(reaction, Explain)


def test_the_values_that_aws_repeats_in_the_4_kb_error_are_not_shown() -> None:
    reaction = look_up(
        "InvalidParameterValueException",
        "exceeded the 4KB limit. String measured: {SECRET}",
        "CreateFunction",
    )
    assert isinstance(reaction, Explain)
    assert "{message}" not in reaction.why


@pytest.mark.parametrize("condition", [row for row in RULES if isinstance(row.reaction, Explain)])
def test_every_message_has_a_next_step_and_fills_in_without_a_surprise(condition: Rule) -> None:
    assert isinstance(condition.reaction, Explain)
    assert condition.reaction.next_step
    assert condition.reaction.why.format(message="x")


@pytest.mark.parametrize("condition", [row for row in RULES if isinstance(row.reaction, Wait)])
def test_every_wait_begins_within_a_second_and_ends(condition: Rule) -> None:
    wait = condition.reaction
    assert isinstance(wait, Wait)
    assert wait.delay(0) <= 1
    assert 30 <= wait.timeout <= 300
    assert wait.delay(10**6) == wait.delays[-1]
