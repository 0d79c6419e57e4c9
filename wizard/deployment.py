"""Opening a deployment: state file, account, settings, token; everything that a command works with."""

from __future__ import annotations

import gc
import os
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from wizard.account import ROOT_KEYS, Account, connect
from wizard.aws.client import Aws
from wizard.aws.operator_policy import ANY_PATH, Names, for_local_aws, operator_document
from wizard.aws.policies import Document
from wizard.aws.session import open_session
from wizard.clock import Clock
from wizard.errors import StateError
from wizard.identity import RANDOM_DIGITS, DeploymentId, id_prefix
from wizard.options import Options
from wizard.phases import RESOURCES, needed_actions, phases_with_rights
from wizard.resources.base import OWNER_TAG, Deployment
from wizard.resources.query_table import database_name_by
from wizard.settings.resolve import defaults, from_saved
from wizard.settings.table import Settings
from wizard.state import model as state_module
from wizard.state.lock import locked
from wizard.state.model import DEFAULT_LABEL, State, TokenDigest
from wizard.state.store import Store
from wizard.tokens import token as tokens
from wizard.uploads import Uploads


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
