"""Credentials that do not, or no longer, work."""

from __future__ import annotations

from tests.aws.errors import DEAD_CREDENTIALS

from .. import wire
from ..calls import Call
from ..messages import Answer
from ..operations import protocol_of
from ..world import World
from .base import Behaviour


class DeadCredentials(Behaviour):
    """From call number `from_call` on, the key that signed it is refused; other keys work.

    With `from_operation`, such as "iam.CreateRole", from its first call on: where calls come side by side,
    their numbers differ from run to run.

    `kind`: expired, invalid, skewed (the client's clock is wrong), not activated.
    `regions` limits the refusal; with kind "invalid" that is how a region answers that is not enabled.
    `renew()` makes the key work again, as a new login does.
    """

    def __init__(
        self,
        kind: str = "expired",
        from_call: int = 1,
        regions: frozenset[str] = frozenset(),
        from_operation: str | None = None,
    ) -> None:
        self.kind = kind
        self.from_call = from_call
        self.regions = regions
        self._waiting_for = from_operation
        self._dead_key = ""
        self._renewed = False

    def renew(self) -> None:
        self._renewed = True

    def before(self, call: Call, world: World) -> Answer | None:
        key = call.scope.access_key
        if call.name == self._waiting_for:
            self._waiting_for = None
        if self._waiting_for is not None:
            return None
        if self._renewed or not key or call.number < self.from_call:
            return None
        if self.regions and call.scope.region not in self.regions:
            return None
        self._dead_key = self._dead_key or key
        if key != self._dead_key:
            return None
        status, code, message = DEAD_CREDENTIALS[self.kind][protocol_of(call.service)]
        if call.request.method == "HEAD" and self.kind == "expired":
            status = 400
        return wire.error(call.service, call.request, status, code, message)
