"""What can be told of a deployment from a few answers, without its state file.

Whether what an event passes on its way is there. Whether it works, and is as it was set up, only `status` and
a test event tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from wizard import package
from wizard.endpoint.client import url_by
from wizard.endpoint.throttling import is_closed
from wizard.engine.look import look_at, remember
from wizard.errors import CredentialsError, WizardError
from wizard.phases import RESOURCES
from wizard.resources.api import TaggedApi
from wizard.resources.base import AnyResource, Deployment
from wizard.settings.table import Settings
from wizard.state.model import Facts

Health = Literal["complete", "incomplete", "not seen"]
Code = Literal["this version", "another version"]

# The way of an event, and what tells the name of each thing on it; without that it is not looked for.
WAY: Mapping[str, str | None] = {
    "api.resource": None,
    "api.method": "api.resource",
    "stage": None,
    "stage.throttling": "stage",
    "function": "api.method",
    "function.environment": "function",
    "bucket": "function.environment",
}
# What of a URL can only be known by looking.
IN_URL = ("api.resource", "stage")
# The settings that name what comes next on the way.
NAMES = ("resource_path", "stage_name", "function_name", "bucket_name")
# What is looked at where there is no API, the setting that names it, and the ARN that tells that name.
WITHOUT_API = (
    ("bucket", "bucket_name", re.compile(r":s3:::([^/]+)$")),
    ("log_group", "function_name", re.compile(r":log-group:/aws/lambda/([^:]+)(?::\*)?$")),
    ("function", "function_name", re.compile(r":function:([^:]+)$")),
)


@dataclass(frozen=True)
class Found:
    """A deployment.

    Attributes:
        created_at: when its oldest API was made.
        url: the public URL; None where it leads nowhere, or could not be seen.
        missing: what is not on the way of an event, in words.
        standing: what stands although there is no API, in words.
        unseen: what could not be looked at, and why.
        closed: the stage lets nothing through.
        code: the function's code is that of this version; None: not known.
    """

    id: str
    name: str
    region: str
    created_at: datetime | None = None
    url: str | None = None
    missing: tuple[str, ...] = ()
    standing: tuple[str, ...] = ()
    unseen: Mapping[str, str] = field(default_factory=dict)
    closed: bool = False
    code: Code | None = None

    @property
    def health(self) -> Health:
        """What can be said for certain; that it works is not among it."""
        return "incomplete" if self.missing else "not seen" if self.unseen else "complete"


def by_api(at: Deployment, api: TaggedApi) -> Found:
    """The deployment behind an API, whatever its things are called.

    Args:
        at: with the settings that name things where nothing tells their names.

    Raises:
        CredentialsError: the credentials died.
    """
    look = _Look(replace(at, known={"api": {"id": api.id}}))
    for key, told_by in WAY.items():
        if told_by is None or told_by in look.facts:
            look.take(RESOURCES[key])
    return Found(
        at.identity.id,
        at.identity.name,
        at.identity.region,
        api.created_at.astimezone(UTC) if api.created_at else None,
        url=url_by(look.at, api.id) if set(IN_URL) <= set(look.facts) else None,
        missing=tuple(look.missing),
        unseen=look.unseen,
        closed=is_closed(look.facts.get("stage.throttling")),
        code=_code(look.facts.get("function")),
    )


def without_api(at: Deployment, arns: Iterable[str], *, named: bool) -> Found | None:
    """What stands of a deployment that has no API, or no more; None: nothing.

    Args:
        arns: of what carries its tag, or did so a while ago.
        named: the names in `at.settings` are known to be its own; otherwise only those in `arns` are.

    Raises:
        CredentialsError: the credentials died.
    """
    names = {
        name: found[1] for arn in arns for _key, name, tells in WITHOUT_API if (found := tells.search(arn))
    }
    look = _Look(replace(at, settings=_named(at.settings, names)))
    for key, name, _tells in WITHOUT_API:
        if named or name in names:
            look.take(RESOURCES[key])
    own = {key: facts for key, facts in look.facts.items() if facts.get("owner") == at.identity.id}
    if not own and not look.unseen:
        return None
    return Found(
        at.identity.id,
        at.identity.name,
        at.identity.region,
        missing=("REST API",),
        standing=tuple(RESOURCES[key].title(look.at) for key in own),
        unseen=look.unseen,
        code=_code(own.get("function")),
    )


class _Look:
    """What was seen so far; `at` learns names as it goes."""

    def __init__(self, at: Deployment) -> None:
        self.at = at
        self.facts: dict[str, Facts] = {}
        self.missing: list[str] = []
        self.unseen: dict[str, str] = {}

    def take(self, resource: AnyResource) -> None:
        """Look at one thing."""
        title = resource.title(self.at)
        try:
            found = look_at(resource, self.at, lambda: resource.find(self.at))
        except CredentialsError:
            raise
        except WizardError as error:
            self.unseen[title] = error.why
            return
        if found is None:
            self.missing.append(title)
            return
        if resource.failure(found):
            self.missing.append(f"{title} (failed)")
        self.facts[resource.key] = found
        remember(self.at, resource, found)
        shown = resource.settings_from(found)
        self.at = replace(self.at, settings=_named(self.at.settings, shown))


def _named(settings: Settings, shown: Mapping[str, Any]) -> Settings:
    return replace(settings, **{key: shown[key] for key in NAMES if key in shown})


def _code(function: Facts | None) -> Code | None:
    if function is None:
        return None
    return "this version" if function["code_sha256"] == package.build().sha256 else "another version"
