"""The deployments of an account, each with what can be said of it from far away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from wizard.ui.styles import BAD, CHANGE, GOOD, QUIET
from wizard.ui.text import Hanging, Printable, counted, long_duration, text

if TYPE_CHECKING:
    from wizard.engine.fleet import Region
    from wizard.engine.glance import Found, Health

SIGNS: dict[Health, tuple[str, str]] = {
    "complete": ("✓", GOOD),
    "incomplete": ("✗", BAD),
    "not seen": ("?", CHANGE),
}


def fleet_table(
    account: str, regions: Sequence[Region], state_files: Mapping[str, str], now: datetime
) -> RenderableType:
    """The deployments, then the regions in which nothing could be seen.

    Args:
        state_files: id of a deployment to the state file that knows it, as far as one is at hand.
        now: the time, by which ages are told.
    """
    found = [one for region in regions for one in region.found]
    seen = [region.name for region in regions if region.is_seen]
    where = f"region {seen[0]}" if len(seen) == 1 else counted(len(seen), "region")
    names = [(one.region, one.name) for one in found]
    count = counted(len(found), "deployment") if found else "no deployment"
    parts: list[RenderableType] = [text(f"Account {account}, {where}: {count}.")]
    for one in found:
        several = names.count((one.region, one.name)) > 1
        parts += [Text(), *_lines(one, state_files.get(one.id), now, show_id=several)]
    return Printable(Group(*parts, *_not_looked_at(regions)))


def _lines(one: Found, state_file: str | None, now: datetime, *, show_id: bool) -> Iterator[RenderableType]:
    sign, style = SIGNS[one.health]
    facts = [f"{sign} {one.health}", *(["closed"] if one.closed else [])]
    age = "" if one.created_at is None else f", {long_duration((now - one.created_at).total_seconds())} old"
    named = text(one.id if show_id else one.name, "bold")
    yield Text.assemble(named, "  ", text(", ".join(facts), style), text(f", {one.region}{age}"))
    if one.url:
        yield _below(text(one.url))
    if one.missing:
        yield _below(text(f"missing: {', '.join(one.missing)}", BAD))
    if one.standing:
        yield _below(text(f"stands: {', '.join(one.standing)}"))
    if one.unseen:
        yield _below(text(f"not seen: {', '.join(one.unseen)}", CHANGE))
    code = "" if one.code is None else f"; the function has the code of {one.code}"
    yield _below(text(f"state file: {state_file or 'none here'}{code}", QUIET))


def _below(content: Text) -> RenderableType:
    return Hanging(content, 4, 2)


def _not_looked_at(regions: Sequence[Region]) -> Iterator[RenderableType]:
    """Nobody reads thirty refusals."""
    failed = [(region.name, region.problem) for region in regions if region.problem and not region.refused]
    refused = [region.name for region in regions if region.refused]
    off = [region.name for region in regions if region.off]
    if failed or refused or off:
        yield Text()
    for name, problem in failed:
        yield Hanging(text(f"{name}: {problem.what} {problem.why}", BAD), 2)
    if refused:
        yield Hanging(text(f"Refused to these credentials: {', '.join(refused)}.", CHANGE), 2)
    if off:
        yield Hanging(text(f"Not enabled for this account: {', '.join(off)}.", QUIET), 2)
