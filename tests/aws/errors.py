"""The errors that any call can meet, with the code and the text of each service.

Source: the error lists of the services' API references and of botocore's models; for refusals "Troubleshoot
access denied error messages" of the IAM user guide. Since January 2026 an explicit deny in an organization's
policy also names the policy's ARN.
"""

from __future__ import annotations

WireError = tuple[int, str, str]
"""HTTP status, code, message."""

THROTTLED: dict[str, WireError] = {
    "iam": (400, "Throttling", "Rate exceeded"),
    "sts": (400, "Throttling", "Rate exceeded"),
    "s3": (503, "SlowDown", "Please reduce your request rate."),
    "lambda": (429, "TooManyRequestsException", "Rate exceeded"),
    "apigateway": (429, "TooManyRequestsException", "Too Many Requests"),
    "execute-api": (429, "TooManyRequestsException", "Too Many Requests"),
    "logs": (400, "ThrottlingException", "Rate exceeded"),
    "cloudwatch": (400, "Throttling", "Rate exceeded"),
    "sns": (400, "Throttling", "Rate exceeded"),
    "firehose": (400, "ThrottlingException", "Rate exceeded"),
    "glue": (400, "ThrottlingException", "Rate exceeded"),
    "athena": (400, "TooManyRequestsException", "Rate exceeded"),
}
INTERNAL_ERROR: dict[str, WireError] = {
    "iam": (500, "ServiceFailure", "The request processing has failed because of an unknown error."),
    "sts": (500, "InternalFailure", "The request processing has failed because of an unknown error."),
    "s3": (500, "InternalError", "We encountered an internal error. Please try again."),
    "lambda": (500, "ServiceException", "An error occurred and the request cannot be processed."),
    "apigateway": (500, "InternalFailure", "Internal server error"),
    "execute-api": (500, "InternalServerErrorException", "Internal server error"),
    "logs": (500, "InternalFailure", "The request processing has failed because of an unknown error."),
    "cloudwatch": (500, "InternalServiceError", "An internal error occurred."),
    "sns": (500, "InternalError", "The request processing has failed because of an unknown error."),
    "firehose": (500, "InternalFailure", "The request processing has failed because of an unknown error."),
    "glue": (500, "InternalServiceException", "An internal service error occurred."),
    "athena": (500, "InternalServerException", "Indicates a platform issue."),
}
UNAVAILABLE: dict[str, WireError] = {
    "iam": (503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server."),
    "sts": (503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server."),
    "s3": (503, "ServiceUnavailable", "Service is unable to handle request."),
    "lambda": (503, "ServiceUnavailableException", "Service is temporarily unavailable."),
    "apigateway": (503, "ServiceUnavailableException", "Service is temporarily unavailable."),
    "execute-api": (503, "ServiceUnavailableException", "Service Unavailable"),
    "logs": (503, "ServiceUnavailableException", "The service cannot complete the request."),
    "sns": (503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server."),
    "firehose": (500, "ServiceUnavailableException", "The service is unavailable. Back off and retry."),
    "glue": (500, "InternalServiceException", "An internal service error occurred."),
    "athena": (500, "InternalServerException", "Indicates a platform issue."),
    "cloudwatch": (
        503,
        "ServiceUnavailable",
        "The request has failed due to a temporary failure of the server.",
    ),
}
INVALID_TOKEN = "The security token included in the request is invalid."
EXPIRED_TOKEN = "The security token included in the request is expired"
SIGNATURE_EXPIRED = (
    "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z (20260101T001500Z - 5 min.)"
)
DEAD_CREDENTIALS: dict[str, dict[str, WireError]] = {
    "expired": {
        "query": (403, "ExpiredToken", EXPIRED_TOKEN),
        "rest-json": (403, "ExpiredTokenException", EXPIRED_TOKEN),
        "json": (403, "ExpiredTokenException", EXPIRED_TOKEN),
        "rest-xml": (400, "ExpiredToken", "The provided token has expired."),
    },
    "invalid": {
        "query": (403, "InvalidClientTokenId", INVALID_TOKEN),
        "rest-json": (403, "UnrecognizedClientException", INVALID_TOKEN),
        "json": (400, "UnrecognizedClientException", INVALID_TOKEN),
        "rest-xml": (
            403,
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
    },
    "skewed": {
        "query": (403, "SignatureDoesNotMatch", SIGNATURE_EXPIRED),
        "rest-json": (403, "InvalidSignatureException", SIGNATURE_EXPIRED),
        "json": (400, "InvalidSignatureException", SIGNATURE_EXPIRED),
        "rest-xml": (
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        ),
    },
    "not activated": {
        "query": (403, "OptInRequired", "The AWS Access Key Id needs a subscription for the service"),
        "rest-json": (403, "OptInRequired", "The AWS Access Key Id needs a subscription for the service"),
        "json": (403, "OptInRequired", "The AWS Access Key Id needs a subscription for the service"),
        "rest-xml": (403, "NotSignedUp", "Your account is not signed up for the Amazon S3 service."),
    },
}
"""Per kind and protocol; the clock times in SIGNATURE_EXPIRED are examples."""
REFUSED: dict[str, tuple[int, str]] = {
    "iam": (403, "AccessDenied"),
    "sts": (403, "AccessDenied"),
    "s3": (403, "AccessDenied"),
    "lambda": (403, "AccessDeniedException"),
    "apigateway": (403, "AccessDeniedException"),
    "execute-api": (403, "AccessDeniedException"),
    "logs": (400, "AccessDeniedException"),
    "cloudwatch": (403, "AccessDenied"),
    "sns": (403, "AuthorizationError"),
    "firehose": (400, "AccessDeniedException"),
    "glue": (400, "AccessDeniedException"),
    "athena": (400, "AccessDeniedException"),
}
"""HTTP status and code of a refusal; its text is `refusal_text`."""
POLICY_ARN = (
    "arn:aws:organizations::999999999999:policy/o-exampleorgid/service_control_policy/p-examplepolicy"
)
REASONS = {
    "missing": "because no identity-based policy allows the {action} action",
    "service control policy": f"with an explicit deny in a service control policy: {POLICY_ARN}",
    "resource control policy": "with an explicit deny in a resource control policy",
    "permissions boundary": "because no permissions boundary allows the {action} action",
    "permissions boundary deny": "with an explicit deny in a permissions boundary",
    "identity policy": "with an explicit deny in an identity-based policy",
}
"""Why a call is refused; the keys are what a test chooses from."""


def refusal_text(caller: str, action: str, resource: str, reason: str = "missing") -> str:
    """What AWS says when it refuses a call; `caller` and `resource` are ARNs, `reason` as in `REASONS`."""
    why = REASONS[reason].format(action=action)
    return f"User: {caller} is not authorized to perform: {action} on resource: {resource} {why}"
