"""Every deployment of an account, found by the tags of its REST API, as a recovery finds one, and of all
else that carries them: what was half made, or was left by a rollback, has no API.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as BotoConnectionError

from wizard.aws.caller import Caller
from wizard.aws.calls import code_of
from wizard.aws.client import Aws
from wizard.aws.error_rules import ACCESS_DENIED, UNKNOWN_KEY
from wizard.aws.retry import explained
from wizard.aws.tagging import TaggedThing, tagged_things
from wizard.engine.glance import Found, by_api, without_api
from wizard.engine.graph import walk, workers_for
from wizard.engine.recover import LOOKING
from wizard.errors import CredentialsError, WizardError
from wizard.identity import DeploymentId, id_prefix
from wizard.resources.api import TaggedApi, tagged_apis
from wizard.resources.base import NAME_TAG, OWNER_TAG, Deployment
from wizard.settings.resolve import defaults, from_saved
from wizard.state.model import State

Answer = TypeVar("Answer")

REGIONS_AT_A_TIME = 12


@dataclass(frozen=True)
class Region:
    """A region that was looked at.

    Attributes:
        off: the account has not enabled it.
        problem: why nothing could be seen in it.
        refused: these credentials may not look.
        by_api_only: why what has no API could not be looked for.
    """

    name: str
    found: tuple[Found, ...] = ()
    off: bool = False
    problem: WizardError | None = None
    refused: bool = False
    by_api_only: WizardError | None = None

    @property
    def is_seen(self) -> bool:
        """Whether `found` says something."""
        return not self.off and self.problem is None


def in_region(aws: Aws, caller: Caller, own: State | None = None) -> Region:
    """The deployments of one region.

    Args:
        own: of a deployment that is known besides, in whatever region.

    Raises:
        WizardError: nothing can be seen there.
    """
    return _Search(aws, caller, own).region()


def in_regions(aws: Aws, caller: Caller, names: Iterable[str], own: State | None = None) -> list[Region]:
    """The deployments of several regions, looked at side by side; none of them holds up the others.

    Raises:
        WizardError: nothing can be seen in any of them.
    """
    regions: dict[str, Region] = {}

    def look(name: str) -> None:
        regions[name] = _at_once(_Search(aws.elsewhere(name), caller, own, waits=False))

    steps: dict[str, tuple[str, ...]] = dict.fromkeys(names, ())
    walk(steps, look, workers_for(REGIONS_AT_A_TIME, steps)).raise_failure_of_everything()
    found = [regions[name] for name in steps]
    problem = next((region.problem for region in found if region.problem is not None), None)
    if problem is not None and not any(region.is_seen for region in found):
        raise problem
    return found


def _at_once(search: _Search) -> Region:
    """With its problem instead of an error.

    Raises:
        CredentialsError: they have died meanwhile.
    """
    name = search.aws.region
    try:
        return search.region()
    except WizardError as error:
        code = code_of(error.__cause__) if isinstance(error.__cause__, ClientError) else ""
        if code in UNKNOWN_KEY:
            return Region(name, off=True)  # elsewhere the keys are known: that is how we came here
        if isinstance(error, CredentialsError):
            raise
        return Region(name, problem=error, refused=code in ACCESS_DENIED)


@dataclass
class _Trace:
    """Where a deployment shows: its APIs, the oldest first, and ARNs of what else carries its tag."""

    id: str
    name: str
    apis: list[TaggedApi] = field(default_factory=list)
    arns: list[str] = field(default_factory=list)


class _Search:
    """A look at a region.

    Args:
        waits: for AWS to answer; otherwise a region that cannot be reached is given up at once.
    """

    def __init__(self, aws: Aws, caller: Caller, own: State | None, *, waits: bool = True) -> None:
        self.aws = aws
        self._caller = caller
        self._own = own if own is not None and own.records and self._is_here(own.identity) else None
        self._waits = waits

    def _is_here(self, identity: DeploymentId) -> bool:
        return (identity.account, identity.region) == (self._caller.account, self.aws.region)

    def region(self) -> Region:
        """What is there.

        Raises:
            WizardError: nothing can be seen.
        """
        apis = self._ask(lambda: tagged_apis(self.aws))
        things, problem = self._things()
        looked = [self._look(trace) for trace in self._traces(apis, things)]
        found = sorted((one for one in looked if one is not None), key=lambda one: (one.name, one.id))
        return Region(self.aws.region, tuple(found), by_api_only=problem)

    def _ask(self, step: Callable[[], Answer]) -> Answer:
        def once() -> Answer:
            try:
                return step()
            except (BotoConnectionError, HTTPClientError) as error:
                if self._waits:
                    raise
                raise explained(error, LOOKING) from error

        return self.aws.retry(once, LOOKING)

    def _things(self) -> tuple[list[TaggedThing], WizardError | None]:
        """A permission that older policies lack hides no API."""
        try:
            return self._ask(lambda: tagged_things(self.aws, OWNER_TAG)), None
        except CredentialsError:
            raise
        except WizardError as error:
            return [], error

    def _traces(self, apis: Iterable[TaggedApi], things: Iterable[TaggedThing]) -> list[_Trace]:
        """One a deployment. Its id names its region, so that a bucket elsewhere is none of it."""
        traces: dict[str, _Trace] = {}
        for api in apis:
            traces.setdefault(api.owner, _Trace(api.owner, api.name)).apis.append(api)
        for thing in things:
            owner, name = thing.tags.get(OWNER_TAG, ""), thing.tags.get(NAME_TAG, "")
            if owner.startswith(id_prefix(name, self.aws.region)):
                traces.setdefault(owner, _Trace(owner, name)).arns.append(thing.arn)
        if self._own is not None:
            own = self._own.identity
            traces.setdefault(own.id, _Trace(own.id, own.name))
        return list(traces.values())

    def _look(self, trace: _Trace) -> Found | None:
        """Of several APIs the first is the one that counts."""
        caller, region = self._caller, self.aws.region
        identity = DeploymentId(trace.id, trace.name, caller.account, caller.partition, region)
        at = Deployment(self.aws, identity, defaults(identity))
        if trace.apis:
            return by_api(at, trace.apis[0])
        if self._own is None or trace.id != self._own.identity.id:
            return without_api(at, trace.arns, named=False)
        settings = from_saved(self._own.settings, self._own.identity)
        return without_api(replace(at, settings=settings), trace.arns, named=True)
