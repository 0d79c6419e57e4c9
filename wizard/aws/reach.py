"""The way to AWS, without credentials: name, network, proxy, TLS, and what time it is there."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from wizard.aws.timestamps import http_date

if TYPE_CHECKING:
    from wizard.aws.client import Aws

SECONDS_TO_ANSWER = 10


@dataclass(frozen=True)
class Reached:
    """Who answered.

    Attributes:
        seconds: from the first look for its name to its answer.
        proxy: the proxy on the way, without what it takes to log in there; None: none.
        clock_ahead: seconds by which this machine's clock is ahead of AWS's, to about a second; None: it did
            not say what time it has.
    """

    host: str
    seconds: float
    proxy: str | None
    clock_ahead: float | None


def reach(aws: Aws) -> Reached:
    """Ask the first service that a run asks, STS, for a page. Any answer will do.

    Raises:
        botocore.exceptions.SSLError: the certificate is not one that this machine trusts.
        botocore.exceptions.HTTPClientError, ConnectionError: no answer: no such name, no way, no proxy.
    """
    url = str(aws.sts.meta.endpoint_url)
    proxies = {} if aws.endpoint_url else get_environ_proxies(url)
    trusted: Any = aws.ca_bundle  # botocore takes the name of a file, its stubs do not
    session: Any = URLLib3Session(verify=trusted, proxies=proxies, timeout=SECONDS_TO_ANSWER)
    begun = time.monotonic()
    answer = session.send(AWSRequest(method="GET", url=url).prepare())
    seconds = time.monotonic() - begun
    aws_time = http_date(answer.headers.get("Date"))
    return Reached(
        host=str(urlsplit(url).hostname),
        seconds=seconds,
        proxy=_shown(proxies.get(urlsplit(url).scheme)),
        clock_ahead=None if aws_time is None else (datetime.now(UTC) - aws_time).total_seconds(),
    )


def _shown(proxy: str | None) -> str | None:
    if not proxy:
        return None
    parts = urlsplit(proxy if "//" in proxy else f"//{proxy}")
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
