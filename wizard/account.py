"""Where we are: the account that options, environment and state file name, and who is asking."""

from __future__ import annotations

import os
import threading

import boto3

from wizard.aws.caller import Caller, identify, refuse_other_account
from wizard.aws.client import Aws
from wizard.aws.regions import check_known, known_regions
from wizard.aws.session import Keys, open_session
from wizard.clock import Clock
from wizard.errors import CredentialsError, StateError, UsageError
from wizard.identity import DeploymentId
from wizard.options import Options
from wizard.settings import validators as names
from wizard.ui.output import messages
from wizard.ui.waits import wait_reporter

LOCAL_REGION = "us-east-1"
# Where botocore looks for every service, and what makes it look nowhere.
ENDPOINT, IGNORES_ENDPOINT = "AWS_ENDPOINT_URL", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
# MiniStack's root user.
ROOT_KEYS = Keys("test", "test")


class Account:
    """Where we are: clients, and who STS says we are.

    Args:
        aws: the clients.
        identity: the deployment that must be in this account; None: any will do.
        caller: who we are, where that is known already.
    """

    def __init__(self, aws: Aws, identity: DeploymentId | None = None, caller: Caller | None = None) -> None:
        self.aws = aws
        self._identity = identity
        self._caller = caller
        self._asking = threading.Lock()

    @property
    def caller(self) -> Caller:
        """Asked once.

        Raises:
            CredentialsError: no, dead or wrong credentials, or of another account than the deployment's.
        """
        with self._asking:
            if self._caller is None:
                caller = identify(self.aws)
                if self._identity is not None:
                    refuse_other_account(caller, self._identity.account, self._identity.partition)
                self._caller = caller
            return self._caller

    def verify(self) -> None:
        """Raise what `caller` raises; asked beside the first look, before anything is decided."""
        _ = self.caller


def connect(
    options: Options, clock: Clock, identity: DeploymentId | None, *, starts_local: bool = True
) -> Account:
    """Open the account that the options and the state file name.

    For the embedded local AWS this is root; `as_local_operator` then steps down.

    Args:
        starts_local: whether the local AWS is started where it does not run.

    Raises:
        StateError: the local AWS does not run.
        CredentialsError: no, dead or foreign credentials.
        UsageError: options and state file contradict each other.
    """
    pinned = identity.account if identity else None
    local = options.local or (identity is not None and identity.local)
    endpoint_url = None if local else _endpoint_url(options)
    _refuse_contradiction(options, identity, endpoint_url)
    _refuse_no_url(endpoint_url)
    region = identity.region if identity else None
    if local:
        session = open_session(None, _checked_region(options.region) or region or LOCAL_REGION, ROOT_KEYS)
        endpoint_url = _local_url(starts=starts_local)
    else:
        session = session_at(options, region)
        endpoint_url = endpoint_url or (identity.endpoint_url if identity else None)
    aws = Aws(session, endpoint_url, clock, account=pinned)
    aws.on_wait = wait_reporter()
    return Account(aws, identity)


def session_at(options: Options, pinned: str | None = None) -> boto3.Session:
    """The credentials and the region that the options name; nothing is asked of AWS.

    Args:
        pinned: the region of a deployment that stands, which may be one that this version does not know.

    Raises:
        CredentialsError: there is no such profile, or nothing names a region.
        UsageError: the region is malformed, or not known and not meant (`--any-region`, an endpoint).
    """
    # botocore alone knows only AWS_DEFAULT_REGION; the pinned region wins over both.
    region = _checked_region(options.region) or pinned or os.environ.get("AWS_REGION")
    session = open_session(options.profile, region)
    if session.region_name is None:
        raise CredentialsError(
            what="No region is known.",
            why="Neither --region, AWS_REGION nor the profile names one.",
            next_step="Name one, for example --region us-east-1.",
        )
    if pinned is None and _endpoint_url(options) is None and not options.any_region:
        _refuse_unknown_region(session)
    return session


def configured_region(options: Options) -> str | None:
    """The region that flag, environment or profile names."""
    return options.region or os.environ.get("AWS_REGION") or open_session(options.profile, None).region_name


def doubt_of_region(options: Options, region: str) -> str | None:
    """Why a region that is typed is probably misspelled, in words; None where nothing speaks against it."""
    if _endpoint_url(options) is not None or options.any_region:
        return None
    try:
        check_known(region, known_regions(open_session(options.profile, None)))
    except ValueError as error:
        return str(error)
    return None


def _local_url(*, starts: bool) -> str:
    from wizard.local import find, start

    if running := find():
        return running.url
    if not starts:
        raise StateError(
            what="The embedded local AWS does not run.",
            why="It was stopped, or its process has ended.",
            next_step="Start it with `eventtrack-wizard local start`.",
        )
    messages().print("Starting the local AWS …", style="dim")
    return start().url


def _endpoint_url(options: Options) -> str | None:
    """The emulator that flag or environment name. botocore obeys that variable, too: without a look at it, an
    emulator would be taken for AWS, with another public URL and other waits.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    if options.endpoint_url or os.environ.get(IGNORES_ENDPOINT, "").casefold() == "true":
        return options.endpoint_url
    return os.environ.get(ENDPOINT) or None


def _checked_region(region: str | None) -> str | None:
    if region is None:
        return None
    try:
        return names.region_name(region)
    except ValueError as error:
        raise UsageError(
            what=f"{region!r} is no region.",
            why=f"The rule: {error}.",
            next_step="Give another one with --region, for example --region us-east-1.",
        ) from None


def _refuse_unknown_region(session: boto3.Session) -> None:
    """A misspelled region has no AWS; a minute of attempts to reach it would say less."""
    try:
        check_known(str(session.region_name), known_regions(session))
    except ValueError as error:
        raise UsageError(
            what=f"The region cannot be used: {error}",
            why="It is not among the regions that this version knows.",
            next_step="Give another one with --region; a region that is younger than this version with"
            " --any-region.",
        ) from None


def _refuse_no_url(endpoint: str | None) -> None:
    from urllib.parse import urlsplit

    if endpoint is None or (urlsplit(endpoint).scheme in ("http", "https") and urlsplit(endpoint).hostname):
        return
    raise UsageError(
        what=f"{endpoint!r} is no URL of an endpoint.",
        why="It begins with http:// or https://, and a host follows.",
        next_step=f"Give it as --endpoint-url http://{endpoint.rpartition('/')[2] or 'localhost:4566'}.",
    )


def _refuse_contradiction(options: Options, identity: DeploymentId | None, endpoint_url: str | None) -> None:
    if identity is None:
        if options.local and options.endpoint_url:
            raise UsageError(
                what="--local and --endpoint-url cannot be used together.",
                why="Both say where AWS is.",
                next_step="Leave one of them out.",
            )
        return
    own = "that of the local AWS" if identity.local else "AWS's own"
    said_by = "--endpoint-url" if options.endpoint_url else f"the variable {ENDPOINT}"
    named = (
        (options.region, identity.region, "region", "--region"),
        (options.endpoint_url or endpoint_url, identity.endpoint_url or own, "endpoint", said_by),
        ("local" if options.local else None, "local" if identity.local else "AWS", "place", "--local"),
    )
    for given, pinned, what, flag in named:
        if given is not None and given != pinned:
            raise UsageError(
                what=f"This deployment has another {what}: {pinned}, not {given}.",
                why="A deployment never moves; the state file holds it to where it was set up.",
                next_step=f"Leave out {flag}, or name another state file with --state.",
            )
