"""What was typed after `setup`, and the command lines that say the same."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from wizard.engine.decide import Consent
from wizard.identity import DeploymentId
from wizard.options import Options
from wizard.settings.resolve import GATEWAY_SECONDS, Resolved, Said, merge
from wizard.settings.table import DEFAULT_NAME, SETTINGS, as_text
from wizard.state import answers as answers_file
from wizard.state.answers import Answers


@dataclass(frozen=True)
class Request:
    """What the operator typed.

    Args:
        flags: key of a setting to the text after its flag.
        answers: the file to read answers from; `said` is what it says.
        save_answers: the file to write them to.
        reconfigure: ask again although the deployment stands.
        insist: take what is mostly a mistake.
        verbose: show every value and every resource before the first change.
        as_json: tell events as JSON lines.
    """

    options: Options
    flags: Mapping[str, str] = field(default_factory=dict)
    yes: bool = False
    dry_run: bool = False
    adopt: bool = False
    insist: bool = False
    jobs: int | None = None
    answers: Path | None = None
    save_answers: Path | None = None
    reconfigure: bool = False
    verbose: bool = False
    as_json: bool = False
    said: Answers = field(default_factory=Answers)

    @property
    def consent(self) -> Consent:
        """What may be done with what stands there already."""
        return Consent(adopt=self.adopt)

    def with_answers(self) -> Request:
        """The same after its answers file has been read. Flags and environment come before it.

        Raises:
            UsageError: it cannot be used.
        """
        if self.answers is None:
            return self
        said, options = answers_file.read(self.answers), self.options
        is_in_environment = any(os.environ.get(name) for name in ("AWS_REGION", "AWS_DEFAULT_REGION"))
        region = options.region or (None if is_in_environment else said.region)
        places = replace(
            options, name=options.name or said.name, region=region, local=options.local or said.local
        )
        return replace(self, options=places, said=said)

    def sources(self, asked: Mapping[str, str]) -> Said:
        """All that was said of settings, `asked` among it."""
        return Said(asked, self.flags, os.environ, self.said.texts)

    def command(self, *more: str) -> str:
        """The command line that says all this once more, and `more`; without the token."""
        switches = [
            ("--adopt", self.adopt),
            ("--insist", self.insist),
            ("--dry-run", self.dry_run),
            ("--verbose", self.verbose),
            ("--json", self.as_json),
            ("--reconfigure", self.reconfigure and "--yes" not in more),
        ]
        files = [("--answers", self.answers), ("--save-answers", self.save_answers)]
        words = ["setup", *more, *(flag for flag, given in switches if given)]
        words += [f"{flag} {shlex.quote(str(path))}" for flag, path in files if path]
        words += [row.typed(self.flags[row.key]) for row in SETTINGS if row.key in self.flags]
        words += [f"--jobs {self.jobs}"] if self.jobs else []
        return self.options.command(" ".join(words))


def equivalent(
    request: Request, identity: DeploymentId, resolved: Resolved, saved: Mapping[str, object]
) -> str:
    """The one command line that leads to these settings without a question.

    It names what differs from the defaults, and what would be something else without being named, because
    the state file or the environment says so. The token is left out.
    """
    unsaid = merge(identity, Said(environment=os.environ), saved=saved).settings
    named = {}
    for row in SETTINGS:
        value = getattr(resolved.settings, row.key)
        if value != row.default_at(identity) or value != getattr(unsaid, row.key):
            named[row.key] = as_text(value)
    has_usual_name = identity.name == DEFAULT_NAME and "EVENTTRACK_NAME" not in os.environ
    options = replace(
        request.options,
        name=None if has_usual_name else identity.name,
        region=request.options.region if identity.local else identity.region,
    )
    return replace(
        request,
        options=options,
        flags=named,
        answers=None,
        save_answers=None,
        verbose=False,
        insist=request.insist or resolved.settings.timeout_seconds > GATEWAY_SECONDS,
    ).command("--yes")
