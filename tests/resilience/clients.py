"""Clients that send events all the while, and what has become of those that were acknowledged to them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from tests.aws.in_process import TOKEN, Account, Call, make_deployment
from tests.aws.inventory import Inventory, stored_texts
from wizard.resources.streams import DELIVERY_SECONDS

CLIENT = "a-client-of-the-matrix"
LEAVES_STREAMS = ("lambda.UpdateFunctionConfiguration", "lambda.DeleteFunction")
"""Calls after which requests that are on their way may still be answered by the function of before."""
HOUR = 3600.0

Answer = Callable[[dict[str, Any]], dict[str, Any]]


class Clients:
    """Their requests are past the gateway: the function that stands answers them.

    Streams take a moment to come and to go, less than anybody sleeps so that every run is the same, and as
    long to deliver as AWS may.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._settings = make_deployment(account.look).settings
        self._sent = 0
        self.acknowledged: dict[str, dict[str, Any]] = {}
        seconds = account.firehose.seconds
        seconds.to_make, seconds.to_delete, seconds.to_deliver = 0.05, 0.05, DELIVERY_SECONDS

    def send(self) -> None:
        """One event, which is answered at once."""
        if answer := self._begin():
            self._send(answer)

    def send_slowly(self) -> None:
        """One event, on which the function works as long as it may."""
        if answer := self._begin():
            self._account.firehose.later(self._settings.timeout_seconds, lambda: self._send(answer))

    def before(self, call: Call) -> None:
        """A rule of `Calls`: there is always a request on its way when a change could lose it."""
        if call.name in LEAVES_STREAMS:
            self.send_slowly()
        elif call.name == "firehose.DeleteDeliveryStream":
            self.send()

    def _begin(self) -> Answer | None:
        """None where there is no function."""
        try:
            return self._account.function.begin(self._settings.function_name)
        except ClientError:
            return None

    def _send(self, answer: Answer) -> None:
        self._sent += 1
        event = {
            "event_id": f"{CLIENT}-{self._sent}",
            "event_name": "sign_up",
            "properties": {"number": self._sent, "text": "Grüße, \u2028 😀"},
        }
        request = {"httpMethod": "POST", "headers": {"X-Auth-Token": TOKEN}, "body": json.dumps([event])}
        if answer(request)["statusCode"] == 200:
            self.acknowledged[str(event["event_id"])] = event

    def lost(self) -> list[str]:
        """Acknowledged events that are not in the bucket exactly as they were sent, once each, an hour later;
        worded as `differences` has it."""
        self._account.firehose.pass_by(HOUR)
        stored = defaultdict(list)
        for event in self._stored():
            stored[event.get("event_id")].append(event)
        return [
            f"missing: events: {key} was acknowledged, stored is {stored[key]}"
            for key, event in self.acknowledged.items()
            if len(stored[key]) != 1 or not event.items() <= stored[key][0].items()
        ]

    def _stored(self) -> list[dict[str, Any]]:
        try:
            texts = stored_texts(self._account.look, self._settings.bucket_name)
        except ClientError:
            return []
        found: list[dict[str, Any]] = []
        for key, text in texts.items():
            if CLIENT not in text:
                continue
            found += map(json.loads, text.splitlines()) if ".jsonl" in key else json.loads(text)
        return found

    def memory(self) -> tuple[object, ...]:
        """All that `remember` needs."""
        return self._sent, dict(self.acknowledged)

    def remember(self, memory: Any) -> None:
        """Know what was known then."""
        self._sent, self.acknowledged = memory


def without_clients(found: Inventory) -> Inventory:
    """Less the objects of clients: each run names them anew; `Clients.lost` judges them."""
    return {
        name: facts
        for name, facts in found.items()
        if not (name.startswith("events: ") and CLIENT in str(facts))
    }
