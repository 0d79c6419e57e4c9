"""What a behaviour is: a small class that may answer a call itself, or change the emulator's answer."""

from __future__ import annotations

from .. import wire
from ..calls import Call
from ..messages import Answer
from ..world import World


class Behaviour:
    """One thing that real AWS does and the emulator does not. All durations are seconds of AWS's time."""

    def before(self, call: Call, world: World) -> Answer | None:
        """An answer instead of the emulator's; None lets the call pass."""

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        """The answer to send, after the emulator has executed the call."""
        return answer


def refusal(call: Call, status: int, code: str, message: str) -> Answer:
    """An error in the wire form of the service that was called."""
    return wire.error(call.service, call.request, status, code, message)
