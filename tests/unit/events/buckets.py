"""A bucket in memory, for what only lists and reads."""

from __future__ import annotations

import gzip
import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime

from wizard.aws.objects import Listed, StoredObject
from wizard.events import layout


class Bucket:
    """A bucket as S3 lists it: in the order of the names. `asked` are the prefixes of all listings."""

    def __init__(self) -> None:
        self.contents: dict[str, StoredObject] = {}
        self.asked: list[str] = []
        self.fetched: list[str] = []

    def put(self, moment: datetime, *names: str, label: str = "default", request: str = "r") -> str:
        key = f"{layout.first_key(moment, moment)}_{request}.json"
        content = json.dumps([{"event_name": name} for name in names]).encode()
        self.contents[key] = StoredObject(key, content, label)
        return key

    def put_of_stream(self, *events: tuple[datetime, str, str], stream: str = "one") -> str:
        """What Firehose stores of events that came at these moments, with these names and labels."""
        begun = events[0][0]
        name = f"events_{stream}-1-{begun:%Y-%m-%d-%H-%M-%S}-{uuid.uuid4()}.jsonl.gz"
        key = f"{layout.hour_prefix(begun)}{name}"
        lines = [
            json.dumps({"event_name": name, "received_at": moment.isoformat(), "client_label": label})
            for moment, name, label in events
        ]
        content = gzip.compress("".join(f"{line}\n" for line in lines).encode())
        self.contents[key] = StoredObject(key, content)
        return key

    def folders(self, prefix: str) -> list[str]:
        self.asked.append(prefix)
        rests = (key[len(prefix) :] for key in sorted(self.contents) if key.startswith(prefix))
        return list(dict.fromkeys(f"{prefix}{rest.partition('/')[0]}/" for rest in rests if "/" in rest))

    def listed(self, prefix: str, start_after: str = "") -> Iterator[Listed]:
        self.asked.append(prefix)
        for key in sorted(self.contents):
            if key.startswith(prefix) and key > start_after:
                content = self.contents[key].content
                yield Listed(key, hashlib.sha256(content).hexdigest(), len(content))

    def keys(self, prefix: str, start_after: str = "") -> Iterator[str]:
        return (found.key for found in self.listed(prefix, start_after))

    def objects(self, keys: Iterable[str]) -> Iterator[StoredObject]:
        for key in keys:
            self.fetched.append(key)
            if key in self.contents:
                yield self.contents[key]
