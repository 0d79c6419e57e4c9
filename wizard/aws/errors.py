"""botocore's exceptions in the operator's words."""

from __future__ import annotations

from botocore import exceptions as botocore_errors
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from wizard.aws.error_rules import AGAIN
from wizard.aws.rule import Explain
from wizard.errors import CredentialsError, WizardError

# All that a call may raise; the last one: what came back was no answer of AWS.
AWS_ERRORS = (ClientError, BotoCoreError, ResponseParserError)

TRUST = (
    "Where a proxy inspects TLS, name the file with its certificate authority in AWS_CA_BUNDLE, or as"
    " ca_bundle of the profile; then run the same command again."
)
SIGN_IN = "Run `aws configure`, or `aws sso login --profile NAME` and pass --profile NAME; then run again."

# (exception, why, next step); botocore's own sentence is added where it names something useful.
CREDENTIAL_FAILURES: tuple[tuple[str, str, str], ...] = (
    ("NoCredentialsError", "There are no AWS credentials on this machine.", SIGN_IN),
    ("PartialCredentialsError", "The AWS credentials are incomplete.", SIGN_IN),
    ("CredentialRetrievalError", "The program that should give AWS credentials failed.", SIGN_IN),
    ("ProfileNotFound", "There is no such profile.", "List yours with `aws configure list-profiles`."),
    ("NoRegionError", "No region is known.", "Name one with --region, for example --region us-east-1."),
    ("InvalidRegionError", "That is no region.", "Name one with --region, for example --region us-east-1."),
    ("UnauthorizedSSOTokenError", "The SSO session has expired.", "Run `aws sso login`, then run again."),
    ("SSOTokenLoadError", "There is no SSO session.", "Run `aws sso login`, then run again."),
    ("TokenRetrievalError", "The SSO session could not be renewed.", "Run `aws sso login`, then run again."),
    ("LoginRefreshRequired", "The session has expired.", "Run `aws login`, then run again."),
    ("LoginTokenLoadError", "There is no session.", "Run `aws login`, then run again."),
    ("LoginInsufficientPermissions", "The session may not be renewed.", "Run `aws login`, then run again."),
    (
        "RefreshWithMFAUnsupportedError",
        "The credentials have expired and need a new MFA code.",
        "Get new ones with `aws sts get-session-token`, then run again.",
    ),
)


def explain_client_error(error: ClientError, rule: Explain | None, doing: str) -> WizardError:
    """What AWS refused, by the row of `error_rules`; without one, AWS's own words are passed on."""
    detail = error.response.get("Error", {})
    message = detail.get("Message", "").strip().rstrip(".")
    answer = f"AWS answered {error.operation_name} with {detail.get('Code', 'an error')}"
    if rule is None:
        return WizardError(
            what=f"Could not {doing}.", why=f"{answer}: {message or 'no message'}.", next_step=AGAIN
        )
    said = f"AWS says: {message}." if message else ""
    return rule.error(
        what=f"Could not {doing}.",
        why=f"{rule.why.format(message=said).strip()} ({answer}.)",
        next_step=rule.next_step,
        link=rule.link,
    )


def explain_offline_error(error: BotoCoreError | ResponseParserError, doing: str) -> WizardError:
    """A failure on this side of AWS: credentials, profile, region, network."""
    if isinstance(error, ResponseParserError):
        return WizardError(
            what=f"Could not {doing}.",
            why="What answered is not AWS: a proxy, a network's sign-in page, or another server.",
            next_step="Open a web page in a browser and sign in to the network, or mend --endpoint-url;"
            " then run the same command again.",
        )
    for name, why, next_step in CREDENTIAL_FAILURES:
        kind = getattr(botocore_errors, name, None)
        if kind is not None and isinstance(error, kind):
            return CredentialsError(what=f"Could not {doing}.", why=f"{why} ({error})", next_step=next_step)
    if isinstance(error, botocore_errors.SSLError):
        return WizardError(
            what=f"Could not {doing}.",
            why=f"The TLS connection cannot be trusted: {error}.",
            next_step=TRUST,
        )
    return WizardError(
        what=f"Could not {doing}.",
        why=f"{error}",
        next_step="Check the network (a proxy, a VPN), then run the same command again.",
    )
