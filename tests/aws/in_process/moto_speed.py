"""What moto works out anew at every call, kept; and what botocore makes for nobody, left out."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import moto.backend_index
import moto.core.responses
from botocore import UNSIGNED
from botocore.config import Config
from moto.core.base_backend import BaseBackend
from moto.core.utils import method_names_from_class

SERVICES = frozenset(("s3", "iam", "lambda", "logs", "apigateway", "sts", "sns", "cloudwatch"))
Handlers = dict[str, Callable[[Any, str, Any], Any]]


def frugal(service: str, config: Config) -> Config:
    """Without what is made for every request and read by nobody; S3 alone looks for a signature."""
    unread: dict[str, Any] = {"user_agent": "tests"}
    if service != "s3":
        unread["signature_version"] = UNSIGNED
    return config.merge(Config(**unread))


def hurry_moto() -> None:
    """Keep the addresses of a service and the methods of its class, which never change; and look for an
    address among those of our services first, not through all of AWS."""
    moto.backend_index.backend_url_patterns.sort(key=lambda row: row[0] not in SERVICES)
    responses: Any = moto.core.responses
    responses.method_names_from_class = cache(method_names_from_class)
    backend: Any = BaseBackend
    backend.urls = property(lambda self: _addresses(self.__class__))


_urls: Callable[[BaseBackend], Handlers] = vars(BaseBackend)["urls"].fget


@cache
def _addresses(backend: type[BaseBackend]) -> Handlers:
    return _urls(object.__new__(backend))
