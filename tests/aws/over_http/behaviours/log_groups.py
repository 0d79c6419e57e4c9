"""CloudWatch Logs: late deliveries."""

from __future__ import annotations

from contextlib import suppress

from botocore.exceptions import ClientError

from ..calls import Call
from ..messages import Answer
from ..policies import ALLOWED, decide
from ..world import World
from .base import Behaviour

PREFIX = "/aws/lambda/"


class LogGroupComesBack(Behaviour):
    """A log group deleted within `seconds` of its function's last run is there again `delay` seconds later.

    It comes back without retention and without tags: the late lines of the run make it anew, as long as the
    function's role could make log groups at that run.
    """

    def __init__(self, seconds: float = 30.0, delay: float = 5.0) -> None:
        self.seconds = seconds
        self.delay = delay
        self._last_run: dict[str, tuple[float, bool]] = {}

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        if call.name in {"lambda.Invoke", "execute-api.POST"}:
            self._note_run(call, world)
        group = str(call.parameters.get("logGroupName", ""))
        if call.name == "logs.DeleteLogGroup" and answer.succeeded and group.startswith(PREFIX):
            ran, may_make_groups = self._last_run.get(group.removeprefix(PREFIX), (float("-inf"), False))
            if may_make_groups and world.clock.now() - ran < self.seconds:
                region = call.scope.region
                world.clock.call_later(self.delay, lambda: _make_group(world, region, group))
        return answer

    def _note_run(self, call: Call, world: World) -> None:
        function = world.invoked_function(call)
        if function is None:
            return
        region, name = function
        known = self._last_run.get(name)
        may = known[1] if known else _role_may_make_groups(world, region, name)
        self._last_run[name] = (world.clock.now(), may)


def _make_group(world: World, region: str, group: str) -> None:
    with suppress(ClientError):
        world.logs(region).create_log_group(logGroupName=group)


def _role_may_make_groups(world: World, region: str, function: str) -> bool:
    role = world.role_of_function(region, function)
    if not role:
        return False
    group = f"arn:aws:logs:{region}:{world.account}:log-group:{PREFIX}{function}"
    principal = f"arn:aws:iam::{world.account}:role/{role}"
    return decide(world, principal, "logs:CreateLogGroup", group).outcome == ALLOWED
