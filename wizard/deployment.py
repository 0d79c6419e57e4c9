"""Opening a deployment: state file, account, settings, token; everything that a command works with."""

from __future__ import annotations

import gc
import os
import secrets
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import boto3

from wizard.aws.caller import Caller, identify, refuse_other_account
from wizard.aws.client import Aws
from wizard.aws.operator_policy import ANY_PATH, Names, for_local_aws, operator_document
from wizard.aws.policies import Document
from wizard.aws.regions import check_known, known_regions
from wizard.aws.session import Keys, open_session
from wizard.clock import Clock
from wizard.errors import CredentialsError, StateError, UsageError
from wizard.identity import RANDOM_DIGITS, DeploymentId, id_prefix
from wizard.options import Options
from wizard.phases import RESOURCES, needed_actions, phases_with_rights
from wizard.resources.base import OWNER_TAG, Deployment
from wizard.resources.query_table import database_name_by
from wizard.settings import validators as names
from wizard.settings.resolve import defaults, from_saved
from wizard.settings.table import Settings
from wizard.state import model as state_module
from wizard.state.lock import locked
from wizard.state.model import DEFAULT_LABEL, State, TokenDigest
from wizard.state.store import Store
from wizard.tokens import token as tokens
from wizard.ui.output import messages
from wizard.ui.waits import wait_reporter
from wizard.uploads import Uploads

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


def as_local_operator(account: Account, identity: DeploymentId, settings: Settings) -> Account:
    """The embedded local AWS as a user who has the operator's policy and no more."""
    from wizard.local import find
    from wizard.local.operator import operator_keys

    running = find()
    if running is None:
        raise StateError(
            what="The embedded local AWS has just stopped.",
            why="Something ended its process.",
            next_step="Run the same command again; it is started anew.",
        )
    policy = for_local_aws(operator_policy(identity, settings, standing=RESOURCES))
    keys = operator_keys(account.aws, local_user(identity), policy, running.data_folder)
    session = open_session(None, identity.region, keys)
    aws = Aws(session, account.aws.endpoint_url, account.aws.clock, account=identity.account)
    aws.on_wait = account.aws.on_wait
    return Account(aws, identity, account.caller)


def local_user(identity: DeploymentId) -> str:
    """Whose user in the embedded local AWS: users, like roles, are known in all regions."""
    return f"{identity.name}-{identity.region}"


def operator_policy(
    identity: DeploymentId, settings: Settings, *, wide: bool = False, standing: Collection[str] = ()
) -> Document:
    """What the operator of a deployment must be allowed to do.

    Args:
        wide: as in `operator_document`.
        standing: keys of the resources that the state file knows.
    """
    names = Names(
        partition=identity.partition,
        account=identity.account,
        region=identity.region,
        name=identity.name,
        bucket=settings.bucket_name,
        role=settings.role_name,
        function=settings.function_name,
        owner_tag=OWNER_TAG,
        owners=identity.id_pattern,
        database=database_name_by(identity.name),
        boundary=settings.permissions_boundary,
        role_path="" if settings.role_name == defaults(identity).role_name else ANY_PATH,
    )
    return operator_document(names, needed_actions(phases_with_rights(settings, standing)), wide=wide)


def new_identity(account: Account, name: str, options: Options) -> DeploymentId:
    """The identity of a deployment that is about to be born."""
    return DeploymentId(
        id=id_prefix(name, account.aws.region) + secrets.token_hex(RANDOM_DIGITS // 2),
        name=name,
        account=account.caller.account,
        partition=account.caller.partition,
        region=account.aws.region,
        endpoint_url=None if options.local else account.aws.endpoint_url,
        local=options.local,
    )


@contextmanager
def existing(
    options: Options, clock: Clock, *, lock: bool, looks_first: bool = False, starts_local: bool = True
) -> Iterator[tuple[Deployment, Store]]:
    """A deployment that the state file knows, connected and pinned.

    Args:
        lock: whether the state file may be written.
        looks_first: the command begins with a plan, which asks beside its look whose credentials these are.
        starts_local: as in `connect`.

    Raises:
        StateError: there is none, or the file cannot be used.
    """
    if not lock:
        yield _open(options, clock, looks_first=looks_first, starts_local=starts_local)
        return
    state_module.required(options.state)
    with locked(options.state):
        yield _open(options, clock, looks_first=looks_first, starts_local=starts_local)


def _open(
    options: Options, clock: Clock, *, looks_first: bool, starts_local: bool
) -> tuple[Deployment, Store]:
    state = state_module.required(options.state)
    identity = state.identity
    account = connect(options, clock, identity, starts_local=starts_local)
    settings = from_saved(state.settings, identity)
    if identity.local:
        account = as_local_operator(account, identity, settings)
        gc.collect()  # root's clients, 8 MB, know each other: their memory is free for those to come only now
    if not looks_first:
        refuse_lost(state)
        account.verify()
    store = Store(options.state, state)
    at = Deployment(
        account.aws,
        identity,
        settings,
        tuple(state.tokens),
        current_token(options),
        store.known(),
        verify=account.verify,
        uploads=Uploads.beside(options.state),
    )
    return at, store


def lost_with_local_aws(state: State) -> StateError | None:
    """What to tell the operator when the local AWS was killed after this deployment's last change."""
    if not state.identity.local or state.lifecycle == "rolled back":
        return None
    from wizard.local import loss_after

    loss = loss_after(record.changed_at for record in state.records.values())
    if loss is None:
        return None
    return StateError(
        what="The local AWS was killed, or the machine went down, before it had saved what it held.",
        why=str(loss),
        next_step="Run `eventtrack-wizard setup` to make it again, or"
        " `eventtrack-wizard rollback` to clear up.",
    )


def refuse_lost(state: State) -> None:
    """Raise what `lost_with_local_aws` returns: for what needs a deployment that stands."""
    if error := lost_with_local_aws(state):
        raise error


def current_token(options: Options) -> str | None:
    """The token to send: given by flag or environment, else the one in the token file."""
    if options.token:
        return tokens.checked(options.token, "--token or EVENTTRACK_TOKEN")
    if given := os.environ.get("EVENTTRACK_TOKEN"):
        return tokens.checked(given, "EVENTTRACK_TOKEN")
    return tokens.read(options.state)


@dataclass(frozen=True)
class OwnToken:
    """The deployment's own token.

    Attributes:
        is_new: it was made in this run.
        added: its digest, where the state file does not know that yet.
    """

    value: str = field(repr=False)
    is_new: bool
    added: TokenDigest | None

    def keep(self, options: Options, state: State) -> None:
        """Write it down: the digest in `state`, itself in the token's file where there is none."""
        if self.added is not None:
            state.tokens.append(self.added)
        if tokens.read(options.state) is None:
            tokens.write(options.state, self.value)


def own_token(options: Options, state: State, made: str | None = None) -> OwnToken:
    """The token that the deployment has, or will have; nothing is written down.

    A lost token file is no reason to lock out clients: their digests stay, a new token joins them.

    Args:
        made: one that was made before in this run.

    Raises:
        UsageError: what the token's file holds is none.
    """
    token = current_token(options)
    value = token or made or tokens.generate()
    digest = tokens.digest(value)
    if digest.sha256 in {known.sha256 for known in state.tokens}:
        return OwnToken(value, token is None, None)
    tokens.checked(value, str(tokens.token_path(options.state)))  # somebody may have written into the file
    label = tokens.free_label(DEFAULT_LABEL, {known.label for known in state.tokens})
    return OwnToken(value, token is None, tokens.digest(value, label))


def remove_local_operator(at: Deployment) -> None:
    """After a rollback the embedded local AWS needs no user of ours any more."""
    if not at.identity.local:
        return
    from wizard.local import start
    from wizard.local.operator import remove_operator

    running = start()
    session = open_session(None, at.identity.region, ROOT_KEYS)
    remove_operator(Aws(session, running.url, at.aws.clock), local_user(at.identity), running.data_folder)
