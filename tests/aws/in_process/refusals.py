"""What this AWS refuses wherever it is asked, in copies of the world too."""

from __future__ import annotations

from typing import Any

from .moto_gaps import Answered


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
