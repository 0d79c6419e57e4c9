"""Buffered ingest under load and under mishaps: every acknowledged event is found by `query` exactly once,
and every answer says truly where the events were at that moment.

Streams that buffer, refuse and fall silent are those of a double, to which AWS's own variable leads the
deployed function; those that are deleted or forbidden are the local AWS's.
"""

from __future__ import annotations

import csv
import io
import json
import random
import threading
import uuid
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from tests.aws.clock import ManualClock
from tests.aws.firehose import MIB, Quota
from tests.aws.over_http import AwsDouble
from tests.aws.over_http.behaviours import StreamsBuffer
from tests.aws.over_http.behaviours.base import refusal
from tests.aws.over_http.calls import Call
from tests.aws.over_http.messages import Answer, ConnectionCutError
from tests.aws.over_http.world import World
from tests.tools.local_deployment import WITHOUT_LIMIT, LocalDeployment, deployed
from wizard.endpoint import client
from wizard.events import layout

pytestmark = [pytest.mark.local, pytest.mark.slow, pytest.mark.xdist_group("buffered load")]

CLIENTS = 50
EVENTS_A_CLIENT = 100
STREAMS = 3
# Requests on their way at once: each needs an instance of the function, and so few do not make a busy machine
# so slow that the function gives up a stream that would answer.
AT_A_TIME, FEW = 8, 4
BUFFER_SECONDS = 300
EXTENSION = ".jsonl.gz"
PUT_RECORD = "firehose.PutRecord"
# The function waits 2 s for a stream.
SILENT_SECONDS = 60.0
# What becomes of a request at the streams that it is handed to, one after the other; what its events are then
# promised; and how many copies of them there are in the end.
FATES = [
    (("taken",), "buffered", 1),
    (("refused", "taken"), "buffered", 1),
    (("refused", "refused"), "stored", 1),
    (("silent", "taken"), "buffered", 2),
    (("silent", "refused"), "stored", 2),
    (("silent", "silent"), "stored", 3),
]

Event = dict[str, Any]
Ids = tuple[str, ...]
Found = dict[str, list[tuple[str, ...]]]


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    buffered = ("--ingest", "buffered", "--event-format", "jsonl.gz", "--streams", str(STREAMS))
    yield from deployed(tmp_path_factory, *buffered, *WITHOUT_LIMIT)


class Load:
    """The requests of one test, and what was answered; its events have a name of their own."""

    def __init__(self, deployment: LocalDeployment, at_a_time: int) -> None:
        self.name = f"load {uuid.uuid4()}"
        self.answers: list[tuple[Ids, client.Answer]] = []
        self._deployment = deployment
        self._endpoint = deployment.endpoint(connections=at_a_time)
        self._free = threading.Semaphore(at_a_time)
        self._s3 = deployment.client("s3")

    def events(self, number: int, **more: object) -> list[Event]:
        return [{"event_id": str(uuid.uuid4()), "event_name": self.name, **more} for _ in range(number)]

    def post(self, events: list[Event], token: str | None = None) -> None:
        """What is said to be stored has to lie in the bucket by then."""
        with self._free:
            answer = self._endpoint.post(events, token=token)
        assert answer.status == 200, answer.text
        if answer.body["durability"] == "stored":
            listed = self._s3.list_objects_v2(Bucket=self._deployment.bucket, Prefix=layout.ROOT)
            names = [layout.request_id_of(entry["Key"]) for entry in listed["Contents"]]
            assert answer.request_id in names, "it was not stored when the client was told so"
        self.answers.append((ids_of(events), answer))

    def post_side_by_side(self, requests: list[list[Event]]) -> None:
        with ThreadPoolExecutor(len(requests)) as pool:
            list(pool.map(self.post, requests))

    def ids(self, durability: str = "") -> Counter[str]:
        """How often each event was acknowledged, or was promised to be buffered or stored."""
        return Counter(
            event
            for ids, answer in self.answers
            for event in ids
            if durability in ("", answer.body["durability"])
        )

    def found(self, *columns: str) -> Found:
        """What `query` finds of these events in each of its tables."""
        tables = ("events", "events_raw")
        selected = (
            f"SELECT '{table}', {', '.join(columns)} FROM {table} WHERE event_name = '{self.name}'"  # noqa: S608
            for table in tables
        )
        done = self._deployment.run("query", " UNION ALL ".join(selected), "--format", "csv")
        found: Found = {table: [] for table in tables}
        for place, *values in list(csv.reader(io.StringIO(done.stdout)))[1:]:
            found[place].append(tuple(values))
        return found


class Streams:
    """Firehose as the deployed function meets it: nothing is delivered before the test says so."""

    def __init__(self, double: AwsDouble, clock: ManualClock, buffer: StreamsBuffer) -> None:
        self.double = double
        self._clock = clock
        self._buffer = buffer

    def deliver(self) -> None:
        """Let the buffer's time pass."""
        self._clock.advance(BUFFER_SECONDS)
        self._buffer.deliver()

    @property
    def asked(self) -> list[Call]:
        """Every PutRecord."""
        return [call for call in self.double.calls if call.name == PUT_RECORD]

    @property
    def taken(self) -> Counter[str]:
        """How often each event was taken, whether the function heard of it or not."""
        return Counter(event for call in self.asked if call.executed for event in ids_of(record_of(call)))


@contextmanager
def streams_of(deployment: LocalDeployment, buffer: StreamsBuffer) -> Iterator[Streams]:
    """The function is pointed at a double, and back in the end."""
    clock = ManualClock()
    with AwsDouble(deployment.client("s3").meta.endpoint_url, [buffer], clock=clock) as double:
        lead_streams_to(deployment, double.url)
        try:
            yield Streams(double, clock, buffer)
        finally:
            lead_streams_to(deployment, None)


class Fated(StreamsBuffer):
    """What a record's events say of the streams that they are handed to, one after the other, comes true. A
    silent stream takes the record, and does not answer as long as the function waits."""

    def __init__(self) -> None:
        super().__init__(extension=EXTENSION)
        self.over = threading.Event()
        self._tries: Counter[Ids] = Counter()

    def before(self, call: Call, world: World) -> Answer | None:
        if call.name != PUT_RECORD:
            return super().before(call, world)
        events = record_of(call)
        fate = events[0]["properties"]["fates"][self._tries[ids_of(events)]]
        self._tries[ids_of(events)] += 1
        if fate == "refused":
            return refusal(call, 500, "ServiceUnavailableException", "Slow down.")
        answer = super().before(call, world)
        if fate == "silent":
            self.over.wait(SILENT_SECONDS)
            raise ConnectionCutError
        return answer


def lead_streams_to(deployment: LocalDeployment, url: str | None) -> None:
    """https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html"""
    functions, name = deployment.client("lambda"), deployment.state["settings"]["function_name"]
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    variables.pop("AWS_ENDPOINT_URL_FIREHOSE", None)
    if url:
        variables["AWS_ENDPOINT_URL_FIREHOSE"] = url
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


def record_of(call: Call) -> list[Event]:
    return [json.loads(line) for line in b64decode(call.parameters["Record"]["Data"]).splitlines()]


def ids_of(events: list[Event]) -> Ids:
    return tuple(event["event_id"] for event in events)


def assert_found_once(load: Load, found: Found, taken: Counter[str]) -> None:
    """Of the copies only those that were sent again, or stored although a stream had taken them unheard."""
    once = Counter(set(load.ids()))
    unheard = taken - load.ids("buffered")
    assert counted(found["events"]) == once, "every acknowledged event, exactly once"
    assert counted(found["events_raw"]) - once == load.ids() - once + unheard


def counted(rows: list[tuple[str, ...]]) -> Counter[str]:
    return Counter(row[0] for row in rows)


def test_of_5000_events_from_50_clients_each_is_found_once_and_raw_has_only_what_was_sent_again(
    deployment: LocalDeployment,
) -> None:
    tokens = {
        "default": deployment.token,
        "web": deployment.run("token", "add", "--label", "web").stdout.strip(),
    }
    labels: dict[str, str] = {}
    load = Load(deployment, AT_A_TIME)

    def run_client(seed: int) -> None:
        dice, label, left = random.Random(seed), ("default", "web")[seed % 2], EVENTS_A_CLIENT
        while left > 0:
            events = load.events(min(left, dice.randint(1, 25)), properties={"seed": seed})
            left -= len(events)
            labels.update(dict.fromkeys(ids_of(events), label))
            load.post(events, tokens[label])
            if dice.random() < 0.1:  # a client that has not seen the answer sends all of it again
                load.post(events, tokens[label])

    # Some buffers end by size, while others are on their way; the rest by time.
    with streams_of(deployment, StreamsBuffer(extension=EXTENSION, most=64 * 1024)) as streams:
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(run_client, range(CLIENTS)))
        streams.deliver()
        found = load.found("event_id", "client")
        taken = streams.taken

    objects = [name for name in deployment.object_names() if layout.is_of_stream(name)]
    assert STREAMS < len(objects) < len(load.answers) / 5
    assert len(labels) == CLIENTS * EVENTS_A_CLIENT
    assert len(load.ids()) == len(labels) < load.ids().total(), "some were sent again"
    assert_found_once(load, found, taken)
    assert {(event, client) for event, client in found["events"]} == set(labels.items())


def test_above_the_quota_of_every_stream_the_function_stores_the_rest_itself(
    deployment: LocalDeployment,
) -> None:
    load, each = Load(deployment, FEW), 8
    requests = [load.events(number % 4 + 1) for number in range(60)]
    # The double's time stands still, so no stream takes more than a second's part.
    with streams_of(deployment, StreamsBuffer(extension=EXTENSION, quota=Quota(each, MIB))) as streams:
        load.post_side_by_side(requests)
        before = load.found("event_id")
        streams.deliver()
        after = load.found("event_id")

    takers = Counter(call.parameters["DeliveryStreamName"] for call in streams.asked if call.executed)
    assert (len(takers), set(takers.values())) == (STREAMS, {each})
    assert load.ids("stored").total() > load.ids().total() / 3, "two streams refused"
    assert counted(before["events_raw"]) == load.ids("stored"), "what is only buffered is not there yet"
    assert_found_once(load, after, streams.taken)


def test_a_stream_that_refuses_or_gives_no_answer_costs_no_event_and_what_is_told_is_true(
    deployment: LocalDeployment,
) -> None:
    load = Load(deployment, len(FATES))
    requests = [
        (load.events(3, properties={"fates": fates}), durability, copies)
        for fates, durability, copies in FATES
    ]
    fated = Fated()
    with streams_of(deployment, fated) as streams:
        load.post_side_by_side([events for events, _durability, _copies in requests])
        fated.over.set()
        before = load.found("event_id")
        streams.deliver()
        after = load.found("event_id")

    told = {ids: answer.body["durability"] for ids, answer in load.answers}
    assert told == {ids_of(events): durability for events, durability, _copies in requests}
    assert counted(before["events"]) == load.ids("stored")
    assert_found_once(load, after, streams.taken)
    copies = {event: number for events, _durability, number in requests for event in ids_of(events)}
    assert counted(after["events_raw"]) == copies
    of_requests: dict[Ids, list[str]] = {}
    for call in streams.asked:
        of_requests.setdefault(ids_of(record_of(call)), []).append(call.parameters["DeliveryStreamName"])
    assert all(len(set(names)) == len(names) for names in of_requests.values()), "another stream each time"


def delete_streams(deployment: LocalDeployment) -> None:
    firehose = deployment.client("firehose")
    for name in firehose.list_delivery_streams()["DeliveryStreamNames"]:
        firehose.delete_delivery_stream(DeliveryStreamName=name)


def take_the_right(deployment: LocalDeployment) -> None:
    role = deployment.state["settings"]["role_name"]
    deployment.client("iam").delete_role_policy(RoleName=role, PolicyName="HandEventsToStreams")


@pytest.mark.parametrize("mishap", [delete_streams, take_the_right])
def test_when_all_streams_are_deleted_or_forbidden_meanwhile_the_function_stores_what_comes(
    deployment: LocalDeployment, mishap: Callable[[LocalDeployment], None]
) -> None:
    load, number = Load(deployment, FEW), 40

    def post(place: int) -> None:
        if place == number / 2:
            mishap(deployment)
        load.post(load.events(place % 4 + 1))

    with ThreadPoolExecutor(FEW) as pool:
        list(pool.map(post, range(number)))

    found = load.found("event_id")
    assert counted(found["events"]) == load.ids()
    assert load.ids("buffered") and load.ids("stored")
    deployment.run("setup", "--yes")
    load.post(load.events(1))
    assert load.answers[-1][1].body["durability"] == "buffered", "and that is mended"
