"""Athena: queries are answered from Glue's catalog and S3, by the rights of whoever asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from tests.aws.athena import Athena, AwsPlace, RefusedError
from tests.aws.errors import refusal_text

from ..calls import Call
from ..messages import Answer, json_answer
from ..policies import ALLOWED, evaluate, policies_of
from ..world import World
from .base import Behaviour


class AthenaReadsTheCatalog(Behaviour):
    """Queries as `tests.aws.athena` has them; workgroups are the emulator's own.

    The emulator's Athena looks neither at a table's columns nor at its partitions, and knows no function of
    Trino's. What a query lacks of rights is its failure; the calls' own rights are `ExactActions`' matter.
    """

    def __init__(self) -> None:
        self.regions: defaultdict[str, Athena] = defaultdict(Athena)

    def before(self, call: Call, world: World) -> Answer | None:
        if call.service != "athena":
            return None
        region = call.scope.region
        place = AwsPlace(world.athena(region), world.glue(region), world.s3(region), _refusals(call, world))
        try:
            answer = self.regions[region].answer(call.operation, call.parameters, place)
        except RefusedError as refused:
            error = {"__type": refused.code, "message": refused.message, **refused.more}
            return json_answer(refused.status, error)
        if call.operation == "StartQueryExecution" and answer is not None:
            world.workgroups_of_queries[answer["QueryExecutionId"]] = str(call.parameters["WorkGroup"])
        return None if answer is None else json_answer(200, answer)


def _refusals(call: Call, world: World) -> Callable[[str, str], str | None]:
    """What AWS says to the caller who may not do something; the account's root may do everything."""
    if call.scope.access_key in {"", world.root_key}:
        return lambda _action, _resource: None
    caller = world.caller_arn(call.scope.access_key)
    statements, _boundary = policies_of(world, caller)

    def refusal(action: str, resource: str) -> str | None:
        of_glue = f"arn:aws:glue:{call.scope.region}:{world.account}:{resource}"
        arn = of_glue if action.startswith("glue:") else f"arn:aws:s3:::{resource}"
        if evaluate(statements, action, arn, {}).outcome == ALLOWED:
            return None
        return refusal_text(caller, action, arn)

    return refusal
