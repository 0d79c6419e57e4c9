"""One session, one client per service, and the rules of every call: no hidden retries, known quotas
are paced, an operator's wish to stop is heard between two calls.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, UnknownRegionError
from botocore.httpsession import get_cert_path

from wizard import __version__
from wizard.aws.error_rules import ENABLE_REGION, UNKNOWN_KEY
from wizard.aws.errors import AWS_ERRORS
from wizard.aws.models import use_models
from wizard.aws.retry import OnWait, explained
from wizard.clock import Clock
from wizard.errors import CredentialsError

if TYPE_CHECKING:
    from types_boto3_apigateway import APIGatewayClient
    from types_boto3_iam import IAMClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_s3 import S3Client
    from types_boto3_sts import STSClient

# A function may run for 900 s; Invoke must never be cut off and so be sent twice.
INVOKE_READ_TIMEOUT = 930

# Seconds between two calls, per account and region, not raisable:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
SECONDS_BETWEEN = {"CreateRestApi": 3.0, "CreateDeployment": 5.0, "DeleteRestApi": 30.0}
API_GATEWAY_BURST, API_GATEWAY_RATE = 40, 10.0
# Rounding leaves waits that no clock can show.
SHORTEST_WAIT = 0.001

# The oldest region of each partition; no account can switch it off.
ALWAYS_ENABLED = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


@dataclass(frozen=True)
class Caller:
    """Who we are, as STS says it."""

    account: str
    partition: str
    arn: str


@dataclass(frozen=True)
class Keys:
    """An access key pair given by hand, for the embedded local AWS."""

    access_key_id: str
    secret_access_key: str

    def __repr__(self) -> str:
        return f"Keys({self.access_key_id})"


class Pacer:
    """Keeps calls under API Gateway's documented quotas, so that they are not answered with 429."""

    def __init__(self, clock: Clock, seconds_between: Mapping[str, float] = SECONDS_BETWEEN) -> None:
        self._clock = clock
        self._seconds_between = seconds_between
        self._last_call: dict[str, float] = {}
        self._tokens, self._refilled_at = float(API_GATEWAY_BURST), clock.time()
        self._lock = threading.Lock()

    def wait_for(self, operation: str) -> float:
        """Seconds until `operation` may be sent; 0.0 books its place."""
        with self._lock:
            now = self._clock.time()
            filled = self._tokens + (now - self._refilled_at) * API_GATEWAY_RATE
            self._tokens, self._refilled_at = min(API_GATEWAY_BURST, filled), now
            pause = self._seconds_between.get(operation, 0.0)
            due = self._last_call.get(operation, now - pause) + pause
            wait = max(due - now, (1.0 - self._tokens) / API_GATEWAY_RATE, 0.0)
            if wait > SHORTEST_WAIT:
                return wait
            self._tokens -= 1.0
            self._last_call[operation] = now
            return 0.0

    def answered(self, operation: str) -> None:
        """Count the pause from here: AWS saw the call at some moment between its booking and its answer."""
        with self._lock:
            self._last_call[operation] = self._clock.time()


class Aws:
    """The account that we work in.

    Args:
        session: credentials and region.
        endpoint_url: an emulator's URL, for every service; None for AWS itself.
        clock: time, and the operator's wish to stop.
        pacer: keeps calls under AWS's quotas; by default there is one on AWS itself, which has them.
        account: whose buckets are ours; None until `identify` knows it.
        on_wait: told when a call is held back for a quota; a screen may be set later.
    """

    def __init__(
        self,
        session: boto3.Session,
        endpoint_url: str | None,
        clock: Clock,
        pacer: Pacer | None = None,
        account: str | None = None,
    ) -> None:
        self.session = session
        self.endpoint_url = endpoint_url
        self.clock = clock
        self.account = account
        self.on_wait: OnWait = lambda reason, elapsed, timeout: None
        self._pacer = pacer if pacer or endpoint_url else Pacer(clock)
        self._making = threading.Lock()
        self._made: dict[tuple[str, int, str | None], Any] = {}

    @property
    def region(self) -> str:
        """The region of every client."""
        return str(self.session.region_name)

    @property
    def speaks_tls(self) -> bool:
        """Whether S3 is reached through TLS, as AWS always is; an emulator mostly is not."""
        return str(self.s3.meta.endpoint_url).startswith("https:")

    @property
    def ca_bundle(self) -> str:
        """The file of the certificate authorities that boto3 trusts, found where botocore looks for it."""
        below = cast("Any", self.session)._session  # boto3 has no other way to ask
        given = below.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE")
        return str(given or get_cert_path(True))

    @property
    def s3(self) -> S3Client:
        """S3, by path at an emulator, because a bucket's own host name does not exist there."""
        return cast("S3Client", self._client("s3"))

    @property
    def iam(self) -> IAMClient:
        """IAM."""
        return cast("IAMClient", self._client("iam"))

    @property
    def functions(self) -> LambdaClient:
        """Lambda, for everything but Invoke."""
        return cast("LambdaClient", self._client("lambda"))

    @property
    def invoker(self) -> LambdaClient:
        """Lambda, for Invoke, which may take as long as the function."""
        return cast("LambdaClient", self._client("lambda", read_timeout=INVOKE_READ_TIMEOUT))

    @property
    def apigateway(self) -> APIGatewayClient:
        """API Gateway (REST APIs)."""
        return cast("APIGatewayClient", self._client("apigateway"))

    @property
    def logs(self) -> CloudWatchLogsClient:
        """CloudWatch Logs."""
        return cast("CloudWatchLogsClient", self._client("logs"))

    @property
    def sts(self) -> STSClient:
        """STS, in the region that we work in, so that a region that is not enabled shows at once."""
        return cast("STSClient", self._client("sts"))

    def sts_elsewhere(self) -> STSClient | None:
        """STS in the region of the partition that is always enabled; None when that is ours."""
        region = ALWAYS_ENABLED.get(partition_of(self.session, self.region), self.region)
        return None if region == self.region else cast("STSClient", self._client("sts", region=region))

    def _client(self, service: str, read_timeout: int = 30, region: str | None = None) -> Any:
        """Made at its first use: several threads may ask, but making one is not safe on two at a time."""
        key = (service, read_timeout, region)
        if key not in self._made:
            with self._making:
                if key not in self._made:
                    self._made[key] = self._make(service, read_timeout, region)
        return self._made[key]

    def _make(self, service: str, read_timeout: int, region: str | None) -> Any:
        make = cast("Callable[..., Any]", self.session.client)
        client = make(
            service,
            region_name=region or self.region,
            endpoint_url=self.endpoint_url,
            config=Config(
                connect_timeout=5,
                read_timeout=read_timeout,
                # Retried by `retry` alone, after a look; and not as AWS_RETRY_MODE would have it.
                retries={"mode": "standard", "total_max_attempts": 1},
                s3={"addressing_style": "path" if self.endpoint_url else "virtual"},
                # A proxy on the way to the internet is none on the way to an emulator.
                proxies={} if self.endpoint_url else None,
                user_agent_extra=f"eventtrack-wizard/{__version__}",
            ),
        )
        client.meta.events.register("before-call", self._before_call)
        if service == "s3":
            client.meta.events.register("before-parameter-build.s3", self._expect_own_bucket)
        if self._pacer is not None and service == "apigateway":
            client.meta.events.register("after-call", self._after_call)
        return client

    def _expect_own_bucket(self, params: dict[str, Any], model: Any, **_: object) -> None:
        """The name of a deleted bucket is free for everybody; S3 then answers 403, whatever its policy says.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
        """
        if self.account and "Bucket" in params and "ExpectedBucketOwner" in model.input_shape.members:
            params.setdefault("ExpectedBucketOwner", self.account)

    def _before_call(self, model: Any, **_: object) -> None:
        self.clock.check()
        if self._pacer is None or model.service_model.service_name != "apigateway":
            return
        begun = self.clock.time()
        while wait := self._pacer.wait_for(model.name):
            self.on_wait(f"API Gateway allows {model.name} only so often", self.clock.time() - begun, 60.0)
            self.clock.sleep(min(wait, 1.0))

    def _after_call(self, model: Any, **_: object) -> None:
        if self._pacer is not None:
            self._pacer.answered(model.name)


def open_session(profile: str | None, region: str | None, keys: Keys | None = None) -> boto3.Session:
    """A boto3 session.

    Raises:
        CredentialsError: no such profile, or no region is known.
    """
    try:
        below = botocore.session.get_session()
        use_models(below)
        session = boto3.Session(
            botocore_session=below,
            profile_name=profile,
            region_name=region,
            aws_access_key_id=keys.access_key_id if keys else None,
            aws_secret_access_key=keys.secret_access_key if keys else None,
        )
    except BotoCoreError as error:
        raise explained(error, "use these AWS credentials") from error
    return session


def partition_of(session: boto3.Session, region: str) -> str:
    """The partition that a region should be in; STS says it for certain. Regions younger than botocore
    are taken for the commercial partition's."""
    try:
        return session.get_partition_for_region(region)
    except UnknownRegionError:
        return "aws"


def identify(aws: Aws) -> Caller:
    """Ask STS who we are; from then on only buckets of that account are touched, if none was named.

    Raises:
        CredentialsError: no, dead or wrong credentials, or a region that is not enabled.
        WizardError: AWS cannot be reached.
    """
    doing = "find out whose AWS credentials these are"
    try:
        answer = aws.sts.get_caller_identity()
    except AWS_ERRORS as error:
        if isinstance(error, ClientError) and _is_known_elsewhere(aws, error):
            raise _region_is_off(aws.region) from error
        raise explained(error, doing) from error
    aws.account = aws.account or answer["Account"]
    partition = answer["Arn"].split(":")[1]
    return Caller(answer["Account"], partition, answer["Arn"])


def _is_known_elsewhere(aws: Aws, error: ClientError) -> bool:
    """Whether the keys that this region does not know are good where no region can be switched off."""
    elsewhere = aws.sts_elsewhere() if error.response.get("Error", {}).get("Code") in UNKNOWN_KEY else None
    try:
        return elsewhere is not None and bool(elsewhere.get_caller_identity())
    except AWS_ERRORS:
        return False


def _region_is_off(region: str) -> CredentialsError:
    return CredentialsError(
        what=f"The region {region} is not enabled for this account.",
        why="AWS knows the credentials elsewhere, but not there: the account has to opt in to that region.",
        next_step=f"Run `aws account enable-region --region-name {region}` and wait some minutes, or choose"
        " another region with --region.",
        link=ENABLE_REGION,
    )


def refuse_other_account(caller: Caller, account: str, partition: str) -> None:
    """Stop before anything is touched when the credentials are of another account.

    Raises:
        CredentialsError: they are.
    """
    if (caller.account, caller.partition) != (account, partition):
        raise CredentialsError(
            what="These credentials are of another AWS account.",
            why=f"The deployment is in account {account} ({partition}), the credentials are of"
            f" {caller.account} ({caller.partition}).",
            next_step="Use credentials of the first account (--profile NAME), or another --state.",
        )
