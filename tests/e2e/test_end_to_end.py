"""The main job as a new user runs it: real processes, the embedded local AWS, an empty folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.aws.over_http import AwsDouble
from tests.aws.over_http.faults import refused_forever
from tests.tools import commands, endpoint_contract

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("end-to-end")]


@dataclass
class User:
    """Somebody in an empty folder, with a local AWS of their own."""

    folder: Path
    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Type `eventtrack-wizard …`."""
        return commands.run([*arguments], self.folder, {**self._clean_environment(), **environment}, 120)

    def start(self, *arguments: str) -> commands.Command:
        """The same without waiting."""
        return commands.start([*arguments], self.folder, self._clean_environment())

    def _clean_environment(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "EVENTTRACK"))
        }
        return {
            **kept,
            "EVENTTRACK_LOCAL_HOME": str(self.home),
            "HOME": str(self.folder),
            "AWS_EC2_METADATA_DISABLED": "true",
            **self.environment,
        }

    @property
    def state(self) -> dict[str, Any]:
        """What the state file says."""
        document: dict[str, Any] = json.loads((self.folder / "eventtrack-state.json").read_text())
        return document

    @property
    def url(self) -> str:
        """The local AWS."""
        return json.loads(self.run("local", "status", "--json").stdout)["url"]  # type: ignore[no-any-return]

    def root(self, service: str) -> Any:
        """A client of the local AWS as root."""
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One local AWS for this module."""
    path = tmp_path_factory.mktemp("home") / "local-aws"
    yield path
    User(path.parent, path).run("local", "stop")


@pytest.fixture
def user(tmp_path: Path, home: Path) -> User:
    """A user in an empty folder, before an empty local AWS."""
    somebody = User(tmp_path, home)
    assert somebody.run("local", "reset", "--yes").returncode == 0
    return somebody


@pytest.fixture
def deployed(user: User) -> User:
    """A user who has run the first line."""
    done = user.run("setup", "--local", "--yes")
    assert done.returncode == 0, done.stderr
    return user


def post(url: str, body: bytes, token: str | None) -> tuple[int, dict[str, Any]]:
    """A plain client."""
    headers = {"Content-Type": "application/json", **({"X-Auth-Token": token} if token else {})}
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_setup_ends_with_an_endpoint_that_stores_and_refuses_because_a_green_table_alone_proves_nothing(
    user: User,
) -> None:
    done = user.run("setup", "--local", "--yes")

    assert done.returncode == 0, done.stderr
    assert all(f"[{number}/9]" in done.stderr for number in range(1, 10))
    endpoint = next(line.split()[1] for line in done.stdout.splitlines() if line.startswith("Endpoint: "))
    token = (user.folder / "eventtrack-state.token").read_text().strip()
    assert token not in done.stdout + done.stderr, "nobody looks at this but a log"
    assert "Token: in eventtrack-state.token" in done.stdout

    endpoint_contract.prove(endpoint, token)

    bucket = user.state["settings"]["bucket_name"]
    s3 = user.root("s3")
    stored = [
        event
        for found in s3.list_objects_v2(Bucket=bucket)["Contents"]
        for event in json.loads(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())
    ]
    ids = [event["event_id"] for event in stored]
    assert [ids.count(event) for event in endpoint_contract.STORED] == [1] * len(endpoint_contract.STORED)


def test_no_file_of_a_deployment_is_readable_by_others_or_holds_the_token(deployed: User) -> None:
    token = (deployed.folder / "eventtrack-state.token").read_text().strip()
    ours = list(deployed.folder.glob("eventtrack-state*"))
    for path in [*ours, *(inside for one in ours for inside in one.rglob("*"))]:
        assert path.stat().st_mode & 0o077 == 0, path
        if path.is_file() and path.suffix != ".token":
            assert token.encode() not in path.read_bytes()


def test_a_run_that_a_program_reads_is_json_lines_alone_that_end_with_the_result_and_hold_no_token(
    user: User,
) -> None:
    runs = (
        ("setup", "--local", "--yes", "--json", "--dry-run"),
        ("setup", "--local", "--yes", "--json"),
        ("setup", "--yes", "--json"),
        ("rollback", "--yes", "--json"),
    )
    tokens = []
    for arguments in runs:
        done = user.run(*arguments)
        lines = [json.loads(line) for line in done.stdout.splitlines()]

        assert (lines[0]["type"], lines[-1]["type"]) == ("plan", "result")
        assert lines[-1]["exit_code"] == done.returncode == 0
        token = user.folder / "eventtrack-state.token"
        tokens += [token.read_text().strip()] if token.exists() else []
        assert not any(token in done.stdout for token in tokens)
        if arguments == runs[1]:
            assert lines[-1]["endpoint"] == user.state["checks"]["deploy.endpoint"]["url"]
            assert lines[-1]["changes"] == sum(
                line["type"] == "change_done" and line["change"] != "check" for line in lines
            )
            assert len(lines[-1]["verified"]) == 2


@pytest.mark.parametrize("command", ["setup --local", "rollback"])
def test_a_run_that_a_program_reads_asks_nothing_and_says_so_as_its_last_line(
    user: User, command: str
) -> None:
    done = user.run(*command.split(), "--json")

    (line,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, line["type"], line["exit_code"]) == (2, "error", 2)
    assert line["why"] == "With --json nothing is asked."
    assert "--yes --json" in line["next_step"]


def test_a_run_whose_reader_has_gone_goes_on_to_its_end_because_half_a_deployment_helps_nobody(
    user: User,
) -> None:
    process = user.start("setup", "--local", "--yes", "--json")
    assert json.loads(process.stdout.readline())["type"] == "plan"
    process.stdout.close()

    assert process.wait(120) == 0, process.stderr.read()
    process.stderr.close()
    assert user.state["stage"] == "deployed"


def test_a_setup_that_fails_midway_tells_the_phase_and_ends_with_the_error_as_its_last_line(
    user: User,
) -> None:
    user.run("local", "start")
    with AwsDouble(user.url, faults=[refused_forever(operation="iam.PutRolePolicy")]) as double:
        done = user.run(
            *("setup", "--yes", "--json", "--endpoint-url", double.url, "--region", "us-east-1"),
            AWS_ACCESS_KEY_ID="test",
            AWS_SECRET_ACCESS_KEY="test",
        )

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert (lines[0]["type"], lines[-1]["type"]) == ("plan", "error")
    assert lines[-1]["exit_code"] == done.returncode == 1
    failures = [line for line in lines if line["type"] == "phase_failed"]
    assert {line["phase"] for line in failures} >= {"iam"}
    assert all("eventtrack-wizard policy" in line["error"]["next_step"] for line in failures)


def test_status_names_what_stands_and_where_because_scripts_need_the_names(deployed: User) -> None:
    document = json.loads(deployed.run("status", "--json").stdout)

    names = {row["key"]: row["name"] for row in document["resources"]}
    saved = deployed.state["settings"]
    assert names == {
        "bucket": saved["bucket_name"],
        "role": saved["role_name"],
        "log_group": f"/aws/lambda/{saved['function_name']}",
        "function": saved["function_name"],
        "api": saved["api_name"],
    }
    assert document["traffic"]["p50_ms"] > 0, "the test of the function is counted"
    assert document["traffic"]["error"] is None
    offline = json.loads(deployed.run("status", "--json", "--offline").stdout)
    assert offline["resources"] == document["resources"]
    shown = deployed.run("status").stdout
    assert shown.startswith("saas-event-tracking: deployed, in account 000000000000, region us-east-1\n")
    assert all(name in shown for name in names.values())


def test_a_local_aws_that_is_stopped_stays_so_although_somebody_watches(deployed: User) -> None:
    watching = deployed.start("status", "--watch", "--every", "2", "--json")
    assert json.loads(watching.stdout.readline())["healthy"] is True
    deployed.run("local", "stop")
    # One that was under way may still be healthy, or tell how the connection broke.
    looks = islice(watching.stdout, 30)
    assert any("The embedded local AWS does not run." in look for look in looks)
    assert deployed.run("local", "status").returncode == 3
    watching.send_signal(signal.SIGINT)
    watching.communicate(60)
    started = deployed.run("status")
    assert (started.returncode, "Starting the local AWS" in started.stderr) == (0, True)


def test_watching_shows_one_look_after_another_until_ctrl_c_which_is_how_it_ends(deployed: User) -> None:
    watching = deployed.start("status", "--watch", "--every", "2", "--json")
    looks = [json.loads(watching.stdout.readline()) for _ in range(2)]
    watching.send_signal(signal.SIGINT)
    rest = watching.communicate(60)

    assert (watching.wait(), rest) == (0, ("", ""))
    assert [look["healthy"] for look in looks] == [True, True]
    assert looks[0]["at"] < looks[1]["at"]


def test_a_second_setup_changes_nothing_at_all_in_aws(user: User) -> None:
    user.run("local", "start")
    with AwsDouble(user.url) as double:
        arguments = ("setup", "--yes", "--endpoint-url", double.url, "--region", "us-east-1")
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        first = user.run(*arguments, **keys)
        assert first.returncode == 0, first.stderr
        before, calls = user.state, len(double.calls)
        again = user.run(*arguments, **keys)

        assert again.returncode == 0, again.stderr
        assert "nothing to do" in again.stderr
        assert [call.name for call in double.calls[calls:] if call.changing] == []
        assert len(double.calls) > calls
    assert user.state == before


def test_status_names_a_policy_that_was_deleted_behind_its_back_and_setup_repairs_just_that(
    deployed: User,
) -> None:
    healthy = deployed.run("status", "--json")
    document = json.loads(healthy.stdout)
    assert healthy.returncode == 0
    assert [phase["status"] for phase in document["phases"]] == ["done"] * 9
    notes = [note for phase in document["phases"] for note in phase["notes"]]
    assert notes == ["no bucket policy that demands TLS: this endpoint speaks plain HTTP"]

    role = deployed.state["settings"]["role_name"]
    deployed.root("iam").delete_role_policy(RoleName=role, PolicyName="LambdaS3EventTracking")
    drifted = deployed.run("status")
    assert drifted.returncode == 3
    assert "LambdaS3EventTracking" in drifted.stdout

    repaired = deployed.run("setup", "--local", "--yes")
    assert repaired.returncode == 0, repaired.stderr
    changes = [line for line in repaired.stderr.splitlines() if ": create " in line or ": update " in line]
    assert len(changes) == 1
    assert "LambdaS3EventTracking" in changes[0]
    assert deployed.run("status").returncode == 0


@pytest.mark.parametrize("phase", ["lambda", "api"])
def test_a_setup_that_was_killed_is_finished_by_the_next_one_with_nothing_twice(
    user: User, phase: str
) -> None:
    killed = user.start("setup", "--local", "--yes")
    _wait_for_first_record_after(user, phase, killed)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()

    again = user.run("setup", "--local", "--yes")

    assert again.returncode == 0, again.stderr
    assert len(user.root("apigateway").get_rest_apis()["items"]) == 1
    assert len(user.root("s3").list_buckets()["Buckets"]) == 1
    assert len(user.root("lambda").list_functions()["Functions"]) == 1
    assert user.run("status").returncode == 0


def _wait_for_first_record_after(user: User, phase: str, setup: commands.Command) -> None:
    """Until the state file shows that the phase before `phase` is done."""
    order = ["bucket", "lambda", "iam", "env vars", "settings", "test", "api", "cors", "deploy"]
    before = order[order.index(phase) - 1]
    deadline, ended = time.monotonic() + 60, False
    while time.monotonic() < deadline and not ended:
        ended = setup.poll() is not None  # asked before the last look: what it wrote until then counts
        try:
            if before in user.state["phases"]:
                return
        except (OSError, ValueError):
            pass
        time.sleep(0.02)
    pytest.fail(f"{before} was never done, and setup {'has ended' if ended else 'still runs'}")


def foreign_things(user: User) -> None:
    """What somebody else has in the same account."""
    user.root("s3").create_bucket(Bucket="somebody-elses-bucket")
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    user.root("iam").create_role(RoleName="somebody-elses-role", AssumeRolePolicyDocument=json.dumps(trust))
    user.root("apigateway").create_rest_api(name="saas-event-tracking-api")


def standing(user: User) -> dict[str, list[str]]:
    """Everything in the account."""
    return {
        "buckets": [bucket["Name"] for bucket in user.root("s3").list_buckets()["Buckets"]],
        "roles": [role["RoleName"] for role in user.root("iam").list_roles()["Roles"]],
        "users": [found["UserName"] for found in user.root("iam").list_users()["Users"]],
        "functions": [item["FunctionName"] for item in user.root("lambda").list_functions()["Functions"]],
        "apis": [api["name"] for api in user.root("apigateway").get_rest_apis()["items"]],
        "logs": [group["logGroupName"] for group in user.root("logs").describe_log_groups()["logGroups"]],
    }


def test_rollback_leaves_nothing_of_ours_and_everything_of_others(user: User) -> None:
    user.run("local", "start")
    foreign_things(user)
    before = standing(user)
    assert user.run("setup", "--local", "--yes").returncode == 0
    assert standing(user) != before

    done = user.run("rollback", "--yes")

    assert done.returncode == 0, done.stderr
    assert standing(user) == before
    assert user.state["stage"] == "rolled back"
    assert not (user.folder / "eventtrack-state.token").exists()
    again = user.run("rollback", "--yes")
    assert again.returncode == 0, "again is fine"
    assert (again.stdout, again.stderr) == ("Nothing of this deployment is left.\n", "")


def send_event(user: User) -> None:
    """A client's."""
    url = user.state["checks"]["deploy.endpoint"]["url"]
    token = (user.folder / "eventtrack-state.token").read_text().strip()
    assert post(url, b'{"event_name": "signup"}', token)[0] == 200


def test_a_try_out_leaves_nothing_because_send_tests_own_events_are_nobodys(deployed: User) -> None:
    sent = deployed.run("send-test", "--json")
    assert json.loads(sent.stdout)["stored"] is True
    assert deployed.run("send-test", "--count", "3", "--event-name", "größer ✓").returncode == 0

    done = deployed.run("rollback", "--yes")

    assert done.stdout == "Nothing of this deployment is left.\n"
    assert standing(deployed)["buckets"] == []


def test_rollback_keeps_a_bucket_with_events_and_says_so_until_told_otherwise(deployed: User) -> None:
    send_event(deployed)

    kept = deployed.run("rollback", "--yes")
    assert kept.returncode == 0
    assert "stays" in kept.stdout
    assert "--delete-events" in kept.stdout
    (bucket,) = standing(deployed)["buckets"]
    status = deployed.run("status", "--json")
    assert f"Still there: S3 bucket {bucket}.\n" in status.stderr
    assert json.loads(status.stdout)["kept"] == [f"S3 bucket {bucket}"]
    assert [row["name"] for row in json.loads(status.stdout)["resources"]] == [bucket]
    assert {phase["status"] for phase in json.loads(status.stdout)["phases"]} == {"not started"}

    _plan, line = deployed.run("rollback", "--dry-run", "--delete-events", "--json").stdout.splitlines()
    preview = json.loads(line)
    assert [(row["key"], row["fate"]) for row in preview["resources"]][-1] == ("bucket", "delete")
    assert preview["events"] >= 1
    assert standing(deployed)["buckets"] == [bucket]

    gone = deployed.run("rollback", "--yes", "--delete-events", "--json")
    assert gone.returncode == 0
    assert [json.loads(line) for line in gone.stdout.splitlines()][-1]["events"] >= 1
    assert standing(deployed)["buckets"] == []


def test_a_rolled_back_deployment_whose_bucket_stayed_can_be_set_up_again_on_the_same_events(
    deployed: User,
) -> None:
    send_event(deployed)
    assert deployed.run("rollback", "--yes").returncode == 0

    again = deployed.run("setup", "--local", "--yes")

    assert again.returncode == 0, again.stderr
    assert deployed.run("status").returncode == 0


def test_send_test_fails_when_the_function_cannot_store(deployed: User) -> None:
    role = deployed.state["settings"]["role_name"]
    deployed.root("iam").delete_role_policy(RoleName=role, PolicyName="LambdaS3EventTracking")

    done = deployed.run("send-test", "--json")

    assert done.returncode == 1
    assert json.loads(done.stdout)["stored"] is False


def test_commands_find_the_local_aws_again_after_it_was_stopped(deployed: User) -> None:
    assert deployed.run("local", "stop").returncode == 0

    assert deployed.run("status").returncode == 0


BAD_BEGINNINGS = {
    "no credentials": (("setup", "--yes", "--region", "us-east-1"), 4, "no AWS credentials"),
    "no account": (
        ("setup", "--yes", "--region", "us-east-1"),
        4,
        "`eventtrack-wizard setup --local --region us-",
    ),
    "neither": (("setup", "--yes"), 4, "without an account: `eventtrack-wizard setup --local`"),
    "no such profile": (("setup", "--yes", "--profile", "nobody"), 4, "profile"),
    "no region": (("setup", "--yes"), 4, "--region"),
    "nobody to ask": (("setup",), 2, "--yes"),
    "a bad bucket name": (("setup", "--local", "--yes", "--bucket-name", "Under_score"), 2, "--bucket-name"),
    "a folder that cannot be made": (
        ("--state", "/proc/no/s.json", "setup", "--local", "--yes"),
        1,
        "--state",
    ),
    "no deployment here": (("send-test",), 1, "eventtrack-wizard setup"),
    "nobody to confirm": (("rollback",), 2, "--yes"),
}


@pytest.mark.parametrize(("arguments", "code", "words"), BAD_BEGINNINGS.values(), ids=BAD_BEGINNINGS)
def test_a_bad_beginning_is_explained_with_the_next_step_and_no_traceback(
    user: User, arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = user.run(*arguments)

    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "next: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_corrupt_state_file_is_named_and_kept(user: User) -> None:
    path = user.folder / "eventtrack-state.json"
    path.write_text('{"schema": 1, "pi')

    done = user.run("status")

    assert done.returncode == 1
    assert "corrupt" in done.stderr
    assert path.read_text() == '{"schema": 1, "pi'


def test_a_taken_bucket_name_is_refused_before_anything_is_made(user: User) -> None:
    user.run("local", "start")
    user.root("s3").create_bucket(Bucket="somebody-elses-bucket")

    done = user.run("setup", "--local", "--yes", "--bucket-name", "somebody-elses-bucket")

    assert done.returncode == 1
    assert "somebody-elses-bucket" in done.stderr
    assert standing(user)["roles"] == []
