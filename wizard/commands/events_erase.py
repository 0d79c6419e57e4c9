"""`events erase`: a person's right to be forgotten."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from hashlib import sha256

from wizard.aws.objects import ObjectReader, ObjectWriter
from wizard.clock import SystemClock
from wizard.commands.common import nobody_answers, say, stoppable
from wizard.commands.engines import cache_of
from wizard.deployment import existing
from wizard.errors import ExitCode, UsageError
from wizard.events.erase import Sum, erase_all, find, summed_up
from wizard.options import Options
from wizard.ui.output import is_interactive, messages, show
from wizard.ui.text import counted


def run(options: Options, user: str, *, yes: bool, dry_run: bool) -> ExitCode:
    """Show what there is of the user, ask for the id again, erase, look again.

    Raises:
        UsageError: no user is named; there is nobody who could type the id again.
        BusyError: another run reads the copies on this machine; nothing was changed.
    """
    if not user:
        raise UsageError(
            what="No user is named.",
            why="An event without a user_id is nobody's.",
            next_step="Give the id as it stands in user_id, with --user.",
        )
    command = f"events erase --user {shlex.quote(user)} --yes"
    is_looking = dry_run or not (yes or is_interactive())
    clock = SystemClock()
    with stoppable(clock), existing(options, clock, lock=not is_looking) as (at, _store):
        bucket = at.settings.bucket_name
        reader, writer = ObjectReader(at.aws, bucket), ObjectWriter(at.aws, bucket)
        messages().print("Looking through all objects and their versions …")
        found = list(find(reader, user))
        what = summed_up(found)
        show(f"{_words(what)} in s3://{bucket}")
        if is_looking:
            if not dry_run:
                raise nobody_answers("There is nobody to confirm the erasure.", command)
            if found:
                say(f"Nothing was changed. `eventtrack-wizard {command}` erases them for ever.", options)
            return ExitCode.DONE
        if found and not yes and not _confirmed(user):
            messages().print("Nothing was changed.")
            return ExitCode.DONE
        # Also where nothing is left in S3: a run that was killed may have left copies on this machine.
        erase_all(reader, writer, cache_of(at.identity, bucket), found, user)
        if not found:
            return ExitCode.DONE
        left = summed_up(list(find(reader, user)))
    digest = sha256(user.encode()).hexdigest()
    # The line is kept in logs, which should not name the person whom it is about.
    show(
        f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} erased from s3://{bucket}: {_words(what)};"
        f" SHA-256 of the user's id {digest}"
    )
    if left.versions:
        say(
            f"{_words(left)} came meanwhile. Run the same command again;"
            " `eventtrack-wizard token revoke` stops a client that still sends them.",
            options,
        )
        return ExitCode.FAILED
    return ExitCode.DONE


def _words(what: Sum) -> str:
    if not what.versions:
        return "No events of this user"
    objects, versions = counted(what.objects, "object"), counted(what.versions, "version")
    return f"{counted(what.events, 'event')} in {objects} ({versions})"


def _confirmed(user: str) -> bool:
    from wizard.ui.prompts import Prompts

    return Prompts(messages()).confirm_by_name("Type the user's id once more to erase all of it", user)
