"""`list`: every deployment of the account in a region, or in all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from wizard.account import Account, configured_region, connect
from wizard.aws.caller import Caller
from wizard.aws.client import ALWAYS_ENABLED
from wizard.aws.regions import regions_of
from wizard.clock import Clock, SystemClock
from wizard.commands.common import say, stoppable
from wizard.engine import fleet
from wizard.engine.fleet import Region
from wizard.engine.glance import Found
from wizard.errors import ExitCode, StateError
from wizard.options import STATE_FILE, Options
from wizard.state import model as state_module
from wizard.state.model import State
from wizard.ui.fleet_table import fleet_table
from wizard.ui.output import print_json, show
from wizard.ui.text import listed


def run(
    options: Options,
    *,
    all_regions: bool,
    as_json: bool,
    connect: Callable[[Options, Clock, None], Account] = connect,
) -> ExitCode:
    """Look and show; a region that cannot be looked at beside others is named, and is no failure.

    Args:
        connect: opens the account.

    Raises:
        CredentialsError: no, dead or wrong credentials; no region, where one is to be looked at.
        WizardError: nothing can be seen anywhere.
    """
    state = _state(options)
    clock = SystemClock()
    with stoppable(clock):
        place = _place(options, state)
        account = connect(_somewhere(place) if all_regions else place, clock, None)
        aws, caller = account.aws, account.caller
        if all_regions:
            regions = fleet.in_regions(aws, caller, regions_of(aws.session, caller.partition), state)
        else:
            regions = [fleet.in_region(aws, caller, state)]
    state_files = {state.identity.id: str(options.state)} if state else {}
    if as_json:
        print_json(_document(caller, regions, state_files))
    else:
        show(fleet_table(caller.account, regions, state_files, datetime.now(UTC)))
        _say_more(regions, state_files, _place(options, state))
    return ExitCode.DONE


def _state(options: Options) -> State | None:
    """The state file that is at hand; a broken one hides no other deployment."""
    try:
        return state_module.load(options.state)
    except StateError as error:
        say(f"{error.what} {error.why}", options)
        return None


def _place(options: Options, state: State | None) -> Options:
    """Where the deployment of the state file is, unless another place is named."""
    if state is None or options.local or options.endpoint_url:
        return options
    identity = state.identity
    if identity.local and options.profile:
        return options
    return replace(
        options,
        region=options.region or identity.region,
        local=identity.local,
        endpoint_url=None if identity.local else identity.endpoint_url,
    )


def _somewhere(options: Options) -> Options:
    """A region to ask from who we are, where all are looked at and none is named.

    It is one of the commercial partition; whoever is in another has to name one, as nothing else tells.
    """
    if options.local or configured_region(options) is not None:
        return options
    return replace(options, region=ALWAYS_ENABLED["aws"])


def _say_more(regions: Sequence[Region], state_files: Mapping[str, str], options: Options) -> None:
    """What the words mean, and what was not looked for."""
    found = [one for region in regions for one in region.found]
    if any(one.health == "complete" for one in found):
        say(
            "Complete: API, stage, function and bucket stand. Whether it works, `eventtrack-wizard status`"
            " and `eventtrack-wizard send-test` tell, with its state file.",
            options,
        )
    if lost := next((one for one in found if one.id not in state_files), None):
        say(
            f"In a folder of its own `eventtrack-wizard recover --name {lost.name} --region {lost.region}`"
            f" makes a state file for {lost.name}; with it `eventtrack-wizard setup` finishes it, and"
            " `eventtrack-wizard rollback` takes it back.",
            replace(options, region=lost.region, state=STATE_FILE),
        )
    narrow = [region.name for region in regions if region.by_api_only is not None]
    if narrow:
        say(
            "Only deployments with an API were looked for, because AWS does not say what else carries their"
            f" tags (tag:GetResources) in {listed(narrow)}. Grant what `eventtrack-wizard policy` prints; one"
            " whose name you know `eventtrack-wizard recover --name NAME` finds.",
            options,
        )


def _document(caller: Caller, regions: Sequence[Region], state_files: Mapping[str, str]) -> dict[str, Any]:
    return {
        "account": caller.account,
        "regions": [region.name for region in regions if region.is_seen],
        "deployments": [_of_one(one, state_files.get(one.id)) for region in regions for one in region.found],
        "not_enabled": [region.name for region in regions if region.off],
        "by_api_only": {
            region.name: region.by_api_only.as_dict() for region in regions if region.by_api_only is not None
        },
        "problems": {
            region.name: region.problem.as_dict() for region in regions if region.problem is not None
        },
    }


def _of_one(one: Found, state_file: str | None) -> dict[str, Any]:
    found = {**asdict(one), "health": one.health, "state_file": state_file}
    found["endpoint"] = found.pop("url")
    found["created_at"] = one.created_at.isoformat() if one.created_at else None
    return found
