"""What is demanded of a run that met a fault: a clear message, a true state file, no blind repeats."""

from __future__ import annotations

from collections.abc import Iterable

from tests.aws.in_process import make_deployment
from tests.resilience.environment import Environment
from wizard.errors import WizardError
from wizard.phases import PHASES, RESOURCES
from wizard.resources.base import Deployment, SubResource
from wizard.state.model import Record

# What AWS would make a second time, or refuse, and the read that shows whether the first one happened.
READ_BEFORE_REPEAT = {
    "s3.CreateBucket": "s3.HeadBucket",
    "iam.CreateRole": "iam.GetRole",
    "logs.CreateLogGroup": "logs.DescribeLogGroups",
    "lambda.CreateFunction": "lambda.GetFunction",
    "lambda.AddPermission": "lambda.GetPolicy",
    "apigateway.CreateRestApi": "apigateway.GetRestApis",
    "apigateway.CreateResource": "apigateway.GetResources",
    "apigateway.PutMethod": "apigateway.GetResources",
    "apigateway.CreateDeployment": "apigateway.GetStages",
}
WORDS_OF_PROGRAMMERS = ("Traceback", "ClientError", "botocore", "NoneType", "KeyError", "NotYet")


def sent_twice_blindly(calls: Iterable[tuple[str, str]]) -> list[str]:
    """Creates that were sent again although nobody had looked whether the first one happened.

    A call is its name, such as `iam.CreateRole`, and the path that it goes to.
    """
    unread: set[tuple[str, str]] = set()
    problems = []
    for name, path in calls:
        if (name, path) in unread:
            problems.append(f"{name} was sent again without a look")
        if name in READ_BEFORE_REPEAT:
            unread.add((name, path))
        unread = {item for item in unread if READ_BEFORE_REPEAT[item[0]] != name}
    return problems


def unclear(error: WizardError, environment: Environment) -> list[str]:
    """What a message lacks: the thing in the operator's words, a cause, the next command to type."""
    at = make_deployment(environment.account.look)
    said = f"{error.what} {error.why} {error.next_step}"
    problems = [f"says {word}: {said}" for word in WORDS_OF_PROGRAMMERS if word in said]
    if not any(name in error.what for name in _names(at)):
        problems.append(f"does not say at what it stopped: {error.what}")
    if len(error.why.split()) < 4:
        problems.append(f"gives no cause: {error.why}")
    if not any(
        word in error.next_step for word in ("un the same command", "`eventtrack-wizard", "--", "un again")
    ):
        problems.append(f"names no next step: {error.next_step}")
    if int(error.exit_code) not in (1, 4):
        problems.append(f"ends with exit code {int(error.exit_code)}")
    return problems


def _names(at: Deployment) -> list[str]:
    """How the operator knows the things: by their titles in the table, and the bucket by its name."""
    titles = [resource.title(at) for resource in RESOURCES.values()]
    titles += [check.title(at) for phase in PHASES for check in phase.checks]
    return [*titles, at.settings.bucket_name]


def untrue(environment: Environment) -> list[str]:
    """Where the state file and AWS contradict each other."""
    state = environment.state
    if state is None:
        return []
    at = make_deployment(environment.account.look)
    problems = []
    for key, resource in RESOURCES.items():
        facts, record = resource.read(at), state.records.get(key)
        if facts is not None:
            at.known[key] = facts
        if _goes_with_others(key, state.records):
            continue
        if record is None and facts is not None and not isinstance(resource, SubResource):
            problems.append(f"{key} stands, but is not written down")
        elif record is not None and record.status == "present" and facts != record.facts:
            problems.append(f"{key} is written down as {record.facts}, but is {facts}")
    return problems


def _goes_with_others(key: str, records: dict[str, Record]) -> bool:
    """Whether something that it is part of or needs is gone or going: then the file says that alone."""
    resource = RESOURCES[key]
    others = {resource.parent, *resource.needs} - {None}
    return any(other not in records or records[other].status == "deleting" for other in others if other)


def harm(problems: list[str]) -> dict[str, int]:
    """What was done to the operator, counted from the sentences of `differences`."""
    kinds = {
        "duplicates": [text for text in problems if "left over: apis: " in text],
        "orphans": [text for text in problems if "left over: " in text],
        "foreign changes": [
            text for text in problems if "somebody-else" in text or "of nobody" in text or "of other-" in text
        ],
        "events lost": [text for text in problems if "missing: events: " in text],
    }
    return {kind: len(found) for kind, found in kinds.items()}
