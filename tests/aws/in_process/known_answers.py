"""Moto's answers, kept: after the same changes it says the same again, and most calls were made before.

A change that is known is answered from memory as well, and put off: moto makes up for it when it is asked
something that is not known. Most commands end without that: a deployment that is set up a hundred times from
the same beginning is made once, and its files, messages and calls are the same each time.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any

from moto.moto_api._internal import mock_random

from tests.aws.names import is_changing

from . import objects
from .moto_gaps import Answered

Histories = dict[str, bytes]
"""A place to a digest of all changes there, in their order, since the account was empty.

A place is a service, or the objects in S3: their names differ at every run, those of buckets do not.
"""
READ_BY_HAND = frozenset(("GetBucketLocation",))
"""Operations of which botocore reads the answer itself, as it came on the wire."""
OF_ALL_PLACES = frozenset(("resourcegroupstaggingapi",))
"""Services that tell what was changed in others."""
OBJECTS = "s3 objects"
PLACES = {"CreateBucket": ("s3", OBJECTS), "DeleteBucket": ("s3", OBJECTS)}
AT_ONCE = frozenset(("s3", OBJECTS))
"""Places where no change is put off: clients store objects in the buckets all the time."""
LOOKS_AT = {"CreateFunction": "iam"}
"""Operations whose answer hangs on what stands in another service: moto looks for the function's role."""
LONGEST_CALL = 60.0
"""Seconds; no call takes as long, so whoever waits longer waits for a call that never ended."""


@dataclass(frozen=True)
class Change:
    """One that was answered from memory: `client` has none, and `history` is that of its place after it."""

    client: Any
    model: Any
    params: Any
    history: bytes

    def make(self) -> None:
        """Let moto do it."""
        mock_random.seed(self.history)
        events, context = self.client.meta.events, dict[str, Any]()
        name = f"{self.model.service_model.service_id.hyphenize()}.{self.model.name}"
        _handler, answer = events.emit_until_response(
            f"before-call.{name}", model=self.model, params=self.params, context=context,
            request_signer=self.client._request_signer,
        )  # fmt: skip
        http, parsed = answer or self.client._endpoint.make_request(self.model, self.params)
        events.emit(
            f"after-call.{name}", http_response=http, parsed=parsed, model=self.model, context=context
        )


class KnownAnswers:
    """Answers calls to one account that were made before, after the same changes.

    The ids that moto draws are drawn from what was changed before, so that the same changes make the same.
    Moto is asked by one thread at a time. Where a change is made within a change nobody knows what moto drew
    for which: what follows has a history of its own. Objects are always fetched, their content is a stream;
    `objects` makes that short.
    """

    def __init__(self) -> None:
        self._answers: dict[bytes, tuple[int, bytes]] = {}
        self._put_off: list[Change] = []
        self._asking = threading.RLock()
        self._asker: int | None = None
        self.is_open = False
        """Whether moto listens; else clients ask somebody else, and nothing must be sent to AWS itself."""
        self.forget()

    def forget(self) -> None:
        """The account is empty."""
        self.remember({})

    def memory(self) -> Histories:
        """All that `remember` needs; what was put off stands in moto from now on."""
        with self._asking:
            self._make_up()
            return dict(self._histories)

    def histories(self) -> tuple[tuple[str, bytes], ...]:
        """The histories of all places but the objects: where they are the same, so is what stands there."""
        with self._asking:
            return tuple(sorted(item for item in self._histories.items() if item[0] != OBJECTS))

    def remember(self, memory: Histories) -> None:
        """The account is as it was then."""
        self._histories = dict(memory)
        self._put_off.clear()
        self._under_way: Counter[str] = Counter()

    def make_up(self, **_: object) -> None:
        """A handler of botocore's `before-send`: a client that is none of ours asks moto, in which everything
        shall stand by then."""
        if self.is_open and self._put_off and self._asker != threading.get_ident():
            with self._asking:
                self._make_up()

    def answer_for(self, client: Any, without_memory: Any) -> None:
        """Answer the calls of a client; to be called when all is in place that looks at its calls or refuses
        some, and before `complete_moto`, which works on what stands in moto.

        Args:
            without_memory: another client of the same service and region, which moto always answers.
        """
        service = client.meta.service_model.service_id.hyphenize()

        def before_call(model: Any, params: Any, context: Any, **_: object) -> Any:
            return self._before_call(without_memory, model, params, context)

        client.meta.events.register_last("before-call", before_call)
        # Before botocore decodes the policies of IAM's answers, which it does again when they are known.
        client.meta.events.register_first(f"after-call.{service}", self._after_call)
        client.meta.events.register(f"after-call-error.{service}", self._after_error)

    def _before_call(self, client: Any, model: Any, params: Any, context: Any) -> Any:
        if not self._asking.acquire(timeout=LONGEST_CALL):
            raise RuntimeError(f"{model.name}: a call before it has never ended")
        try:
            answer = self._known(client, model, params, context)
        except BaseException:
            self._asking.release()
            raise
        if answer is None:
            context["test_asking"] = True  # until moto has answered
            self._asker = threading.get_ident()
        else:
            self._asking.release()
        return answer

    def _known(self, client: Any, model: Any, params: Any, context: Any) -> Any:
        """The answer from memory; None: moto is to be asked, and knows of all that was changed before."""
        places, asked, changing = _places(model), _digest(model.name, params), is_changing(model.name)
        place = places[0]
        asked += self._histories.get(LOOKS_AT.get(model.name, ""), b"")
        key = _chained(self._histories.get(place, b""), asked)
        under_way = bool(self._under_way) if changing else bool(self._under_way[place])
        if not under_way and key in self._answers:
            if changing:
                self._histories[place] = key
                self._put_off.append(Change(client, model, params, key))
            context["test_known"] = True
            status, answer = self._answers[key]
            return Answered(status), pickle.loads(answer)  # noqa: S301  our own
        if place not in AT_ONCE:
            self._make_up()
        if changing:
            self._begin_change(places, asked)
            context["test_changing"] = places
        if place == OBJECTS and (straight := objects.answered(model.name, params)):
            self._under_way -= Counter(context.pop("test_changing", ()))
            context["test_known"] = True
            return straight
        if not (under_way or place in OF_ALL_PLACES or _is_read_by_hand(model)):
            context["test_unknown"] = key, place, self._histories.get(place)
        return None

    def _make_up(self) -> None:
        changes, self._put_off = self._put_off, []
        for change in changes:
            change.make()

    def _begin_change(self, places: tuple[str, ...], asked: bytes) -> None:
        for place in (*self._under_way, *places) if self._under_way else ():
            self._histories[place] = os.urandom(16)
        for place in places:
            self._histories[place] = _chained(self._histories.get(place, b""), asked)
        self._under_way.update(places)
        mock_random.seed(self._histories[places[0]])

    def _after_call(self, http_response: Any, parsed: Any, context: Any, **_: object) -> None:
        if not context.pop("test_asking", False):
            return
        changed = context.pop("test_changing", ())
        key, place, history = context.pop("test_unknown", (None, "", None))
        self._under_way -= Counter(changed)
        at_once = not AT_ONCE.isdisjoint(changed)
        if key is not None and history == self._histories.get(place) and not at_once:
            kept = pickle.dumps(parsed, pickle.HIGHEST_PROTOCOL)
            self._answers[key] = http_response.status_code, kept
        self._answered()

    def _after_error(self, context: Any, **_: object) -> None:
        """Moto fell over it: a change that may be half made stays under way."""
        if context.pop("test_asking", False):
            self._answered()

    def _answered(self) -> None:
        self._asker = None
        self._asking.release()


def _is_read_by_hand(model: Any) -> bool:
    return model.has_streaming_output or model.name in READ_BY_HAND


def _places(model: Any) -> tuple[str, ...]:
    if model.service_model.service_name == "s3" and "Object" in model.name:
        return (OBJECTS,)
    return PLACES.get(model.name, (model.service_model.service_name,))


def _digest(operation: str, params: Any) -> bytes:
    headers = sorted((name, value) for name, value in params["headers"].items() if name != "User-Agent")
    return repr((operation, params["method"], params["url"], headers, params["body"])).encode()


def _chained(before: bytes, asked: bytes) -> bytes:
    return hashlib.blake2b(asked, key=before, digest_size=16).digest()
