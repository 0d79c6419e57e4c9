"""Who has followed the link in the mail of SNS, and who has unsubscribed by that in a later one.

To moto every address has confirmed at once. https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
"""

from __future__ import annotations

from typing import Any


class Mailboxes:
    """The addresses by what their owners did; nobody has done anything at first."""

    def __init__(self) -> None:
        self.confirmed: set[str] = set()
        self.unsubscribed: set[str] = set()

    def forget(self) -> None:
        """Nobody has done anything."""
        self.confirmed.clear()
        self.unsubscribed.clear()

    def answer_for(self, service: str, client: Any) -> None:
        """Let a client see what AWS would show of them, in answers that are known as well."""
        if service == "sns":
            client.meta.events.register("after-call.sns", self._after_call)

    def _after_call(self, model: Any, parsed: Any, context: Any, **_: object) -> None:
        if model.name == "Subscribe" and "SubscriptionArn" in parsed:
            asked = context["test_parameters"]["body"]
            self.unsubscribed.discard(asked["Endpoint"])
            if asked["Protocol"] == "email" and asked["Endpoint"] not in self.confirmed:
                parsed["SubscriptionArn"] = "pending confirmation"
        for item in parsed.get("Subscriptions", []):
            if item["Protocol"] == "email":
                item["SubscriptionArn"] = self._arn(item["Endpoint"], item["SubscriptionArn"])

    def _arn(self, address: str, arn: str) -> str:
        if address in self.unsubscribed:
            return "Deleted"
        return arn if address in self.confirmed else "PendingConfirmation"
