"""Error answers in each service's wire form, so that boto3 shows the code and the message as on AWS."""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

from .messages import Answer, Headers, Request
from .operations import protocol_of

REQUEST_ID = "00000000-0000-4000-8000-00000000d0b1"
QUERY_NAMESPACES = {
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
    "sns": "http://sns.amazonaws.com/doc/2010-03-31/",
}


def error(
    service: str, request: Request, status: int, code: str, message: str, headers: Headers | None = None
) -> Answer:
    """An error of a service, in its protocol; the server leaves the body out when a HEAD was asked."""
    extra = headers or []
    match protocol_of(service):
        case "query":
            return _query_error(service, status, code, message, extra)
        case "rest-xml":
            return _rest_xml_error(request, status, code, message, extra)
        case "rest-json":
            return _rest_json_error(status, code, message, extra)
    return _json_error(status, code, message, extra)


def _query_error(service: str, status: int, code: str, message: str, extra: Headers) -> Answer:
    """IAM and STS."""
    side = "Receiver" if status >= 500 else "Sender"
    body = (
        f'<ErrorResponse xmlns="{QUERY_NAMESPACES.get(service, "")}"><Error><Type>{side}</Type>'
        f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
        f"<RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
    )
    return Answer(
        status, [("Content-Type", "text/xml"), ("x-amzn-RequestId", REQUEST_ID), *extra], body.encode()
    )


def _rest_xml_error(request: Request, status: int, code: str, message: str, extra: Headers) -> Answer:
    """S3."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        f"<Resource>{escape(request.path)}</Resource><RequestId>{REQUEST_ID}</RequestId></Error>"
    )
    return Answer(
        status, [("Content-Type", "application/xml"), ("x-amz-request-id", REQUEST_ID), *extra], body.encode()
    )


def _rest_json_error(status: int, code: str, message: str, extra: Headers) -> Answer:
    """Lambda, API Gateway, and what a deployed API answers itself."""
    headers = [
        ("Content-Type", "application/json"),
        ("x-amzn-RequestId", REQUEST_ID),
        ("x-amzn-ErrorType", code),
    ]
    return Answer(status, [*headers, *extra], json.dumps({"message": message}).encode())


def _json_error(status: int, code: str, message: str, extra: Headers) -> Answer:
    """CloudWatch Logs and other services with a JSON body and a target header."""
    headers = [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-RequestId", REQUEST_ID)]
    return Answer(status, [*headers, *extra], json.dumps({"__type": code, "message": message}).encode())
