"""Buffered ingest on the local AWS: switched on, used, found, switched off; nothing is lost on either way.
The query table comes and goes beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.tools.local_deployment import LocalDeployment, deployed

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("buffered")]

QUERIES = "saas_event_tracking_events"
STREAM = "saas-event-tracking.1"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    yield from deployed(
        tmp_path_factory, "--ingest", "buffered", "--event-format", "jsonl.gz", "--query-table"
    )


def found(deployment: LocalDeployment) -> list[str]:
    lines = deployment.run("events", "--json").stdout.splitlines()
    return sorted(json.loads(line)["event"].get("event_name", "") for line in lines)


def test_what_a_stream_takes_is_found_and_what_none_takes_is_stored_all_the_same(
    deployment: LocalDeployment,
) -> None:
    endpoint = deployment.endpoint()
    assert endpoint.post({"event_name": "buffered"}).body["durability"] == "buffered"
    sent = json.loads(deployment.run("send-test", "--via-query", "--json").stdout)
    assert sent["stored"] is True, "it is looked for until it is there"
    assert sent["query"]["found_once"] == 1
    assert f"events_{STREAM}-" in sent["requests"][0]["object"]

    settings = deployment.state["settings"]
    deployment.client("iam").delete_role_policy(
        RoleName=settings["role_name"], PolicyName="HandEventsToStreams"
    )
    assert endpoint.post({"event_name": "refused by streams"}).body["durability"] == "stored"
    deployment.run("setup", "--yes")
    assert endpoint.post({"event_name": "buffered again"}).body["durability"] == "buffered"

    assert deployment.client("glue").get_table(DatabaseName=QUERIES, Name="events")
    deployment.run("setup", "--yes", "--ingest", "direct", "--no-query-table")
    assert deployment.client("glue").get_databases()["DatabaseList"] == []
    assert "durability" not in endpoint.post({"event_name": "direct"}).body
    assert deployment.client("firehose").list_delivery_streams()["DeliveryStreamNames"] == []
    names = found(deployment)
    assert {"buffered", "refused by streams", "buffered again", "direct"} <= set(names)
    assert json.loads(deployment.run("status", "--json").stdout)["healthy"] is True
