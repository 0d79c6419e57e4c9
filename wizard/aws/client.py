"""One client a service, and the rules of every call: no hidden retries, known quotas are paced, an
operator's wish to stop is heard between two calls.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from botocore.config import Config
from botocore.httpsession import get_cert_path

from wizard import __version__
from wizard.aws.pacer import Pacer
from wizard.aws.retry import OnWait, Result, retry
from wizard.aws.session import partition_of
from wizard.clock import Clock

if TYPE_CHECKING:
    import boto3
    from types_boto3_apigateway import APIGatewayClient
    from types_boto3_athena import AthenaClient
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_firehose import FirehoseClient
    from types_boto3_glue import GlueClient
    from types_boto3_iam import IAMClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_resourcegroupstaggingapi import ResourceGroupsTaggingAPIClient
    from types_boto3_s3 import S3Client
    from types_boto3_sns import SNSClient
    from types_boto3_sts import STSClient

# A function may run for 900 s; Invoke must never be cut off and so be sent twice.
INVOKE_READ_TIMEOUT = 930

# What an operator who asks to stop wants sent all the same: it would go on, and cost, without anybody.
ENDS_WHAT_RUNS = frozenset(("StopQueryExecution",))

# The oldest region of each partition; no account can switch it off.
ALWAYS_ENABLED = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


class Aws:
    """The account that we work in.

    Args:
        session: credentials and region.
        endpoint_url: an emulator's URL, for every service; None for AWS itself.
        clock: time, and the operator's wish to stop.
        pacer: keeps calls under AWS's quotas; by default there is one on AWS itself, which has them.
        account: whose buckets are ours; None until `identify` knows it.
        region: where to work; None: the session's.
        on_wait: told when a call is held back for a quota, or repeated; a screen may be set later.
    """

    def __init__(
        self,
        session: boto3.Session,
        endpoint_url: str | None,
        clock: Clock,
        pacer: Pacer | None = None,
        account: str | None = None,
        region: str | None = None,
    ) -> None:
        self.session = session
        self._region = region
        self.endpoint_url = endpoint_url
        self.clock = clock
        self.account = account
        self.on_wait: OnWait = lambda reason, elapsed, timeout: None
        self._pacer = pacer if pacer or endpoint_url else Pacer(clock)
        self._making = threading.Lock()
        self._made: dict[tuple[str, int, str | None], Any] = {}

    def retry(self, step: Callable[[], Result], doing: str) -> Result:
        """`wizard.aws.retry.retry`, with the clock and the listener of this account."""
        return retry(step, clock=self.clock, on_wait=self.on_wait, doing=doing)

    @property
    def region(self) -> str:
        """The region of every client."""
        return self._region or str(self.session.region_name)

    def elsewhere(self, region: str) -> Aws:
        """The same account in another region. Its clients are made one at a time with ours: they have one
        session, which is not safe on two threads."""
        other = Aws(self.session, self.endpoint_url, self.clock, account=self.account, region=region)
        other._making = self._making
        return other

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
    def cloudwatch(self) -> CloudWatchClient:
        """CloudWatch: metrics and alarms."""
        return cast("CloudWatchClient", self._client("cloudwatch"))

    @property
    def tagging(self) -> ResourceGroupsTaggingAPIClient:
        """The Resource Groups Tagging API."""
        return cast("ResourceGroupsTaggingAPIClient", self._client("resourcegroupstaggingapi"))

    @property
    def sns(self) -> SNSClient:
        """SNS."""
        return cast("SNSClient", self._client("sns"))

    @property
    def firehose(self) -> FirehoseClient:
        """Firehose."""
        return cast("FirehoseClient", self._client("firehose"))

    @property
    def glue(self) -> GlueClient:
        """Glue: the catalog."""
        return cast("GlueClient", self._client("glue"))

    @property
    def athena(self) -> AthenaClient:
        """Athena."""
        return cast("AthenaClient", self._client("athena"))

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
        if model.name not in ENDS_WHAT_RUNS:
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
