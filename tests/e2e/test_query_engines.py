"""`query` and `send-test --via-query` typed by an operator whose events Athena can read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from typer.testing import CliRunner, Result

from tests.aws.over_http import AwsDouble
from tests.aws.over_http.behaviours import AthenaReadsTheCatalog
from tests.tools.emulator import empty
from wizard.cli.app import app
from wizard.events import layout

# With those that need the same MiniStack.
pytestmark = [pytest.mark.local, pytest.mark.xdist_group("catalogue")]

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
BY_PATH = Config(s3={"addressing_style": "path"})
THEN = datetime.now(UTC) - timedelta(days=2)


class Shop:
    """A deployment with a query table, before the double of Athena."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.state_file = folder / "state.json"

    def run(self, *arguments: str, exit_code: int = 0) -> Result:
        """Type `eventtrack-wizard …`."""
        where = ("--state", str(self.state_file), "--endpoint-url", self.url)
        done = CliRunner().invoke(app, [*arguments, *where])
        assert done.exit_code == exit_code, done.output
        return done

    def client(self, service: str) -> Any:
        """As root."""
        make: Any = boto3.client
        return make(service, endpoint_url=self.url, region_name="us-east-1", config=BY_PATH)

    def put(self, moment: datetime, *events: dict[str, Any]) -> None:
        """An object as the handler would have stored it then."""
        bucket = json.loads(self.state_file.read_text())["settings"]["bucket_name"]
        body = "".join(f"{json.dumps(event, ensure_ascii=False)}\n" for event in events)
        key = f"{layout.first_key(moment, moment)}_r.jsonl"
        self.client("s3").put_object(Bucket=bucket, Key=key, Body=body.encode())


@pytest.fixture(scope="module")
def shop(emulator_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    empty(emulator_url)
    folder = tmp_path_factory.mktemp("shop")
    with (
        pytest.MonkeyPatch.context() as patched,
        AwsDouble(emulator_url, [AthenaReadsTheCatalog()]) as double,
    ):
        for name, value in {**KEYS, "XDG_CACHE_HOME": str(folder / "cache")}.items():
            patched.setenv(name, value)
        shop = Shop(double.url, folder)
        shop.run("setup", "--yes", "--query-table", "--event-format", "jsonl.gz")
        for moment in (THEN, THEN + timedelta(hours=1)):
            shop.put(moment, {"event_id": "1", "event_name": "signup", "properties": {"plan": "登録"}})
        yield shop


def test_the_same_sql_has_the_same_answer_and_what_athena_bills_is_said_beside_it(shop: Shop) -> None:
    sql = "SELECT event_id, event_name, user_id, properties, event FROM events WHERE event_id = '1'"

    asked = ("query", sql, "--format", "csv", "--since", "3d")
    here, there = (shop.run(*asked, "--engine", engine) for engine in ("duckdb", "athena"))

    rows, same = ([*csv.reader(io.StringIO(done.stdout))] for done in (here, there))
    assert [row[:3] for row in same] == [["event_id", "event_name", "user_id"], ["1", "signup", ""]]
    assert [row[:3] for row in rows] == [row[:3] for row in same]
    assert [json.loads(text) for text in rows[1][3:]] == [json.loads(text) for text in same[1][3:]]
    assert "USD, the least that AWS bills for a query (10 MB)." in there.stderr
    assert "USD" not in here.stderr


@pytest.mark.parametrize("engine", ["duckdb", "athena"])
def test_an_event_that_was_sent_is_found_by_a_query(shop: Shop, engine: str) -> None:
    done = shop.run("send-test", "--via-query", "--engine", engine, "--json", "--count", "2")

    document = json.loads(done.stdout)
    assert document["stored"] is True
    found = {key: document["query"][key] for key in ("engine", "events", "found_once")}
    assert found == {"engine": engine, "events": 2, "found_once": 2}


def test_an_event_that_is_stored_and_that_no_query_finds_ends_in_failure(shop: Shop) -> None:
    glue = shop.client("glue")
    (database,) = glue.get_databases()["DatabaseList"]
    table = glue.get_table(DatabaseName=database["Name"], Name="lines")["Table"]
    blind = {key: table[key] for key in ("Name", "TableType", "StorageDescriptor", "PartitionKeys")}
    first, _last = table["Parameters"]["projection.day.range"].split(",")
    parameters = {**table["Parameters"], "projection.day.range": f"{first},{first}"}
    glue.update_table(DatabaseName=database["Name"], TableInput={**blind, "Parameters": parameters})
    try:
        done = shop.run("send-test", "--via-query", "--engine", "athena", exit_code=1)
    finally:
        glue.update_table(
            DatabaseName=database["Name"], TableInput={**blind, "Parameters": table["Parameters"]}
        )

    assert "Stored in s3://" in done.stdout
    said = " ".join(done.stderr.split())
    assert "Athena does not find it by a query: 0 of 1 have exactly one row" in said
    assert f"status --state {shop.state_file}" in said
