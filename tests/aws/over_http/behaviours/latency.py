"""The way to AWS and back."""

from __future__ import annotations

from ..calls import Call
from ..messages import Answer
from ..world import World
from .base import Behaviour


class Latency(Behaviour):
    """Every call takes this long before it arrives; `per_operation` gives an operation its own time."""

    def __init__(self, seconds: float = 0.05, per_operation: dict[str, float] | None = None) -> None:
        self.seconds = seconds
        self.per_operation = per_operation or {}

    def before(self, call: Call, world: World) -> Answer | None:
        world.clock.sleep(self.per_operation.get(call.name, self.seconds))
        return None
