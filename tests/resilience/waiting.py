"""The wizard on an account with all the delays of real AWS; its clock is the double's."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from tests.aws.clock import Clock, FakeClock
from tests.aws.in_process import make_deployment
from tests.aws.names import REGION
from tests.aws.over_http import AwsDouble, ManualClock
from tests.aws.over_http.handed import HandedAws
from tests.aws.quick_clients import session_of
from wizard.aws.pacer import Pacer
from wizard.engine.apply import Engine
from wizard.engine.plan import Plan
from wizard.engine.progress import Event, Waiting
from wizard.resources.base import Deployment
from wizard.state.model import State, load
from wizard.state.store import Store

ROOT = ("test", "test")


class SlowAws:
    """One deployment there, and what was seen and heard of it. `events` are those of all runs."""

    jobs = 1

    def __init__(self, double: AwsDouble, folder: Path) -> None:
        self.double = double
        self.clock = FakeClock(aws=cast("ManualClock", double.clock))
        self.path = folder / "eventtrack-state.json"
        self.events: list[Event] = []
        self.overrides: dict[str, Any] = {}
        self.aws = HandedAws(session_of(ROOT, REGION), double.answer, double.url, self.clock)
        self.account = self.aws.sts.get_caller_identity()["Account"]

    def _open(self) -> tuple[Deployment, Store]:
        at = make_deployment(self.aws, **self.overrides)
        identity = replace(at.identity, account=self.account)  # as on AWS: no emulator's URL
        at = replace(at, identity=identity)
        state = load(self.path) or State(identity, at.settings.as_json(), tokens=list(at.tokens))
        return at, Store(self.path, state)

    def _engine(self) -> Engine:
        at, store = self._open()
        return Engine(at, store, self.events.append, jobs=self.jobs)

    def setup(self) -> None:
        """`setup --yes`."""
        self._engine().apply()

    def rollback(self) -> None:
        """`rollback --yes`."""
        self._engine().roll_back()

    def status(self) -> Plan:
        """`status`."""
        return self._engine().plan()

    def make_second_api(self) -> None:
        """As an answer that was lost leaves one, behind the wizard's back and past the quota."""
        at, _store = self._open()
        self.clock.sleep(60)
        at.aws.apigateway.create_rest_api(name=at.settings.api_name, tags=at.tags)
        self.clock.sleep(60)

    def waits(self) -> list[Waiting]:
        """Everything that was waited for."""
        return [event for event in self.events if isinstance(event, Waiting)]

    def reasons(self) -> set[str]:
        """In words."""
        return {wait.reason for wait in self.waits()}

    def calls(self, name: str) -> list[str]:
        """The bodies of all calls of that name."""
        return [
            call.request.body.decode("utf-8", "replace") for call in self.double.calls if call.name == name
        ]

    def answers(self, status: int) -> int:
        """How many calls were answered so."""
        return sum(call.status == status for call in self.double.calls)

    def stored(self) -> list[bytes]:
        """What is in the objects of the bucket, without compression."""
        s3, bucket = self.double.world.s3(REGION), self._open()[0].settings.bucket_name
        keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
        found = (s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys)
        return [gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content for content in found]

    def leftovers(self) -> list[str]:
        """What stands of the deployment."""
        aws, settings = self.aws, self._open()[0].settings
        functions: Any = aws.functions.list_functions()["Functions"]
        standing = (
            [bucket["Name"] for bucket in aws.s3.list_buckets()["Buckets"]]
            + [role["RoleName"] for role in aws.iam.list_roles()["Roles"]]
            + [function["FunctionName"] for function in functions]
            + [api["name"] for api in aws.apigateway.get_rest_apis(limit=500)["items"]]
        )
        ours = {settings.bucket_name, settings.role_name, settings.function_name, settings.api_name}
        return sorted(ours.intersection(standing))


class SideBySide(SlowAws):
    """With several threads, whose pauses last as long as the double's clock says, so that they overlap."""

    jobs = 6

    def __init__(self, double: AwsDouble, folder: Path) -> None:
        super().__init__(double, folder)
        clock = _Overlapping(double.clock)
        self.aws = HandedAws(self.aws.session, double.answer, double.url, clock)


class _Overlapping:
    """The wizard's clock on a double whose time passes by itself; nobody wants to stop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def time(self) -> float:
        """AWS's."""
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        """As long as it lasts there."""
        self._clock.sleep(seconds)

    def check(self) -> None:
        """Never raises."""


class ThroughPacer(SlowAws):
    """The same where the wizard paces its calls, as it does on AWS itself."""

    def __init__(self, double: AwsDouble, folder: Path, jobs: int = 1) -> None:
        super().__init__(double, folder)
        self.jobs = jobs
        pacer = Pacer(self.clock)
        self.aws = HandedAws(session_of(ROOT, REGION), double.answer, double.url, self.clock, pacer)

    def delete_api(self) -> None:
        """Somebody deletes the API behind the wizard's back, past the quota."""
        state = load(self.path)
        assert state is not None
        gateway: Any = self.double.world.apis(REGION)
        gateway.delete_rest_api(restApiId=state.records["api"].facts["id"])

    def make_and_delete_apis(self, count: int) -> None:
        """So many of each."""
        gateway = self.aws.apigateway
        made = [gateway.create_rest_api(name=f"api-{number}")["id"] for number in range(count)]
        for api_id in made:
            gateway.delete_rest_api(restApiId=api_id)
