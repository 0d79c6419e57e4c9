"""`open`: the pages of AWS's console that show the deployment, printed, and opened on a desktop."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable, Mapping

from wizard.aws.console import Console
from wizard.errors import ExitCode, StateError, UsageError
from wizard.options import Options
from wizard.state import model as state_module
from wizard.state.model import State
from wizard.ui.output import messages, results, shows_web_pages

# What has a page: the resource's key in the state file, the fact that names it there, and the page.
PAGES: dict[str, tuple[str, str, Callable[[Console, str], str]]] = {
    "bucket": ("bucket", "name", Console.bucket),
    "function": ("function", "name", Console.function),
    "api": ("api", "id", Console.api),
    "logs": ("log_group", "name", Console.logs),
}
LONGEST = max(map(len, PAGES))


def run(options: Options, *, page: str | None, only_print: bool) -> ExitCode:
    """Print the pages, and open them where somebody sees it; with `only_print` nowhere."""
    browse = webbrowser.open if shows_web_pages() and not only_print else None
    return show(options, page, browse)


def show(options: Options, page: str | None, browse: Callable[[str], bool] | None) -> ExitCode:
    """Print one page, or all of them, and open them. AWS is not asked.

    Args:
        page: a key of `PAGES`; None: all.
        browse: shows a page in a browser, and says whether it could; None: nothing is opened.

    Raises:
        StateError: there is no state file, or nothing stands that has a page.
        UsageError: there is no console.
    """
    state = state_module.required(options.state)
    pages = pages_of(state, page)
    results().print(lines_of(pages), markup=False)
    if browse is not None and all(browse(url) for url in pages.values()):
        messages().print(f"Opened in your browser. It must be signed in to account {state.identity.account}.")
    return ExitCode.DONE


def lines_of(pages: Mapping[str, str]) -> str:
    """One a page: its name and its address."""
    return "\n".join(f"{name:{LONGEST}} {url}" for name, url in pages.items())


def pages_of(state: State, wanted: str | None = None) -> dict[str, str]:
    """Name to address of one page, or of all that there are; see `show`."""
    console = _console(state)
    chosen = PAGES if wanted is None else {wanted: PAGES[wanted]}
    found = {
        name: url(console, str(record.facts[fact]))
        for name, (key, fact, url) in chosen.items()
        if (record := state.records.get(key)) is not None and record.facts.get(fact)
    }
    if not found:
        raise StateError(
            what=f"There is no {wanted or 'part'} of {state.identity.name} that has a page.",
            why=f"By the state file the deployment is: {state.lifecycle}.",
            next_step="Run `eventtrack-wizard setup` to set it up.",
        )
    return found


def _console(state: State) -> Console:
    identity = state.identity
    if identity.is_emulated:
        raise UsageError(
            what="There is no console: this deployment is on a local AWS."
            if identity.local
            else f"There is no console: this deployment is on an emulator, {identity.endpoint_url}.",
            why="AWS's console shows AWS itself.",
            next_step="`eventtrack-wizard status` and `eventtrack-wizard logs` show what there is to see.",
        )
    try:
        return Console(identity.partition, identity.region)
    except KeyError:
        raise UsageError(
            what=f"The address of the console of the partition {identity.partition} is not known here.",
            why="Only those of aws, aws-cn and aws-us-gov are.",
            next_step="Sign in the way your organization does; `eventtrack-wizard status` names what stands.",
        ) from None
