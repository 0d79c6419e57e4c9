"""What a REST API makes of a compressed request before its integration sees it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gzip-compression-decompression.html
"""

from __future__ import annotations

import zlib

# 32 + 15: gzip's and zlib's wrapping, told apart by their first bytes.
EITHER_WRAPPING = 47
INFLATED = ("gzip", "deflate")


def inflated(body: bytes, encoding: str) -> bytes:
    """The body as the function gets it; of an encoding that the gateway does not know, as it came."""
    return zlib.decompress(body, EITHER_WRAPPING) if encoding.casefold() in INFLATED else body
