"""`events` on the embedded local AWS."""

from __future__ import annotations

import csv
import json
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.tools.local_deployment import WITHOUT_LIMIT, LocalDeployment, deployed
from wizard.commands.result_files import replaced
from wizard.errors import Interrupted

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("events")]


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    """With events of two clients."""
    for deployment in deployed(tmp_path_factory, *WITHOUT_LIMIT):
        web = deployment.run("token", "add", "--label", "web").stdout.strip()
        endpoint = deployment.endpoint()
        for number in range(3):
            event = {"event_name": "view", "user_id": f"u{number}", "properties": {"page": number}}
            assert endpoint.post(event, token=web).status == 200
        assert (
            endpoint.post(
                [{"event_name": "signup", "properties": {"plan": "free"}}, {"event_name": "x"}]
            ).status
            == 200
        )
        yield deployment


def listed(deployment: LocalDeployment, *arguments: str) -> list[dict[str, object]]:
    lines = deployment.run("events", "--json", *arguments).stdout.splitlines()
    documents = [json.loads(line) for line in lines]
    assert all(set(document) == {"event", "client", "object"} for document in documents)
    return [document["event"] for document in documents]


def test_the_newest_come_first_one_document_a_line(deployment: LocalDeployment) -> None:
    names = [event["event_name"] for event in listed(deployment)]

    assert names[:5] == ["x", "signup", "view", "view", "view"]
    assert set(names[5:]) == {"test_event"}, "by which setup has proved that events are stored"


def test_filters_say_which_and_the_limit_says_how_many(deployment: LocalDeployment) -> None:
    assert [event["user_id"] for event in listed(deployment, "--client", "web", "--limit", "2")] == [
        "u2",
        "u1",
    ]
    assert [event["event_name"] for event in listed(deployment, "--where", "properties.plan=free")] == [
        "signup"
    ]
    assert len(listed(deployment, "--name", "view", "--name", "x", "--since", "1h")) == 4
    assert listed(deployment, "--until", "1h") == []
    assert "Shown: the newest 1;" in deployment.run("events", "--limit", "1").stderr


def test_a_line_for_a_pipe_holds_all_that_the_event_says(deployment: LocalDeployment) -> None:
    lines = deployment.run("events", "--name", "view").stdout.splitlines()

    assert [line.split()[2:] for line in lines] == [
        ["view", f"u{number}", "[web]", '{"page":', f"{number}}}"] for number in (2, 1, 0)
    ]


def test_the_overview_and_the_chart_count_what_is_listed(deployment: LocalDeployment) -> None:
    overview = json.loads(deployment.run("events", "overview", "--json").stdout)
    chart = json.loads(deployment.run("events", "chart", "--json", "--by", "day", "--name", "view").stdout)

    assert overview["events"] == len(listed(deployment, "--limit", "0"))
    assert set(overview["clients"]) == {"web", "default"}
    counts = {name["name"]: name["count"] for name in overview["names"]}
    assert counts.pop("test_event") > 0, "by which setup has proved that events are stored"
    assert counts == {"view": 3, "signup": 1, "x": 1}
    assert sum(row["events"].get("view", 0) for row in chart["counts"]) == 3
    assert "By client: " in deployment.run("events", "overview").stdout
    assert " view 3 " in deployment.run("events", "chart").stdout


def test_an_export_is_read_back_by_others_and_holds_what_is_listed(deployment: LocalDeployment) -> None:
    events = list(reversed(listed(deployment, "--client", "web", "--limit", "0")))
    for form in ("jsonl", "csv", "parquet"):
        deployment.run("events", "export", f"web.{form}", "--client", "web")
    files = {form: deployment.folder / f"web.{form}" for form in ("jsonl", "csv", "parquet")}

    assert [json.loads(line) for line in files["jsonl"].read_text().splitlines()] == events
    with files["csv"].open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [json.loads(row["event"]) for row in rows] == events
    assert {row["client"] for row in rows} == {"web"}
    assert [row["user_id"] for row in rows if row["event_name"] == "view"] == ["u0", "u1", "u2"]
    columns = "event_id, event_name, user_id, CAST(properties AS VARCHAR)"
    found = duckdb.read_parquet(str(files["parquet"])).project(columns).fetchall()
    assert sorted(json.loads(row[3]).get("page", -1) for row in found if row[1] == "view") == [0, 1, 2]
    assert {row[0] for row in found} == {event["event_id"] for event in events}
    assert {oct(file.stat().st_mode)[-3:] for file in files.values()} == {"600"}


def test_a_report_shows_what_the_overview_says_in_one_file(deployment: LocalDeployment) -> None:
    overview = json.loads(deployment.run("events", "overview", "--json", "--client", "web").stdout)

    done = deployment.run("report", "--html", "web.html", "--client", "web", "--open")

    file = deployment.folder / "web.html"
    text = re.sub("<[^>]+>", " ", file.read_text("utf-8"))
    assert f"{overview['events']} events reported in web.html." in done.stderr
    assert "There is no desktop to open it on: file:///" in done.stderr
    assert f" events  {overview['events']} " in text
    assert "view" in text
    assert "signup" not in text, "which another client has sent"
    assert deployment.url in text
    assert "only of the client web" in text
    assert deployment.token not in text
    assert oct(file.stat().st_mode)[-3:] == "600"
    assert deployment.run("report", "--html", "-").stdout.startswith("<!doctype html>")


def test_an_export_writes_over_nothing_by_itself(deployment: LocalDeployment) -> None:
    file = deployment.folder / "kept.csv"
    file.write_text("mine")

    assert "exists already" in deployment.run("events", "export", "kept.csv", exit_code=2).stderr
    assert file.read_text() == "mine"
    deployment.run("events", "export", "kept.csv", "--overwrite")
    assert file.read_text().startswith("event_id,")


@pytest.mark.parametrize(
    ("file", "said"),
    [("x.xlsx", "is not clear"), ("nowhere/x.csv", "cannot be written"), ("-", "is not clear")],
)
def test_a_file_that_cannot_be_is_refused_in_words(deployment: LocalDeployment, file: str, said: str) -> None:
    assert said in deployment.run("events", "export", file, exit_code=2).stderr


def test_an_export_that_breaks_off_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("old")

    with pytest.raises(Interrupted), replaced(file, overwrite=True) as temporary:
        temporary.write_text("half")
        raise Interrupted

    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]
    assert file.read_text() == "old"


def test_a_person_is_erased_and_the_others_stay(deployment: LocalDeployment) -> None:
    endpoint, s3 = deployment.endpoint(), deployment.client("s3")
    s3.put_bucket_versioning(Bucket=deployment.bucket, VersioningConfiguration={"Status": "Enabled"})
    assert (
        endpoint.post(
            [{"event_name": "e", "user_id": "gone"}, {"event_name": "e", "user_id": "stays"}]
        ).status
        == 200
    )
    assert endpoint.post({"event_name": "e", "user_id": "gone"}).status == 200
    others = [event for event in listed(deployment, "--limit", "0") if event.get("user_id") != "gone"]

    looked = deployment.run("events", "erase", "--user", "gone", "--dry-run").stdout
    unasked = deployment.run("events", "erase", "--user", "gone", exit_code=2)
    assert "events erase --user gone --yes`" in " ".join(unasked.stderr.split()), (
        "or a script believes it done"
    )
    assert unasked.stdout == looked
    assert "No events" in deployment.run("events", "erase", "--user", "nobody", exit_code=2).stdout
    assert len(listed(deployment, "--where", "user_id=gone")) == 2, "so far nothing was changed"
    erased = deployment.run("events", "erase", "--user", "gone", "--yes").stdout

    assert "2 events in 2 objects (2 versions)" in looked
    assert "2 events in 2 objects (2 versions); SHA-256 of the user's id " in erased.splitlines()[-1]
    assert "gone" not in erased
    assert listed(deployment, "--limit", "0") == others
    for version in s3.list_object_versions(Bucket=deployment.bucket)["Versions"]:
        place = {"Bucket": deployment.bucket, "Key": version["Key"], "VersionId": version["VersionId"]}
        assert b'"gone"' not in s3.get_object(**place)["Body"].read()
    copies = deployment.folder / "cache" / "eventtrack-wizard" / "events"
    copy = copies / f"{deployment.state['pins']['id']}.{deployment.bucket}" / "of a killed run.parquet"
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text("gone")
    assert "No events of this user" in deployment.run("events", "erase", "--user", "gone", "--yes").stdout
    assert not copy.exists(), "nor does this machine keep anything of the person"
    s3.put_bucket_versioning(Bucket=deployment.bucket, VersioningConfiguration={"Status": "Suspended"})


def test_an_hour_is_compacted_after_it_was_agreed_to_and_reads_as_before(deployment: LocalDeployment) -> None:
    s3, hour = deployment.client("s3"), "events/year=2020/month=01/day=02/hour=03/"
    for number in range(3):
        body = json.dumps([{"event_name": "old", "n": number}]).encode()
        key = f"{hour}events_157793400000000000{number}_r.json"
        s3.put_object(Bucket=deployment.bucket, Key=key, Body=body, Metadata={"client-label": "web"})
    odd = f"{hour}events_1577934000000000009_r.json"
    s3.put_object(Bucket=deployment.bucket, Key=odd, Body=b"[7]")
    period = ("--since", "2020-01-02T03:00", "--until", "2020-01-02T04:00")
    before = listed(deployment, *period)

    refused = deployment.run("compact", *period, exit_code=2)
    looked = deployment.run("compact", *period, "--dry-run").stdout
    assert "compact --since 2020-01-02T03:00 --until 2020-01-02T04:00 --yes" in refused.stderr
    assert looked.startswith("4 objects (")
    assert listed(deployment, *period) == before, "so far nothing was changed"
    done = deployment.run("compact", *period, "--yes")

    assert "Done: 3 objects became 1; 3 events." in done.stdout
    assert f"left alone: s3://{deployment.bucket}/{odd}" in "".join(done.stderr.splitlines())
    assert "1 object holds something that is no event" in " ".join(done.stderr.split())
    named = [{key: event[key] for key in ("event_name", "n")} for event in listed(deployment, *period)]
    assert named == before
    assert len(listed(deployment, *period, "--client", "web")) == 3, "the objects' label is in the events now"
    left = [found["Key"] for found in s3.list_objects_v2(Bucket=deployment.bucket, Prefix=hour)["Contents"]]
    assert len(left) == 2
    for key in left:
        s3.delete_object(Bucket=deployment.bucket, Key=key)
    assert "Nothing to compact" in deployment.run("compact", *period, "--yes").stdout


def test_nothing_found_is_said_and_is_no_failure(deployment: LocalDeployment) -> None:
    done = deployment.run("events", "--name", "nobody-sends-this")

    assert done.stdout == ""
    assert done.stderr.strip() == "No stored event is like that."


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--since", "tomorrow"), "--since cannot be 'tomorrow'"),
        (("--where", "plan"), "--where cannot be 'plan'"),
        (("--since", "1h", "--until", "2h"), "The period is empty"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_before_anything_is_read(
    deployment: LocalDeployment, arguments: tuple[str, ...], said: str
) -> None:
    assert said in deployment.run("events", *arguments, exit_code=2).stderr


def test_a_tail_shows_the_last_ones_and_then_each_new_one_until_it_is_stopped(
    deployment: LocalDeployment,
) -> None:
    tail = deployment.start("events", "tail", "--limit", "1", "--json", "--name", "view", "--name", "late")
    assert tail.stdout is not None
    assert json.loads(tail.stdout.readline())["event"]["user_id"] == "u2"

    assert deployment.endpoint().post({"event_name": "late"}).status == 200
    answered = time.monotonic()

    assert json.loads(tail.stdout.readline())["event"]["event_name"] == "late"
    assert time.monotonic() - answered < 60, "as soon as it is stored, not at the end"
    tail.send_signal(signal.SIGINT)
    tail.communicate(60)
    assert tail.returncode == 0, "that is how a tail ends"


def test_what_was_refused_is_listed_and_summed_up_by_reason_and_client(deployment: LocalDeployment) -> None:
    endpoint = deployment.endpoint()
    assert endpoint.post({"event_name": "x"}, token="wrong").status == 401
    for number in range(2):
        assert endpoint.post([{"event_name": "x"}, *([7] * (number + 1))]).status == 400

    lines = deployment.run("logs", "--errors", "--json").stdout.splitlines()
    logged = [(entry["status"], entry["client"]) for entry in map(json.loads, lines)]
    groups = json.loads(deployment.run("events", "refused", "--json").stdout)
    screen = deployment.run("events", "refused").stdout

    assert logged[-3:] == [(401, ""), (400, "default"), (400, "default")]
    (invalid,) = [group for group in groups if group["reason"].startswith("N of N event(s) are invalid")]
    assert (invalid["count"], invalid["clients"]) == (2, {"default": 2})
    assert "400 N of N event(s) are invalid" in screen
    assert " ms, " in deployment.run("logs").stdout, "each run has a line of the runtime"


def test_the_log_is_followed_until_it_is_stopped(deployment: LocalDeployment) -> None:
    follow = deployment.start("logs", "--follow", "--errors", "--json", "--since", "1s")
    assert follow.stderr is not None
    assert "Ctrl-C" in follow.stderr.readline()

    assert deployment.endpoint().post("no event").status == 400

    assert follow.stdout is not None
    lines = iter(follow.stdout.readline, "")
    assert any("must be an event" in json.loads(line)["text"] for line in lines)
    follow.send_signal(signal.SIGINT)
    follow.communicate(60)
    assert follow.returncode == 0


def test_a_log_group_that_is_gone_is_explained(deployment: LocalDeployment) -> None:
    deployment.client("logs").delete_log_group(logGroupName="/aws/lambda/saas-event-tracking-processor")

    done = deployment.run("logs", "--json", exit_code=1)
    assert "There is no log group /aws/lambda/" in done.stderr
    (line,) = done.stdout.splitlines()
    assert "There is no log group" in json.loads(line)["what"], "a line, as all others are"
    page = deployment.run("report", "--html", "-").stdout
    assert "What was refused or failed is not known. There is no log group /aws/lambda/" in page
    assert "Nothing was refused" not in page


def test_a_bucket_that_is_gone_is_explained(deployment: LocalDeployment) -> None:
    s3, bucket = deployment.client("s3"), deployment.bucket
    found = s3.list_object_versions(Bucket=bucket)
    for version in (*found["Versions"], *found.get("DeleteMarkers", ())):
        s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    s3.delete_bucket(Bucket=bucket)

    done = deployment.run("events", exit_code=1)

    assert f"There is no bucket {bucket}, so there are no events." in done.stderr
