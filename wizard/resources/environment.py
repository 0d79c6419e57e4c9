"""The variables that the handler reads, and how much room Lambda gives them."""

from __future__ import annotations

from wizard.errors import UsageError
from wizard.resources.base import Deployment
from wizard.resources.streams import stream_names
from wizard.settings.table import as_text

# Key and value of all variables together: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
ENVIRONMENT_LIMIT_BYTES = 4096
STREAMS = "FIREHOSE_STREAMS"
# Setting to the environment variable that the handler reads it from.
VARIABLES = {
    "bucket_name": "BUCKET_NAME",
    "cors_origins": "CORS_ALLOW_ORIGIN",
    "event_format": "EVENT_FORMAT",
    "allow_beacon": "ALLOW_BEACON",
    "max_events": "MAX_EVENTS",
    "max_request_bytes": "MAX_REQUEST_BYTES",
}


def environment_variables(at: Deployment) -> dict[str, str]:
    """What the handler reads. Tokens are here as SHA-256 digests only.

    Raises:
        UsageError: together they pass Lambda's limit of 4 KB.
    """
    variables = {
        "AUTH_TOKEN_SHA256": ",".join(token.sha256 for token in at.tokens),
        "AUTH_TOKEN_LABELS": ",".join(token.label for token in at.tokens),
        # S3 then refuses to store in a bucket of that name that somebody else has made since.
        "BUCKET_OWNER": at.identity.account,
        **{name: _as_variable(getattr(at.settings, key)) for key, name in VARIABLES.items()},
    }
    if names := stream_names(at):
        variables[STREAMS] = ",".join(names)
    size = sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
    if size > ENVIRONMENT_LIMIT_BYTES:
        raise UsageError(
            what="The function's environment variables are too large.",
            why=f"They have {size} bytes; Lambda takes {ENVIRONMENT_LIMIT_BYTES}.",
            next_step="Revoke tokens that are no longer used, or shorten --cors-origins.",
        )
    return variables


def _as_variable(value: object) -> str:
    return str(value).casefold() if isinstance(value, bool) else as_text(value)
