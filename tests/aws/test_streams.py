"""Streams over HTTP: the handler's own client against a Firehose that buffers."""

from __future__ import annotations

import gzip

import pytest
from configuration import Configuration
from streams import StreamError, Streams

from tests.aws.firehose import Quota
from tests.aws.lab import REGION, Clients, Lab, create_bucket, create_role
from tests.aws.names import EMULATOR_ACCOUNT_ID
from tests.aws.over_http import ManualClock
from tests.aws.over_http.behaviours import StreamsBuffer
from wizard.events import layout

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("aws_double")]


def create_stream(clients: Clients) -> None:
    create_bucket(clients)
    create_role(clients)
    clients.firehose.create_delivery_stream(
        DeliveryStreamName="one",
        ExtendedS3DestinationConfiguration={
            "RoleARN": f"arn:aws:iam::{EMULATOR_ACCOUNT_ID}:role/tracker",
            "BucketARN": "arn:aws:s3:::bucket-of-ours",
            "Prefix": layout.STREAM_PREFIX,
            "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
            "FileExtension": ".jsonl.gz",
            "CompressionFormat": "GZIP",
            "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 5},
        },
    )


def streams(url: str, name: str = "one") -> Streams:
    return Streams(
        Configuration(
            bucket="bucket-of-ours", streams=(name,), region=REGION, access_key="test", secret_key="test",
            firehose_endpoint=url,
        )
    )  # fmt: skip


def objects(lab: Lab) -> dict[str, bytes]:
    listed = lab.direct.s3.list_objects_v2(Bucket="bucket-of-ours").get("Contents", [])
    return {
        one["Key"]: lab.direct.s3.get_object(Bucket="bucket-of-ours", Key=one["Key"])["Body"].read()
        for one in listed
    }


def test_records_are_stored_together_and_gzipped_when_the_streams_time_has_passed(
    lab: Lab, clock: ManualClock
) -> None:
    clients = lab.through(StreamsBuffer(), clock=clock)
    create_stream(clients)
    handler = streams(clients.url)
    for line in (b'{"a":1}\n', b'{"a":2}\n'):
        handler.put(line, 60)
    clock.advance(59)
    clients.s3.list_buckets()
    assert objects(lab) == {}
    described = clients.firehose.describe_delivery_stream(DeliveryStreamName="one")
    (destination,) = described["DeliveryStreamDescription"]["Destinations"]
    assert destination["ExtendedS3DestinationDescription"]["FileExtension"] == ".jsonl.gz"
    clock.advance(1)
    clients.s3.list_buckets()
    handler.close()

    ((key, content),) = objects(lab).items()
    assert gzip.decompress(content) == b'{"a":1}\n{"a":2}\n'
    assert layout.is_of_stream(key)


def test_a_stream_refuses_above_its_quota_and_where_there_is_none(lab: Lab, clock: ManualClock) -> None:
    clients = lab.through(StreamsBuffer(Quota(1, 1000)), clock=clock)
    create_stream(clients)
    handler = streams(clients.url)
    handler.put(b"{}\n", 60)
    with pytest.raises(StreamError, match="500 ServiceUnavailableException"):
        handler.put(b"{}\n", 60)
    handler.close()

    missing = streams(clients.url, "gone")
    with pytest.raises(StreamError, match="400 ResourceNotFoundException"):
        missing.put(b"{}\n", 5)
    missing.close()


def test_deleting_a_stream_deletes_what_it_has_not_delivered_so_the_wizard_must_wait(
    lab: Lab, clock: ManualClock
) -> None:
    clients = lab.through(StreamsBuffer(), clock=clock)
    create_stream(clients)
    handler = streams(clients.url)
    handler.put(b"{}\n", 60)
    handler.close()
    clients.firehose.delete_delivery_stream(DeliveryStreamName="one")
    clock.advance(600)
    clients.s3.list_buckets()

    assert objects(lab) == {}


def test_a_stream_that_is_changed_loses_nothing_of_what_it_holds(lab: Lab, clock: ManualClock) -> None:
    clients = lab.through(StreamsBuffer(), clock=clock)
    create_stream(clients)
    handler = streams(clients.url)
    handler.put(b"1\n", 60)
    clients.firehose.update_destination(
        DeliveryStreamName="one",
        CurrentDeliveryStreamVersionId="1",
        DestinationId="destinationId-000000000001",
        ExtendedS3DestinationUpdate={"BufferingHints": {"IntervalInSeconds": 120, "SizeInMBs": 5}},
    )
    handler.put(b"2\n", 60)
    handler.close()
    clock.advance(119)
    clients.s3.list_buckets()
    assert objects(lab) == {}
    clock.advance(1)
    clients.s3.list_buckets()

    assert list(map(gzip.decompress, objects(lab).values())) == [b"1\n2\n"]
