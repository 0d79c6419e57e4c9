"""Kept-alive connections, through the proxy that the environment names, as boto3 goes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def pool_for(url: str, **options: Any) -> urllib3.PoolManager:
    """Connections to the host of `url`; urllib3 alone would know no proxy."""
    parts = urlsplit(url)
    proxy = getproxies().get(parts.scheme)
    if proxy is None or parts.hostname in LOOPBACK or proxy_bypass(parts.netloc):
        return urllib3.PoolManager(**options)
    return urllib3.ProxyManager(proxy, **options)
