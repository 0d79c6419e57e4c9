"""What this AWS refuses wherever it is asked, in copies of the world too."""

from __future__ import annotations

from typing import Any

from tests.aws.errors import refusal_text
from tests.aws.names import ACCOUNT_ID

from .moto_gaps import Answered

CREATES = (
    "CreateBucket", "CreateRole", "CreateLogGroup", "CreateFunction", "CreateRestApi", "CreateTopic",
    "PutMetricAlarm", "CreateDeliveryStream", "CreateDatabase", "CreateWorkGroup",
)  # fmt: skip


class BucketTags:
    """Tags in CreateBucket: `refused_with` is the code of partitions and look-alikes that know none there."""

    refused_with: str | None = None

    def refuse(self, service: str, client: Any) -> None:
        """Let a client meet the refusal."""
        if service == "s3":
            client.meta.events.register_last("before-call", self._before_call)

    def _before_call(self, model: Any, params: Any, **_: object) -> tuple[Answered, Any] | None:
        if self.refused_with is None or model.name != "CreateBucket" or b"<Tag>" not in params["body"]:
            return None
        error = {"Code": self.refused_with, "Message": "The request contained an unsupported argument."}
        return Answered(400), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}


class Organization:
    """Its service control policy denies every create call that lacks the tag `demanded_tag`."""

    demanded_tag: str | None = None

    def refuse(self, client: Any) -> None:
        """Let a client meet the refusal."""
        client.meta.events.register_last("before-call", self._before_call)

    def _before_call(self, model: Any, params: Any, **_: object) -> tuple[Answered, Any] | None:
        if self.demanded_tag is None or model.name not in CREATES:
            return None
        if self.demanded_tag in repr(params["body"]):
            return None
        action = f"{model.service_model.endpoint_prefix}:{model.name}"
        text = refusal_text(f"arn:aws:iam::{ACCOUNT_ID}:user/operator", action, "*", "service control policy")
        error = {"Code": "AccessDenied", "Message": text}
        return Answered(403), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 403}}
