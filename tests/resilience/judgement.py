"""What is demanded of a run that was disturbed: a clear message, a true state file, no blind repeats, streams
that the function can use, and that no event is lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from tests.aws.in_process import Call, make_deployment
from tests.aws.in_process.function_double import is_allowed
from tests.resilience.environment import Environment
from wizard.errors import WizardError
from wizard.phases import PHASES, RESOURCES
from wizard.resources.base import Deployment, SubResource
from wizard.resources.environment import STREAMS
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
    "sns.CreateTopic": "sns.GetTopicAttributes",
    "logs.CreateLogStream": "logs.DescribeLogStreams",
    "firehose.CreateDeliveryStream": "firehose.DescribeDeliveryStream",
    "glue.CreateDatabase": "glue.GetDatabase",
    "glue.CreateTable": "glue.GetTables",
    "athena.CreateWorkGroup": "athena.GetWorkGroup",
}
# After which the function might be told of streams that it cannot use.
TELLS_OR_TAKES = (
    "lambda.UpdateFunctionConfiguration",
    "firehose.DeleteDeliveryStream",
    "iam.PutRolePolicy",
    "iam.DeleteRolePolicy",
)
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
    at = _opened(environment)
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


def _opened(environment: Environment) -> Deployment:
    """As a new process opens it, with what the state file knows."""
    at, state = make_deployment(environment.account.look, **environment.options), environment.state
    at.known.update({key: record.facts for key, record in state.records.items()} if state else {})
    return at


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
    at = _opened(environment)
    problems = []
    for key, resource in RESOURCES.items():
        facts, record = resource.read(at), state.records.get(key)
        if facts is not None:
            at.known[key] = facts
        if _goes_with_others(key, state.records, at):
            continue
        if record is None and facts is not None and not isinstance(resource, SubResource):
            problems.append(f"{key} stands, but is not written down")
        elif record is not None and record.status == "present" and facts != record.facts:
            problems.append(f"{key} is written down as {record.facts}, but is {facts}")
    return problems


def _goes_with_others(key: str, records: dict[str, Record], at: Deployment) -> bool:
    """Whether something that it is part of or needs is gone or going: then the file says that alone. What
    nobody wants need not be there."""
    resource = RESOURCES[key]
    others = [other for other in (resource.parent, *resource.needs) if other is not None]
    wanted = [other for other in others if RESOURCES[other].desired(at) is not None]
    going = [other for other in others if other in records and records[other].status == "deleting"]
    return bool(going) or any(other not in records for other in wanted)


@contextmanager
def watched_by_clients(environment: Environment) -> Iterator[list[str]]:
    """Whether the function can use at every moment within all streams that it is told of; meanwhile clients
    send events, the first at once."""
    problems: list[str] = []
    calls, clients = environment.account.calls, environment.clients

    def look(call: Call) -> None:
        if call.name in TELLS_OR_TAKES:
            problems.extend(f"after {call.name} {text}" for text in _unusable(environment))

    calls.after.insert(0, look)
    if clients is not None:
        clients.send()
        calls.before.insert(0, clients.before)
    try:
        yield problems
    finally:
        for rules, rule in ((calls.after, look), (calls.before, clients and clients.before)):
            if rule in rules:
                rules.remove(rule)


def _unusable(environment: Environment) -> list[str]:
    """Streams that the function is told of before they are ACTIVE, or before its right."""
    account, name = environment.account, make_deployment(environment.account.look).settings.function_name
    try:
        found = account.look.functions.get_function_configuration(FunctionName=name)
    except ClientError:
        return []
    told = found.get("Environment", {}).get("Variables", {}).get(STREAMS)
    return [
        f"the function is told of {stream}, which it cannot use"
        for stream in (told.split(",") if told else ())
        if not _takes(environment, stream, found["Role"].rpartition("/")[2])
    ]


def _takes(environment: Environment, stream: str, role: str) -> bool:
    look = environment.account.look
    try:
        found = look.firehose.describe_delivery_stream(DeliveryStreamName=stream)
    except ClientError:
        return False
    arn = found["DeliveryStreamDescription"]["DeliveryStreamARN"]
    is_active = environment.account.firehose.is_active(stream)
    return is_active and is_allowed(look, role, "firehose:PutRecord", arn)


def lost(environment: Environment) -> list[str]:
    """Events that were acknowledged to clients and are not stored an hour later."""
    return environment.clients.lost() if environment.clients else []


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
