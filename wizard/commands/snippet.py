"""`snippet`: a working client for the deployment, on standard output."""

from __future__ import annotations

import sys

from wizard.clock import SystemClock
from wizard.commands.common import say, stoppable
from wizard.deployment import existing
from wizard.endpoint.client import required_url
from wizard.errors import ExitCode, UsageError
from wizard.options import Options
from wizard.resources.base import Deployment
from wizard.snippets import render
from wizard.tokens import token as tokens

NEXT = {
    "curl": "Run it with sh; it needs curl 7.76 or later.",
    "javascript": "Put it into your pages. Make a token for them: `eventtrack-wizard token add --label web`.",
    "python": "Save it as track.py: `python track.py` sends an event, `from track import track` sends yours.",
    "node": "Save it as track.mjs: `node track.mjs` sends an event, `import { track }` sends yours.",
}


def run(options: Options, *, language: str, beacon: bool) -> ExitCode:
    """Print a client in `language`.

    Raises:
        StateError: there is no endpoint yet.
        UsageError: beacons are not possible.
    """
    clock = SystemClock()
    with stoppable(clock), existing(options, clock, lock=False) as (at, _store):
        url = required_url(at)
        if beacon:
            _refuse_impossible_beacon(at, language)
        token_file = tokens.token_path(options.state).resolve()
        sys.stdout.write(render(language, url, token_file, at.settings, beacon=beacon))
        sys.stdout.flush()
    say(NEXT[language], options)
    return ExitCode.DONE


def _refuse_impossible_beacon(at: Deployment, language: str) -> None:
    if language != "javascript":
        raise UsageError(
            what=f"There is no beacon in {language}.",
            why="navigator.sendBeacon is a function of browsers.",
            next_step="Run `eventtrack-wizard snippet javascript --beacon`.",
        )
    if not at.settings.allow_beacon:
        raise UsageError(
            what="This deployment takes no beacons.",
            why="A beacon cannot set headers, and a token in the body is accepted only if switched on.",
            next_step="Run `eventtrack-wizard setup --allow-beacon`, then this command again.",
        )
