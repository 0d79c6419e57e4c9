"""`doctor` beside a server that answers as STS and IAM do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.sax.saxutils import escape

import pytest
from typer.testing import CliRunner

from wizard.aws.reach import Reached
from wizard.cli.app import app
from wizard.engine.doctor import clock
from wizard.identity import DeploymentId
from wizard.state.model import Record, State, TokenDigest
from wizard.state.redaction import redacted

ACCOUNT, USER = "123456789012", "arn:aws:iam::123456789012:user/jane.roebuck"
WHO = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>{USER}</Arn><UserId>U</UserId><Account>{ACCOUNT}</Account></GetCallerIdentityResult>
</GetCallerIdentityResponse>"""
TOPIC = """<GetTopicAttributesResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><GetTopicAttributesResult>
<Attributes><entry><key>Policy</key><value>{policy}</value></entry></Attributes></GetTopicAttributesResult>
</GetTopicAttributesResponse>"""
EXPIRED = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message></Error>
</ErrorResponse>"""


@contextmanager
def aws(
    *, ahead: timedelta = timedelta(), expired: bool = False, topic: str = "", heard: list[str] | None = None
) -> Iterator[str]:
    """STS whose clock is behind ours by `ahead`; IAM answers no simulation, SNS a topic's policy. The URL.

    `heard` takes the bodies of what is asked.
    """
    bodies = [] if heard is None else heard

    class Handler(BaseHTTPRequestHandler):
        def date_time_string(self, timestamp: float | None = None) -> str:
            return format_datetime(datetime.now(UTC) - ahead, usegmt=True)

        def do_GET(self) -> None:
            self._answer(302, "")

        def do_POST(self) -> None:
            asked = unquote(self.rfile.read(int(self.headers["Content-Length"])).decode())
            bodies.append(asked)
            if topic and "GetTopicAttributes" in asked:
                self._answer(200, TOPIC.format(policy=escape(topic)))
            elif "GetCallerIdentity" not in asked:
                self._answer(501, "")
            elif expired:
                self._answer(403, EXPIRED)
            else:
                self._answer(200, WHO)

        def _answer(self, status: int, body: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_args: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def doctor(folder: Path, url: str, *more: str) -> tuple[int, dict[str, Any]]:
    """Exit code and the findings by name."""
    typed = ["doctor", "--json", "--state", str(folder / "state.json"), "--endpoint-url", url]
    environment = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLEEXAMPLE12", "AWS_SECRET_ACCESS_KEY": "x"}
    done = CliRunner().invoke(app, [*typed, "--region", "us-east-1", *more], env=environment)
    document = json.loads(done.stdout)
    assert document["healthy"] is (done.exit_code == 0)
    return done.exit_code, {finding["name"]: finding for finding in document["findings"]}


def test_everything_that_a_run_needs_is_one_finding_each(tmp_path: Path) -> None:
    with aws() as url:
        code, found = doctor(tmp_path, url)
    assert code == 0
    assert list(found) == [
        "Versions", "Local AWS", "State file", "Region", "Network", "Clock", "Credentials", "Account",
        "Permissions",
    ]  # fmt: skip
    assert found["Account"]["found"] == f"{ACCOUNT}, as {USER}"
    assert found["Credentials"]["found"] == "from the environment"
    assert (found["Permissions"]["status"], "policy" in found["Permissions"]["remedy"]) == ("note", True)


def test_a_topic_that_no_alarm_can_tell_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTTRACK_ALARM_TOPIC", f"arn:aws:sns:us-east-1:{ACCOUNT}:pager")
    nobody = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "*"}]}
    found = {}
    for which, policy in {"nobody": json.dumps(nobody), "unreadable": ""}.items():
        with aws(topic=policy) as url:
            code, findings = doctor(tmp_path, url)
        assert code == 0
        found[which] = findings["Alarm topic"]
    assert found["nobody"]["status"] == "note"
    assert "its policy does not let cloudwatch.amazonaws.com publish" in found["nobody"]["found"]
    assert found["unreadable"]["status"] == "ok", "nobody has to be allowed to look"


@pytest.mark.parametrize("said_by", ["flag", "environment"])
def test_the_permissions_are_those_of_the_deployment_that_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said_by: str
) -> None:
    if said_by == "environment":
        monkeypatch.setenv("EVENTTRACK_NAME", "shop")
    heard: list[str] = []
    with aws(heard=heard) as url:
        doctor(tmp_path, url, *(["--name", "shop"] if said_by == "flag" else []))
    [simulated] = [asked for asked in heard if "Action=SimulatePrincipalPolicy" in asked]
    assert "=arn:aws:s3:::shop-" in simulated


def test_the_first_thing_to_mend_stands_alone_because_the_others_follow_from_it(tmp_path: Path) -> None:
    code, found = doctor(tmp_path, "http://127.0.0.1:9")
    assert code == 1
    assert list(found)[-1] == "Network"
    assert found["Network"]["remedy"]


def test_dead_credentials_have_the_command_that_renews_them(tmp_path: Path) -> None:
    with aws(expired=True) as url:
        code, found = doctor(tmp_path, url)
    assert code == 1
    assert list(found)[-1] == "Account"
    assert "aws sso login" in found["Account"]["remedy"]


def test_a_clock_that_aws_would_refuse_is_told_before_the_signature_is(tmp_path: Path) -> None:
    with aws(ahead=timedelta(minutes=7)) as url:
        code, found = doctor(tmp_path, url)
    assert code == 1
    assert (found["Clock"]["status"], list(found)[-1]) == ("failed", "Clock")
    assert found["Clock"]["found"].endswith("s ahead of AWS's: AWS refuses every call")


@pytest.mark.parametrize(
    ("ahead", "status"),
    [(0.5, "ok"), (-59, "ok"), (61, "note"), (-299, "note"), (-301, "failed"), (None, "note")],
)
def test_a_clock_may_differ_by_five_minutes_and_is_told_from_one_on(ahead: float | None, status: str) -> None:
    assert clock(Reached("sts", 0.1, None, ahead)).status == status


def test_a_state_file_that_cannot_be_used_is_a_finding_and_the_rest_is_examined_all_the_same(
    tmp_path: Path,
) -> None:
    (tmp_path / "state.json").write_text("{")
    with aws() as url:
        code, found = doctor(tmp_path, url)
    assert code == 1
    assert found["State file"]["status"] == "failed"
    assert found["Account"]["status"] == "ok"


def test_the_report_can_be_shown_to_others(tmp_path: Path) -> None:
    identity = DeploymentId("shop-use1-0a1b2c3d", "jane-shop", ACCOUNT, "aws", "us-east-1")
    state = State(
        identity,
        settings={
            "bucket_name": "jane-shop-0123456789",
            "memory_mb": 128,
            "alarm_email": "j.roebuck+alarms@example.com",
            "alarm_topic": f"arn:aws:sns:us-east-1:{ACCOUNT}:roebuck-pager",
        },
        lifecycle="deployed",
        tokens=[TokenDigest("default", "ab" * 32, "2026-01-01")],
        records={"role": Record("present", "created", {"name": "jane-role", "trust": {"arn": USER}})},
        checks={
            "deploy.endpoint": {"url": "https://a1b2c3d4.execute-api.us-east-1.amazonaws.com/prod/events"}
        },
    )
    (tmp_path / "state.json").write_text(state.as_text())
    with aws() as url:
        _code, found = doctor(tmp_path, url, "--report", str(tmp_path / "report.json"))
    report = (tmp_path / "report.json").read_text()
    with aws() as url:
        refused = CliRunner().invoke(
            app, ["doctor", "--report", str(tmp_path / "report.json"), "--endpoint-url", url]
        )
    assert refused.exit_code == 2, "no command writes over a file by itself"
    assert found["State file"]["status"] == "ok"
    for secret in ("jane", "roebuck", ACCOUNT, "0a1b2c3d", "abab", "a1b2c3d4", str(Path.home()), "AKIA"):
        assert secret not in report
    assert json.loads(report)["state"]["settings"] == {
        "bucket_name": "BUCKET-NAME",
        "memory_mb": 128,
        "alarm_email": "EMAIL",
        "alarm_topic": "arn:aws:sns:us-east-1:ACCOUNT:TOPIC",
    }


def test_what_is_no_secret_stays_readable() -> None:
    text = redacted({"status": "ok", "took": 12, "at": "2026-11-29T10:00:00+00:00"}, names_in=None)
    assert json.loads(text) == {"status": "ok", "took": 12, "at": "2026-11-29T10:00:00+00:00"}
