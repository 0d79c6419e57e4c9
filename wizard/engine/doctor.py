"""What a run needs around it, one finding a need: for `doctor`. Looks only; what it finds raises nothing.

A need that hangs on one that is not met is not examined: the first thing to mend stands alone.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Literal

from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.exceptions import HTTPClientError, SSLError

from wizard import __version__
from wizard.aws.caller import Caller, identify
from wizard.aws.client import Aws
from wizard.aws.errors import TRUST
from wizard.aws.permissions import NotCheckedError, missing_permissions
from wizard.aws.policies import Document
from wizard.aws.reach import Reached, reach
from wizard.aws.topic_policy import mute
from wizard.errors import WizardError
from wizard.extras import install_command

Status = Literal["ok", "note", "failed"]

# Seconds. AWS refuses what was signed more than five minutes from its own time.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
CLOCK_MAY_DIFFER, CLOCK_MUST_NOT_DIFFER = 60, 300
LIBRARIES = ("boto3", "botocore", "typer", "rich", "questionary")


@dataclass(frozen=True)
class Finding:
    """How one need stands: what was found and, unless it is met, what to do."""

    name: str
    status: Status
    found: str
    remedy: str = ""

    def as_dict(self) -> dict[str, str]:
        """For `--json`."""
        return asdict(self)


def versions() -> Finding:
    """Of the wizard, Python and the libraries that matter; always met."""
    libraries = ", ".join(f"{name} {metadata.version(name)}" for name in LIBRARIES)
    return Finding(
        "Versions", "ok", f"eventtrack-wizard {__version__}, Python {platform.python_version()}, {libraries}"
    )


def local_extra() -> Finding:
    """The embedded local AWS, which only `--local` needs."""
    try:
        return Finding("Local AWS", "ok", f"MiniStack {metadata.version('ministack')} is installed")
    except metadata.PackageNotFoundError:
        remedy = f"For `eventtrack-wizard setup --local`: {install_command('local')}"
        return Finding("Local AWS", "note", "not installed; AWS itself does not need it", remedy)


def attempt(name: str, look: Callable[[], str]) -> Finding:
    """A need that is met unless looking for it fails."""
    try:
        return Finding(name, "ok", look())
    except WizardError as error:
        return Finding(name, "failed", f"{error.what} {error.why}", error.next_step)


def way_to_aws(aws: Aws) -> Iterator[Finding]:
    """Network, TLS and clock."""
    try:
        reached = reach(aws)
    except SSLError as error:
        yield Finding("Network", "ok", "somebody answers")
        yield Finding("TLS", "failed", f"{error}. Trusted are the authorities in {aws.ca_bundle}.", TRUST)
        return
    except (BotoConnectionError, HTTPClientError) as error:
        remedy = "Check the network, a VPN, and the proxy in HTTPS_PROXY; then run again."
        yield Finding("Network", "failed", f"{error}", remedy)
        return
    proxy = f", through the proxy {reached.proxy}" if reached.proxy else ""
    yield Finding("Network", "ok", f"{reached.host} answers in {reached.seconds * 1000:.0f} ms{proxy}")
    if aws.endpoint_url is None or aws.endpoint_url.startswith("https:"):
        yield Finding("TLS", "ok", f"its certificate is trusted by {aws.ca_bundle}")
    yield clock(reached)


def clock(reached: Reached) -> Finding:
    """This machine's clock beside AWS's."""
    if reached.clock_ahead is None:
        return Finding("Clock", "note", f"{reached.host} does not say what time it has")
    away = abs(reached.clock_ahead)
    found = f"{away:.0f} s {'ahead of' if reached.clock_ahead > 0 else 'behind'} AWS's"
    remedy = "Set it, best by NTP (`timedatectl set-ntp true`, `sntp -sS time.apple.com`)."
    if away > CLOCK_MUST_NOT_DIFFER:
        return Finding("Clock", "failed", f"{found}: AWS refuses every call", remedy)
    if away > CLOCK_MAY_DIFFER:
        return Finding("Clock", "note", f"{found}; from 5 minutes on AWS refuses every call", remedy)
    return Finding("Clock", "ok", "as AWS's" if away < 2 else found)


def credentials(aws: Aws) -> Finding:
    """Where they come from; whether they are any good, STS says."""

    def look() -> str:
        found = aws.session.get_credentials()
        if found is None:
            identify(aws)  # says what is missing, and how to get it
        return f"from {SOURCES.get(found.method, found.method)}" if found else "none are needed"

    return attempt("Credentials", look)


# botocore's names of its sources, in words.
SOURCES = {
    "env": "the environment",
    "shared-credentials-file": "the credentials file",
    "config-file": "the configuration file",
    "sso": "IAM Identity Center (SSO)",
    "login": "a login",
    "assume-role": "an assumed role",
    "assume-role-with-web-identity": "a role assumed with a web identity",
    "custom-process": "a program that the profile names",
    "container-role": "the container's role",
    "iam-role": "the instance's role",
    "explicit": "the local AWS",
}


def account(caller: Callable[[], Caller]) -> Finding:
    """Who AWS says we are, in a region that is enabled."""
    return attempt("Account", lambda: f"{caller().account}, as {caller().arn}")


def alarm_topic(aws: Aws, topic: str, account_id: str) -> Finding:
    """Whether alarms can tell the operator's own topic, as far as one may look."""
    sentence = mute(aws, topic, account_id)
    return Finding("Alarm topic", "note" if sentence else "ok", sentence or topic)


def permissions(aws: Aws, caller_arn: str, policy: Document) -> Finding:
    """Whether the caller may do what the printed policy allows."""
    remedy = "Grant what `eventtrack-wizard policy` prints."
    try:
        missing = missing_permissions(aws, caller_arn, policy)
    except NotCheckedError as error:
        return Finding("Permissions", "note", f"they cannot be looked up: {error}", remedy)
    except WizardError as error:
        return Finding("Permissions", "failed", f"{error.what} {error.why}", error.next_step)
    if missing:
        return Finding("Permissions", "failed", f"{len(missing)} are missing: {', '.join(missing)}", remedy)
    return Finding("Permissions", "ok", "everything that a setup needs")
