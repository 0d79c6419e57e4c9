"""What AWS answers, and what it means: one row a condition, first match wins.

A row either says how to wait, because AWS is not ready yet, or what to tell the operator. Rows match
the error code, the HTTP status and the text that AWS sends; never the text of a Python exception,
to which botocore adds words of its own.
"""

from __future__ import annotations

from wizard.aws.rule import SPREADING, THROTTLED, Explain, Rule, Wait
from wizard.errors import ConflictError, CredentialsError, StateError, UsageError, WizardError

IAM_TROUBLESHOOTING = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"
BOUNDARIES = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"
API_TAGS = "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-iam-policy.html"
BUCKET_RULES = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"
BUCKET_OWNER = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html"
LAMBDA_LIMITS = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
TAG_POLICIES = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_examples_tagging.html"
LAKE_FORMATION = "https://docs.aws.amazon.com/athena/latest/ug/security-athena-lake-formation.html"
ENABLE_REGION = "https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html"

AGAIN = "Run the same command again; it continues where it stopped."
LOG_IN = "Log in again (`aws sso login`, `aws login`, or new keys), then run the same command again."

ACCESS_DENIED = (
    "AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation", "403",
    "Forbidden",
)  # fmt: skip
EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired")
UNKNOWN_KEY = (
    "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "InvalidToken",
    "AuthFailure", "IncompleteSignature", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
)  # fmt: skip
BAD_SIGNATURE = ("SignatureDoesNotMatch", "InvalidSignatureException", "RequestTimeTooSkewed")
THROTTLES = (
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestLimitExceeded",
    "RequestThrottledException", "TooManyRequestsException", "SlowDown", "429", "BandwidthLimitExceeded",
    "PriorRequestNotComplete", "TransactionInProgressException", "Throttled",
)  # fmt: skip
SERVER_FAULTS = (
    "InternalError", "InternalFailure", "InternalServerError", "ServiceException", "ServiceFailure",
    "ServiceUnavailable", "ServiceUnavailableException", "RequestTimeout", "500", "502", "503", "504",
)  # fmt: skip

UNSEEN = Wait("AWS has it already but does not show it yet", 60)

RULES: tuple[Rule, ...] = (
    # Dead credentials stop the run with the state saved; they never start a rollback.
    Rule(EXPIRED, Explain("Your AWS credentials have expired.", LOG_IN, CredentialsError)),
    Rule((), Explain("Your AWS credentials have expired.", LOG_IN, CredentialsError), r"token .*expired"),
    Rule(
        BAD_SIGNATURE,
        Explain(
            "The clock of this machine differs from AWS's by more than five minutes.",
            "Set the clock (for example `sudo timedatectl set-ntp true`), then run the same command again.",
            CredentialsError,
        ),
        r"expired|too large|not yet current",
    ),
    Rule(
        BAD_SIGNATURE,
        Explain(
            "The secret access key does not belong to the access key id.",
            "Check both keys with `aws configure`, then run the same command again.",
            CredentialsError,
        ),
    ),
    # Firehose says this of a fresh role and means IAM; ours are only the calls that we sign.
    Rule(
        UNKNOWN_KEY,
        Explain(
            "AWS does not know these credentials here: the key is wrong or deleted, or this region is not"
            " enabled for the account.",
            "Check `aws sts get-caller-identity`; if that works, enable the region or choose another one"
            " with --region.",
            CredentialsError,
            ENABLE_REGION,
        ),
    ),
    Rule(
        ("OptInRequired", "NotSignedUp", "SubscriptionRequiredException"),
        Explain(
            "This AWS account has not been activated for the service yet.",
            "Finish the sign-up in the AWS console (a payment method, the phone check), then run again.",
            CredentialsError,
        ),
    ),
    # What the SSO portal says when botocore asks it for a role's keys.
    Rule(
        ("ForbiddenException",),
        Explain(
            "The SSO user may not take on the role that the profile names: it was never assigned, or no more."
            " {message}",
            "Ask your administrator for the role, or pass another one with --profile NAME; then run again.",
            CredentialsError,
        ),
        r"no access",
    ),
    # HEAD has no body, so S3 cannot say more.
    Rule(
        ("400", "Bad Request"),
        Explain(
            "S3 refuses the credentials without saying why; mostly they have expired.",
            LOG_IN,
            CredentialsError,
        ),
        operations=("HeadBucket",),
    ),
    # Refusals that no waiting will change.
    Rule(
        ACCESS_DENIED,
        Explain(
            "The bucket's policy lets everybody in, and its public access block lets nobody change such a"
            " policy. {message}",
            "Remove the public statements from the policy (S3 console: Permissions, Bucket policy), or run"
            " again with --no-block-public-access.",
        ),
        r"BlockPublicPolicy",
        operations=("PutBucketPolicy",),
    ),
    Rule(
        ("MalformedPolicy",),
        Explain(
            "S3 does not take the bucket's own policy again; mostly a statement names a user or role that was"
            " deleted. {message}",
            "Mend or remove that statement (S3 console: Permissions, Bucket policy), then run the same"
            " command again.",
        ),
        operations=("PutBucketPolicy",),
    ),
    Rule(
        ACCESS_DENIED,
        Explain(
            "A policy of your organization refuses it, whatever your own policies say; many such policies"
            " demand tags on what is made. {message}",
            "If yours demands tags, run `eventtrack-wizard setup --tag KEY=VALUE` with them (again for more);"
            " which ones, the administrator of the AWS organization knows, from the policy above.",
            WizardError,
            TAG_POLICIES,
        ),
        r"explicit deny in an? (service|resource) control policy",
        (
            "CreateBucket",
            "CreateRole",
            "CreateLogGroup",
            "CreateFunction",
            "CreateRestApi",
            "CreateTopic",
            "PutMetricAlarm",
            "CreateDeliveryStream",
            "CreateDatabase",
            "CreateWorkGroup",
        ),
    ),
    Rule(
        ACCESS_DENIED,
        Explain(
            "A policy of your organization refuses it, whatever your own policies say. {message}",
            "Ask the administrator of the AWS organization, naming the policy above; then run again.",
            WizardError,
            IAM_TROUBLESHOOTING,
        ),
        r"explicit deny in an? (service|resource) control policy",
    ),
    Rule(
        ACCESS_DENIED,
        Explain(
            "A permissions boundary refuses it. {message}",
            "Ask your administrator which boundary roles need here and pass it with --permissions-boundary.",
            WizardError,
            IAM_TROUBLESHOOTING,
        ),
        r"permissions boundary",
    ),
    Rule(
        ACCESS_DENIED,
        Explain(
            "A policy refuses it explicitly (often: MFA is demanded). {message}",
            "Use credentials with MFA (`aws sts get-session-token`), or ask your administrator; then run"
            " again.",
            WizardError,
            IAM_TROUBLESHOOTING,
        ),
        r"explicit deny",
    ),
    Rule(
        ACCESS_DENIED,
        Explain(
            "In this account Lake Formation, too, says who may use Glue's catalog, whatever IAM allows."
            " {message}",
            "Ask its administrator to grant you that in the Lake Formation console, then run the same command"
            " again; or go on without the table: `eventtrack-wizard setup --no-query-table`.",
            WizardError,
            LAKE_FORMATION,
        ),
        r"Lake Formation",
    ),
    # What the printed policy allows under a condition alone (`operator_policy.CONDITIONS`): which condition
    # it was, AWS does not say.
    Rule(
        ACCESS_DENIED,
        Explain(
            "You may change an API only while it carries this deployment's tag eventtrack-wizard:deployment;"
            " this one has lost it, or API Gateway does not look at tags here. {message}",
            "Grant what `eventtrack-wizard policy --wide` prints, or let an administrator put the tag back"
            " (`aws apigateway tag-resource`); then run the same command again.",
            WizardError,
            API_TAGS,
        ),
        r"apigateway:(DELETE|PATCH|POST|PUT) on resource: \S+::/(restapis/|tags/)",
    ),
    Rule(
        ACCESS_DENIED,
        Explain(
            "Of managed policies you may detach AWSLambdaBasicExecutionRole alone, and somebody has attached"
            " another one to the role. {message}",
            "Ask whoever attached it to detach it (`aws iam list-attached-role-policies --role-name NAME`"
            " shows it), then run the same command again.",
            WizardError,
            IAM_TROUBLESHOOTING,
        ),
        operations=("DetachRolePolicy",),
    ),
    Rule(
        ACCESS_DENIED,
        Explain(
            "No policy that the wizard prints lets anybody lift a permissions boundary. {message}",
            "Ask your administrator to lift it (`aws iam delete-role-permissions-boundary --role-name NAME`),"
            " then run the same command again.",
            WizardError,
            BOUNDARIES,
        ),
        operations=("DeleteRolePermissionsBoundary",),
    ),
    Rule(
        ACCESS_DENIED,
        Explain(
            "You may do this only with the permissions boundary that your policy was printed for, if it was"
            " printed for one; without one you lack the permission. {message}",
            "Pass that boundary with --permissions-boundary, or grant what `eventtrack-wizard policy` prints"
            " with the boundary of your choice; a boundary of somebody else only an administrator puts back."
            " Then run again.",
            WizardError,
            BOUNDARIES,
        ),
        operations=("CreateRole", "PutRolePolicy", "PutRolePermissionsBoundary"),
    ),
    # Only S3 is so short: of a missing permission, and of a bucket that is not of the expected owner.
    Rule(
        ACCESS_DENIED,
        Explain(
            "S3 does not say why. Your credentials lack a permission; or the bucket was deleted, and another"
            " account has taken its name since: then nothing of ours is read or written there.",
            "Compare your permissions with what `eventtrack-wizard policy` prints. If you lack none, take the"
            " rest back with `eventtrack-wizard rollback`, and set up anew with another --name and --state.",
            WizardError,
            BUCKET_OWNER,
        ),
        r"^access denied\.?$",
    ),
    Rule(
        ACCESS_DENIED,
        Explain(
            "Your credentials lack a permission. {message}",
            "Grant what `eventtrack-wizard policy` prints, then run the same command again.",
            WizardError,
            IAM_TROUBLESHOOTING,
        ),
    ),
    Rule(
        ("BucketAlreadyExists",),
        Explain(
            "That bucket name is taken: all AWS accounts share one name space.",
            "Choose another one with --bucket-name.",
            ConflictError,
            BUCKET_RULES,
        ),
    ),
    Rule(
        ("InvalidBucketName",),
        Explain(
            "S3 refuses the bucket name. {message}",
            "Choose another one with --bucket-name.",
            link=BUCKET_RULES,
        ),
    ),
    Rule(
        ("InvalidBucketState",),
        Explain(
            "The bucket has object lock, with which versioning cannot be switched off. {message}",
            "Run the same command again with --versioning.",
        ),
        operations=("PutBucketVersioning",),
    ),
    Rule(
        ("InvalidObjectState",),
        Explain(
            "It lies in an archive (S3 Glacier), where a lifecycle rule has put it: it can be read once it is"
            " restored. {message}",
            "Restore it (`aws s3api restore-object`), or ask for a time after it with --since.",
        ),
    ),
    Rule(
        ("InvalidLocationConstraint", "IllegalLocationConstraintException"),
        Explain("The region of the request is not the region of the bucket. {message}", "Check --region."),
    ),
    Rule(
        ("BucketNotEmpty",),
        Explain(
            "Events arrived in the bucket while it was being emptied.",
            "Stop the senders, then run `eventtrack-wizard rollback --delete-events` again.",
        ),
    ),
    Rule(
        ("KMSAccessDeniedException",),
        Explain(
            "The function's environment is encrypted for a role that was deleted and made again.",
            "Run `eventtrack-wizard rollback --yes`, then `eventtrack-wizard setup` again.",
        ),
    ),
    Rule(
        ("InvalidParameterValueException", "InvalidParameterValue"),
        Explain(
            "This account cannot spare that much concurrency (new accounts have 10 in all, none to reserve).",
            "Run again with --reserved-concurrency unset, or ask AWS for a higher limit.",
            link=LAMBDA_LIMITS,
        ),
        r"UnreservedConcurrentExecution",
    ),
    Rule(
        ("ValidationException", "InvalidParameterValueException"),
        Explain(
            "This account's limit for a function's memory is lower (new accounts: 3008 MB).",
            "Run again with a smaller --memory-mb.",
            link=LAMBDA_LIMITS,
        ),
        r"MemorySize",
    ),
    # AWS's own words repeat the values here, so they are not shown.
    Rule(
        ("InvalidParameterValueException",),
        Explain(
            "The function's environment variables pass the limit of 4 KB.",
            "Revoke tokens that are no longer used, or shorten --cors-origins.",
            link=LAMBDA_LIMITS,
        ),
        r"4 ?KB limit",
    ),
    Rule(
        ("InvalidParameterValueException",),
        Explain("Lambda no longer takes this runtime.", "Choose a newer one with --runtime."),
        r"runtime parameter",
    ),
    Rule(
        ("RequestEntityTooLargeException", "CodeStorageExceededException"),
        Explain(
            "There is no room for the function's code in this account. {message}",
            "Delete old functions or versions, then run again.",
            link=LAMBDA_LIMITS,
        ),
    ),
    Rule(
        (
            "LimitExceededException",
            "LimitExceeded",
            "TooManyBuckets",
            "PolicyLengthExceededException",
            "TopicLimitExceeded",
            "ResourceNumberLimitExceededException",
        ),
        Explain(
            "An account quota is used up. {message}",
            "Delete what is no longer used or ask for a higher quota, then run again.",
        ),
        r"^(?!.*rate exceeded)",
    ),
    # Of a query, as it stands in the text, before it is run.
    Rule(
        ("InvalidRequestException",),
        Explain(
            "The workgroup of the query table is gone, or switched off. {message}",
            "Run `eventtrack-wizard setup` to make it again.",
            StateError,
        ),
        r"workgroup .*(not found|disabled|does not exist)",
        ("StartQueryExecution",),
    ),
    Rule(
        ("InvalidRequestException",),
        Explain("{message}", "Mend the SQL.", UsageError),
        r"^line [0-9]+:|mismatched input|extraneous input|viable alternative|one sql statement|querystring",
        ("StartQueryExecution",),
    ),
    # AWS is not ready yet. Whose a thing is that a create has met, the next look tells.
    Rule(
        (
            "BucketAlreadyOwnedByYou",
            "EntityAlreadyExists",
            "ResourceAlreadyExistsException",
            "AlreadyExistsException",
        ),
        UNSEEN,
    ),
    Rule(("InvalidRequestException",), UNSEEN, r"already (created|exists)", ("CreateWorkGroup",)),
    Rule(("ResourceConflictException", "ConflictException"), UNSEEN, r"already exist|already has this name"),
    Rule(("InvalidParameter",), UNSEEN, r"already exists with different tags"),
    # The second of these means Firehose's own token of the role, not the operator's credentials.
    Rule(
        ("InvalidArgumentException",),
        Wait("IAM is still spreading the new role (usually 5 to 20 s)", 180, SPREADING),
        r"unable to assume role|security token included in the request is invalid",
    ),
    Rule(
        ("ResourceInUseException",),
        Wait("Firehose is still making or deleting a stream of this name", 300),
        operations=("CreateDeliveryStream", "DeleteDeliveryStream", "UpdateDestination"),
    ),
    Rule(
        ("InvalidParameterValueException", "InvalidArnException"),
        Wait("IAM is still spreading the new role (usually 5 to 20 s)", 180, SPREADING),
        r"cannot be assumed by Lambda|execution role does not have permissions"
        r"|KMS key is invalid for CreateGrant|valid principal",
    ),
    Rule(
        ("MalformedPolicyDocument",),
        Wait("IAM is still spreading the new role (usually 5 to 20 s)", 120, SPREADING),
        r"Invalid principal",
    ),
    Rule(
        ("ResourceConflictException",),
        Wait("Lambda is still working on the function's last change", 300),
        r"in progress|state: (Pending|Creating)|currently in the following state|concurrent update",
    ),
    Rule(
        THROTTLES,
        Wait("API Gateway allows one API deletion every 30 s", 180, THROTTLED),
        operations=("DeleteRestApi",),
    ),
    Rule(
        THROTTLES,
        Wait("API Gateway allows one new API every 3 s, an edge-optimized one every 30 s", 180, THROTTLED),
        operations=("CreateRestApi",),
    ),
    Rule(THROTTLES, Wait("AWS asks for fewer requests", 120, THROTTLED)),
    Rule((), Wait("AWS asks for fewer requests", 120, THROTTLED), r"rate exceeded"),
    Rule(
        ("OperationAborted",),
        Wait("S3 is still letting go of a bucket of this name (up to an hour, mostly seconds)", 300),
        operations=("CreateBucket",),
    ),
    Rule(("OperationAborted",), Wait("S3 is still busy with the last change of the bucket", 60)),
    Rule(
        (
            "ConflictException",
            "BadRequestException",
            "OperationAbortedException",
            "ConcurrentModification",
            "ConcurrentModificationException",
            "EntityTemporarilyUnmodifiable",
        ),
        Wait("AWS is still working on another change of the same thing", 60),
        r"concurrent|aborted|again|temporarily|wait|version id|^$",
    ),
    Rule(
        ("ConcurrentAccess", "StaleTag"), Wait("AWS is still working on another change of the same thing", 60)
    ),
    Rule(("NoSuchBucket",), Wait("the new bucket is not visible everywhere yet", 120)),
    Rule(("NoSuchEntity",), Wait("the new role is not visible everywhere yet", 60)),
    Rule(
        ("ResourceNotFoundException",),
        Wait("the new log group is not visible everywhere yet", 60),
        operations=("CreateLogStream", "PutRetentionPolicy"),
    ),
    Rule(
        ("ResourceNotFoundException",),
        Wait("the new stream is not visible everywhere yet", 60),
        operations=("UpdateDestination", "TagDeliveryStream", "UntagDeliveryStream"),
    ),
    Rule(("ResourceNotFoundException",), Wait("the new function is not visible everywhere yet", 60)),
    Rule(("NotFoundException",), Wait("the new API is not visible everywhere yet", 60)),
    Rule(("NotFound",), Wait("the new topic is not visible everywhere yet", 60), operations=("Subscribe",)),
    Rule(
        ("EntityNotFoundException",),
        Wait("the new query database is not visible everywhere yet", 60),
        operations=("CreateTable", "TagResource", "UntagResource"),
    ),
    Rule(("OperationTimeoutException",), Wait("Glue's catalog could not do it in time", 90, THROTTLED)),
    Rule(("DeleteConflict",), Wait("IAM is still letting go of the role's policies", 120)),
    Rule(SERVER_FAULTS, Wait("AWS has a fault on its side and asks to try again", 90, THROTTLED)),
)


def look_up(code: str, message: str, operation: str, status: int = 0) -> Wait | Explain | None:
    """What to do about an answer of AWS; None when no row knows it.

    A 5xx status that no row names by its code is a fault on AWS's side.
    """
    for rule in RULES:
        if rule.matches(code, message, operation):
            return rule.reaction
    return look_up(str(status), "", operation) if status >= 500 and code != str(status) else None
