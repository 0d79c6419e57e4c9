"""One AWS account in this process: moto behind boto3, doubles for what moto cannot do."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import boto3
from botocore.handlers import BUILTIN_HANDLERS
from moto import mock_aws
from moto.backends import get_backend
from moto.iam.models import AWSManagedPolicy

from tests.aws.clock import FakeClock
from tests.aws.names import ACCOUNT_ID, REGION
from tests.aws.quick_clients import hurry, twin
from wizard.aws.client import Aws
from wizard.clock import Clock

from .calls import Calls
from .catalog_gaps import complete_catalog
from .endpoint_double import EndpointDouble
from .firehose_double import FirehoseDouble
from .function_double import FunctionDouble
from .known_answers import KnownAnswers
from .mailboxes import Mailboxes
from .moto_gaps import (
    check_bucket_owners,
    complete_moto,
    count_percentiles,
    judge_bucket_policies,
    protect_new_buckets,
)
from .moto_speed import frugal, hurry_moto
from .refusals import BucketTags, Organization
from .world import put_world_back, take_world

BASIC_EXECUTION = {
    "DefaultVersionId": "v1",
    "Path": "/service-role/",
    "CreateDate": "2015-04-09T15:03:43+00:00",
    "UpdateDate": "2015-04-09T15:03:43+00:00",
    "Document": {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}],
    },
}


class SharedSession(boto3.Session):
    """A session whose clients are made once, because making one takes longer than ten calls.

    moto answers only at AWS's own addresses, so an endpoint URL is left out: it is that of the
    `EndpointDouble`, which serves the deployed API alone. Each caller gets a shallow copy with event
    handlers of its own, which `prepare` registers before those of the answers that are known.
    """

    def __init__(self, region: str, known: KnownAnswers, prepare: Callable[[str, Any], None]) -> None:
        super().__init__("test", "test", region_name=region)
        self._known = known
        self._prepare = prepare
        self._made: dict[tuple[str, int, str], tuple[Any, Any]] = {}

    def client(self, service_name: str, *, config: Any, region_name: str, **_: object) -> Any:  # type: ignore[override]
        """A copy of the service's client."""
        key = (service_name, config.read_timeout, region_name)
        if key not in self._made:
            make = cast("Callable[..., Any]", super().client)
            settings = frugal(service_name, config)
            made = make(service_name, config=settings, region_name=region_name)
            hurry(service_name, made)
            without_memory = twin(made)
            complete_moto(service_name, without_memory)
            complete_catalog(service_name, without_memory)
            self._made[key] = made, without_memory
        made, without_memory = self._made[key]
        client = twin(made)
        self._prepare(service_name, client)
        self._known.answer_for(client, without_memory)
        complete_moto(service_name, client)
        complete_catalog(service_name, client)
        return client


class Account:
    """An account that is made once and opened, empty, for every test.

    `calls` logs what clients of `aws()` do. `look` is for tests: its calls are not logged.
    """

    def __init__(self) -> None:
        hurry_moto()
        judge_bucket_policies()
        count_percentiles()
        self.calls = Calls()
        self.times_emptied = 0
        self.bucket_tags = BucketTags()
        self.organization = Organization()
        self.mailboxes = Mailboxes()
        self._sessions: dict[str, SharedSession] = {}
        self.known = KnownAnswers()
        # Before moto's own, for sessions that a command opens by itself.
        BUILTIN_HANDLERS.insert(0, ("before-send", self.known.make_up))
        self.look = Aws(SharedSession(REGION, self.known, self._complete), None, FakeClock())
        self.firehose = FirehoseDouble(self.look)
        self.function = FunctionDouble(self.look, self.firehose)
        self.endpoint = EndpointDouble(self.look, self.function)

    def aws(self, clock: Clock, region: str = REGION) -> Aws:
        """The clients of one run of the wizard."""
        if region not in self._sessions:
            self._sessions[region] = SharedSession(region, self.known, self._prepare)
        return Aws(self._sessions[region], self.endpoint.url, clock, account=ACCOUNT_ID)

    def _complete(self, service: str, client: Any) -> None:
        check_bucket_owners(service, client)
        self.mailboxes.answer_for(service, client)

    def _prepare(self, service: str, client: Any) -> None:
        self.calls.watch(client)
        self._complete(service, client)
        if service == "s3":
            protect_new_buckets(client)
        if service == "lambda":
            client.meta.events.register_last("before-call", self.function.answer_invoke)
        if service == "apigateway":
            # When moto has done with the call, and before the call may be told to end in another way.
            client.meta.events.register_first("after-call", self.endpoint.deployed)
        self.firehose.watch(service, client)
        self.bucket_tags.refuse(service, client)
        self.organization.refuse(client)

    @contextmanager
    def opened(self, *, as_it_was: bool = False) -> Iterator[Account]:
        """The account for as long as the context lasts: empty, or as the last one that opened it left it."""
        mock = mock_aws(config={"lambda": {"use_docker": False}})
        mock.start(reset=not as_it_was)
        self.calls.clear()
        self.bucket_tags.refused_with = None
        self.organization.demanded_tag = None
        if not as_it_was:
            self.times_emptied += 1
            self.known.forget()
            self.mailboxes.forget()
            self.endpoint.forget()
            self.function.forget()
            self.firehose.forget()
            _add_managed_policy()
        self.known.is_open = True
        try:
            yield self
        finally:
            self.known.is_open = False
            mock.stop(remove_data=False)

    @contextmanager
    def undone(self) -> Iterator[None]:
        """What happens to the account within is undone; neither do rules of `calls` hold, nor is logged."""
        changed = self.known.memory()
        world, served, runs = take_world(), self.endpoint.memory(), self.function.memory()
        held = self.firehose.memory()
        with self.calls.aside():
            try:
                yield
            finally:
                put_world_back(world)
                self.known.remember(changed)
                self.endpoint.remember(served)
                self.function.remember(runs)
                self.firehose.remember(held)

    def close(self) -> None:
        """Stop the web server."""
        self.endpoint.close()


def _add_managed_policy() -> None:
    """moto can load all of AWS's 1,300 managed policies, which takes most of a second; we need one."""
    iam = get_backend("iam")[ACCOUNT_ID]["aws"]
    with warnings.catch_warnings():
        policy = AWSManagedPolicy.from_data(
            "AWSLambdaBasicExecutionRole", ACCOUNT_ID, REGION, cast("dict[str, Any]", BASIC_EXECUTION)
        )
    iam.managed_policies[policy.arn] = policy
