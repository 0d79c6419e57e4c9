"""What moto and botocore work out anew at every call, kept: a third of the time of a call."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import moto.core.responses
from botocore import UNSIGNED
from botocore.config import Config
from moto.core.base_backend import BaseBackend
from moto.core.utils import method_names_from_class

Handlers = dict[str, Callable[[Any, str, Any], Any]]


def frugal(service: str, config: Config) -> Config:
    """Without what is made for every request and read by nobody; S3 alone looks for a signature."""
    unread: dict[str, Any] = {"user_agent": "tests"}
    if service != "s3":
        unread["signature_version"] = UNSIGNED
    return config.merge(Config(**unread))


def hurry_moto() -> None:
    """Keep the addresses of a service and the methods of its class; neither ever changes."""
    responses: Any = moto.core.responses
    responses.method_names_from_class = cache(method_names_from_class)
    backend: Any = BaseBackend
    backend.urls = property(lambda self: _addresses(self.__class__))


_urls: Callable[[BaseBackend], Handlers] = vars(BaseBackend)["urls"].fget


@cache
def _addresses(backend: type[BaseBackend]) -> Handlers:
    return _urls(object.__new__(backend))
