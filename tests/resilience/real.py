"""The real command line in a process of its own, before MiniStack, with the double of real AWS in between."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import PROJECT
from tests.aws.in_process import FakeClock
from tests.aws.inventory import Inventory, inventory
from tests.aws.names import REGION
from tests.aws.over_http import AwsDouble
from tests.aws.over_http.faults import killed_after, killed_before
from tests.aws.quick_clients import session_of
from tests.tools import commands
from tests.tools.commands import Command
from tests.tools.emulator import empty
from wizard.aws.client import Aws
from wizard.resources.base import OWNER_TAG

SECONDS_FOR_A_COMMAND = 120
ANYTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)


@dataclass(frozen=True)
class Moment:
    """Before call `number` of a run is executed (from 1), or after that and before its answer comes."""

    number: int
    executed: bool


class Bench:
    """One MiniStack with a double before it; `folder` is the operator's."""

    def __init__(self, emulator_url: str, double: AwsDouble, folder: Path) -> None:
        self.emulator_url = emulator_url
        self.double = double
        self.folder = folder
        self.look = Aws(session_of(("test", "test"), REGION), emulator_url, FakeClock())
        self._keys = ("", "")

    def begin_anew(self, folder: Path) -> None:
        """An empty AWS with somebody else's things in it, an IAM user with keys, an empty folder."""
        self.double.faults.clear()
        empty(self.emulator_url)
        self.folder = folder
        folder.mkdir(parents=True)
        iam = self.look.iam
        iam.create_user(UserName="operator")
        iam.put_user_policy(UserName="operator", PolicyName="anything", PolicyDocument=ANYTHING)
        key = iam.create_access_key(UserName="operator")["AccessKey"]
        self._keys = key["AccessKeyId"], key["SecretAccessKey"]
        self._put_foreign_things()

    def _put_foreign_things(self) -> None:
        self.look.s3.create_bucket(Bucket="bucket-of-somebody-else")
        self.look.s3.put_object(
            Bucket="bucket-of-somebody-else", Key="events/theirs.json", Body=b'[{"id": 1}]'
        )
        self.look.logs.create_log_group(logGroupName="/aws/lambda/function-of-somebody-else")
        self.look.apigateway.create_rest_api(name="saas-event-tracking-api")
        self.look.apigateway.create_rest_api(
            name="saas-event-tracking-api", tags={OWNER_TAG: "other-1a2b3c4d"}
        )

    @property
    def environment(self) -> dict[str, str]:
        """Of every process: nothing of the surroundings."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "EVENTTRACK_"))
        }
        return kept | {
            "AWS_ACCESS_KEY_ID": self._keys[0],
            "AWS_SECRET_ACCESS_KEY": self._keys[1],
            "AWS_REGION": REGION,
            # Given, so that two runs make the same deployment.
            "EVENTTRACK_TOKEN": "a-token-that-is-long-enough-to-be-one",
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONPATH": str(PROJECT),
            "HOME": str(self.folder),
            "NO_PROXY": "127.0.0.1",
        }

    def typed(self, *arguments: str) -> list[str]:
        """What is typed after the program's name."""
        return ["--endpoint-url", self.double.url, *arguments]

    def start(self, *arguments: str) -> Command:
        """Start the wizard."""
        return commands.start(self.typed(*arguments), self.folder, self.environment)

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run the wizard to its end: exit code, and all that it printed."""
        return finish(self.start(*arguments))

    def run_well(self, *arguments: str) -> str:
        """It must end with 0."""
        code, text = self.run(*arguments)
        assert code == 0, f"{arguments} ended with {code}:\n{text}"
        return text

    def run_until_killed(self, moment: Moment, *arguments: str) -> bool:
        """Start the wizard; the double kills it (SIGKILL). False when it ended before that moment came."""
        started: list[Command] = []

        def kill() -> None:
            while not started:
                time.sleep(0.001)
            started[0].kill()
            started[0].wait()

        make = killed_after if moment.executed else killed_before
        self.double.faults[:] = [make(kill, at=len(self.double.calls) + moment.number)]
        started.append(self.start(*arguments))
        code, _text = finish(started[0])
        self.double.faults.clear()
        return code == -signal.SIGKILL

    def moments_of(self, *arguments: str) -> list[Moment]:
        """Run the wizard to its end, and name every moment at which it could have been killed."""
        before = len(self.double.calls)
        self.run_well(*arguments)
        calls = self.double.calls[before:]
        return [
            Moment(number, executed)
            for number, call in enumerate(calls, start=1)
            for executed in (False, True)
            if call.changing or not executed
        ]

    @property
    def state(self) -> dict[str, Any]:
        """What the state file says; empty when there is none."""
        path = self.folder / "eventtrack-state.json"
        document: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return document

    def write_state(self, document: dict[str, Any]) -> None:
        """As a run that was killed left it."""
        (self.folder / "eventtrack-state.json").write_text(json.dumps(document))

    def inventory(self) -> Inventory:
        """Everything that stands."""
        return inventory(self, self.state.get("pins", {}).get("id", "none-yet"))


def finish(process: Command) -> tuple[int, str]:
    """Exit code, and all that it printed, which never is a traceback."""
    output, errors = process.communicate(timeout=SECONDS_FOR_A_COMMAND)
    assert "Traceback" not in output + errors, errors
    return process.wait(), output + errors
