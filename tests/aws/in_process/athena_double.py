"""Athena in this process: calls of boto3 about queries, answered by `tests.aws.athena`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.aws.athena import Athena, RefusedError
from tests.aws.athena_database import Place

from .moto_gaps import Answered


@dataclass
class Shelf:
    """A place to query in that a test fills by hand."""

    workgroups: dict[str, dict[str, Any]] = field(default_factory=dict)
    catalog: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    stored: dict[str, bytes] = field(default_factory=dict)

    def workgroup(self, name: str) -> Mapping[str, Any] | None:
        return self.workgroups.get(name)

    def tables(self, database: str) -> Sequence[Mapping[str, Any]]:
        return self.catalog.get(database, [])

    def objects(self, bucket: str, prefix: str) -> Iterator[tuple[str, bytes]]:
        return (item for item in self.stored.items() if item[0].startswith(prefix))


class AthenaDouble:
    """Answers calls; `calls` are the operations, and `parameters` what they were asked with."""

    def __init__(self, place: Place) -> None:
        self.athena = Athena()
        self.calls: list[str] = []
        self.parameters: list[dict[str, Any]] = []
        self._place = place

    def before_call(self, model: Any, params: Any, **_: object) -> tuple[Answered, Any]:
        """A handler of botocore's `before-call`: the answer as boto3 gives it."""
        asked = json.loads(params["body"])
        self.calls.append(model.name)
        self.parameters.append(asked)
        try:
            answer = self.athena.answer(model.name, asked, self._place)
        except RefusedError as refused:
            error = {"Code": refused.code, "Message": refused.message}
            meta = {"HTTPStatusCode": refused.status}
            return Answered(refused.status), {"Error": error, "ResponseMetadata": meta, **refused.more}
        assert answer is not None, f"{model.name} is not about queries"
        return Answered(), {**answer, "ResponseMetadata": {"HTTPStatusCode": 200}}
