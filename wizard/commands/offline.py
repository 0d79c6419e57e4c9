"""`status --offline`: the saved state, at once; imports neither boto3 nor anything that does."""

from __future__ import annotations

from wizard.endpoint.throttling import CLOSED, is_closed
from wizard.errors import ExitCode
from wizard.options import Options
from wizard.phase_titles import titles_with
from wizard.state import model as state_module
from wizard.state.model import State
from wizard.ui.output import print_json, show
from wizard.ui.status_table import offline_table, resources_of


def run(options: Options, *, as_json: bool) -> ExitCode:
    """Show what the state file says. Exit 0 when it says that the deployment is complete, 3 otherwise.

    Raises:
        StateError: there is no state file, or it cannot be used.
    """
    state = state_module.required(options.state)
    if as_json:
        print_json(_document(state))
    else:
        url = state.checks.get("deploy.endpoint", {}).get("url")
        closed = options.complete(CLOSED) if _is_closed(state) else ""
        show(offline_table(state, url, ask_with=options.command("status"), note=closed))
    return ExitCode.DONE if state.lifecycle == "deployed" else ExitCode.DRIFT


def _is_closed(state: State) -> bool:
    record = state.records.get("stage.throttling")
    return is_closed(record.facts if record else None)


def _document(state: State) -> dict[str, object]:
    return {
        "deployment": state.identity.name,
        "account": state.identity.account,
        "region": state.identity.region,
        "stage": state.lifecycle,
        "healthy": None,  # AWS was not asked
        "endpoint": state.checks.get("deploy.endpoint", {}).get("url"),
        "closed": _is_closed(state),
        "resources": resources_of(state),
        "phases": [
            {
                "number": number,
                "key": key,
                "title": title,
                "status": "done" if key in state.phases else "not started",
                "finished_at": state.phases.get(key, {}).get("finished_at"),
                "seconds": state.phases.get(key, {}).get("seconds"),
            }
            for number, (key, title) in enumerate(titles_with(state.records).items(), start=1)
        ],
    }
