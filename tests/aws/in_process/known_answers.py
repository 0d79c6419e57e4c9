"""Answers to reads, kept: after the same changes moto says the same again, and most calls are reads."""

from __future__ import annotations

import hashlib
import os
import pickle
import threading
from collections import Counter
from typing import Any

from moto.moto_api._internal import mock_random

from tests.aws.names import is_changing

from .moto_gaps import Answered

Histories = dict[str, bytes]
"""A place to a digest of all changes there, in their order, since the account was empty.

A place is a service, or the objects in S3: their names differ at every run, those of buckets do not.
"""
PLACES = {"CreateBucket": ("s3", "s3 objects"), "DeleteBucket": ("s3", "s3 objects")}


class KnownAnswers:
    """Answers reads of one account that were answered before, after the same changes.

    The ids that moto draws are drawn from what was changed before, so that the same changes make the same.
    Where two changes are under way at a time nobody knows what moto drew for which: what follows has a
    history of its own. Objects are always fetched, their content is a stream.
    """

    def __init__(self) -> None:
        self._answers: dict[bytes, tuple[int, bytes]] = {}
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """The account is empty."""
        self.remember({})

    def memory(self) -> Histories:
        """All that `remember` needs."""
        return dict(self._histories)

    def remember(self, memory: Histories) -> None:
        """The account is as it was then."""
        self._histories = dict(memory)
        self._under_way: Counter[str] = Counter()

    def answer_for(self, client: Any) -> None:
        """Answer the reads of a client; to be called when all else that looks at its calls is in place."""
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register_last("before-call", self._before_call)
        # Before botocore decodes the policies of IAM's answers, which it does again when they are known.
        client.meta.events.register_first(f"after-call.{service}", self._after_call)

    def _before_call(self, model: Any, params: Any, context: Any, **_: object) -> Any:
        places, asked = _places(model), _digest(model.name, params)
        with self._lock:
            if is_changing(model.name):
                context["test_changing"] = places
                self._begin_change(places, asked)
                return None
            if model.has_streaming_output or self._under_way[places[0]]:
                return None
            key = _chained(self._histories.get(places[0], b""), asked)
            if key not in self._answers:
                context["test_unknown"] = key, places[0], self._histories.get(places[0])
                return None
            status, answer = self._answers[key]
        return Answered(status), pickle.loads(answer)  # noqa: S301  our own

    def _begin_change(self, places: tuple[str, ...], asked: bytes) -> None:
        for place in (*self._under_way, *places) if self._under_way else ():
            self._histories[place] = os.urandom(16)
        for place in places:
            self._histories[place] = _chained(self._histories.get(place, b""), asked)
        self._under_way.update(places)
        mock_random.seed(self._histories[places[0]])

    def _after_call(self, http_response: Any, parsed: Any, context: Any, **_: object) -> None:
        with self._lock:
            self._under_way -= Counter(context.pop("test_changing", ()))
            key, place, history = context.pop("test_unknown", (None, "", None))
            if key is not None and history == self._histories.get(place):
                kept = pickle.dumps(parsed, pickle.HIGHEST_PROTOCOL)
                self._answers[key] = http_response.status_code, kept


def _places(model: Any) -> tuple[str, ...]:
    if model.service_model.service_name == "s3" and "Object" in model.name:
        return ("s3 objects",)
    return PLACES.get(model.name, (model.service_model.service_name,))


def _digest(operation: str, params: Any) -> bytes:
    headers = sorted((name, value) for name, value in params["headers"].items() if name != "User-Agent")
    return repr((operation, params["method"], params["url"], headers, params["body"])).encode()


def _chained(before: bytes, asked: bytes) -> bytes:
    return hashlib.blake2b(asked, key=before, digest_size=16).digest()
