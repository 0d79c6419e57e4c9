"""The deployed endpoint as a client sees it: its address, a post, a preflight."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import urllib3

from wizard.aws.errors import TRUST
from wizard.aws.pool import pool_for
from wizard.errors import StateError, WizardError
from wizard.resources.base import Deployment

# https://docs.aws.amazon.com/general/latest/gr/rande.html
DNS_SUFFIXES = {
    "aws": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-us-gov": "amazonaws.com",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
    "aws-eusc": "amazonaws.eu",
}
TOKEN_HEADER = "X-Auth-Token"  # noqa: S105  the header's name
# The gateway waits 29 s for the function.
TIMEOUT = urllib3.Timeout(connect=5, read=35)


class UnreachableError(WizardError):
    """No answer came from the endpoint at all."""


class UntrustedError(WizardError):
    """Who answered cannot be trusted to be the endpoint; waiting does not cure it."""


@dataclass(frozen=True)
class Answer:
    """What the endpoint answered. `seconds` is the time from sending to the last byte."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]
    text: str
    seconds: float

    @property
    def request_id(self) -> str:
        """The id under which the handler stored the events."""
        return self.headers.get("x-request-id", "")


def url_of(at: Deployment) -> str | None:
    """The public URL; None while there is no API."""
    api_id = at.fact("api", "id")
    return None if api_id is None else url_by(at, api_id)


def required_url(at: Deployment) -> str:
    """The public URL.

    Raises:
        StateError: there is none yet.
    """
    url = url_of(at)
    if url is None:
        raise StateError(
            what="There is no endpoint yet.",
            why="The deployment is not complete.",
            next_step="Run `eventtrack-wizard setup` to finish it.",
        )
    return url


def url_by(at: Deployment, api_id: str) -> str:
    """The URL that leads to this API, or led there."""
    settings, identity = at.settings, at.identity
    if at.aws.endpoint_url:
        base = f"{at.aws.endpoint_url}/restapis/{api_id}/{settings.stage_name}/_user_request_"
    else:
        suffix = DNS_SUFFIXES.get(identity.partition, "amazonaws.com")
        base = f"https://{api_id}.execute-api.{identity.region}.{suffix}/{settings.stage_name}"
    return f"{base}/{settings.resource_path}"


class Endpoint:
    """A client of the endpoint with kept-alive connections. Never retries a post: it may have been stored.

    Args:
        ca_bundle: a file of certificate authorities; None: those of this machine.
        before: called before every request; may wait.
    """

    def __init__(
        self,
        url: str,
        token: str | None,
        connections: int = 4,
        ca_bundle: str | None = None,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self.url = url
        self._before = before
        self._token = token
        self._ca_bundle = ca_bundle
        options = {"maxsize": connections, "retries": False, "timeout": TIMEOUT, "ca_certs": ca_bundle}
        self._pool = pool_for(url, **options)

    @classmethod
    def of(cls, at: Deployment, connections: int = 4, before: Callable[[], None] = lambda: None) -> Self:
        """That of a deployment, which trusts whom boto3 trusts."""
        return cls(str(url_of(at)), at.token, connections, at.aws.ca_bundle, before)

    def post(self, events: object, *, token: str | None = None) -> Answer:
        """Post events as JSON, with the deployment's token unless another one is given.

        Raises:
            UnreachableError: the endpoint cannot be reached.
            UntrustedError: it cannot be trusted.
        """
        sent = self._token if token is None else token
        headers = {"Content-Type": "application/json", **({TOKEN_HEADER: sent} if sent else {})}
        return self._send("POST", headers, json.dumps(events).encode())

    def preflight(self, origin: str) -> Answer:
        """Ask as a browser on a page of `origin` asks before it sends an event.

        Raises:
            UnreachableError: the endpoint cannot be reached.
            UntrustedError: it cannot be trusted.
        """
        return self._send(
            "OPTIONS",
            {
                "Origin": origin,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "content-type,x-auth-token",
            },
            None,
        )

    def _send(self, method: str, headers: dict[str, str], body: bytes | None) -> Answer:
        self._before()
        begun = time.perf_counter()
        try:
            response = self._pool.request(method, self.url, headers=headers, body=body)
        except urllib3.exceptions.HTTPError as error:
            raise self._explained(error) from error
        text = response.data.decode("utf-8", "replace")
        return Answer(
            status=response.status,
            headers={name.casefold(): value for name, value in response.headers.items()},
            body=_decoded(text),
            text=text,
            seconds=time.perf_counter() - begun,
        )

    def _explained(self, error: urllib3.exceptions.HTTPError) -> WizardError:
        untrusted = urllib3.exceptions.SSLError
        if isinstance(error, untrusted) or isinstance(getattr(error, "original_error", None), untrusted):
            return UntrustedError(
                what=f"The TLS connection to {self.url} cannot be trusted.",
                why=f"{error}. Trusted are the certificate authorities in {self._ca_bundle}.",
                next_step=TRUST,
            )
        return UnreachableError(
            what=f"The endpoint {self.url} cannot be reached.",
            why=f"{type(error).__name__}: {str(error).rpartition(': ')[2]}.",
            next_step="Check the network, and the deployment with `eventtrack-wizard status`.",
        )


def _decoded(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
