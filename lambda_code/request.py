"""The request as API Gateway hands it over (REST proxy, HTTP API, or the console's bare test event)."""

from __future__ import annotations

from json import dumps

from refusal import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BYTE_ORDER_MARK = "\ufeff"
GZIP_WINDOW_BITS = 31  # 16 + 15: zlib's way to ask for the gzip wrapping


class Request:
    """Tolerant view of the event: any part may be missing, null or of another type."""

    def __init__(self, event: object) -> None:
        self._event: dict[str, Any] = event if isinstance(event, dict) else {}
        self._headers = _first_values(self._event, "headers", "multiValueHeaders", lower=True)

    def header(self, name: str) -> str:
        """The value of the header given in lower case, or ""."""
        return self._headers.get(name, "")

    def query(self, name: str) -> str:
        """The value of the query parameter, or ""."""
        parameters = _first_values(
            self._event, "queryStringParameters", "multiValueQueryStringParameters", lower=False
        )
        return parameters.get(name, "")

    @property
    def method(self) -> str:
        """The HTTP method; a bare test event has none and counts as POST."""
        method = self._event.get("httpMethod")
        if method is None:
            context = self._event.get("requestContext")
            http = context.get("http") if isinstance(context, dict) else None
            method = http.get("method") if isinstance(http, dict) else None
        return method.upper() if isinstance(method, str) else "POST"

    def text(self, maximum_bytes: int) -> str:
        """The body as text, base64 and gzip undone; at most `maximum_bytes` as UTF-8.

        Raises Refusal: 400 when it cannot be decoded, 413 when it is too large, 415 for another encoding.
        """
        encoding = self.header("content-encoding").strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip"):
            raise Refusal(415, "Content-Encoding must be gzip or identity")
        body = self._event.get("body")
        if body is None:
            return ""
        if not isinstance(body, str):  # the console's test event carries the events themselves
            return _limited_text(dumps(body, ensure_ascii=False), maximum_bytes)
        if encoding in ("gzip", "x-gzip"):
            if not self._event.get("isBase64Encoded"):
                raise Refusal(400, "A gzip body must reach the function as binary (base64)")
            return _decoded(_inflated(_from_base64(body, maximum_bytes), maximum_bytes))
        if self._event.get("isBase64Encoded"):
            return _decoded(_from_base64(body, maximum_bytes))
        return _limited_text(body, maximum_bytes)


def _first_values(event: dict[str, Any], single: str, multiple: str, *, lower: bool) -> dict[str, str]:
    """Names and text values of both forms in which API Gateway gives headers and parameters."""
    values: dict[str, str] = {}
    lists = event.get(multiple)
    if isinstance(lists, dict):
        for name, entries in lists.items():
            if isinstance(entries, list) and entries and isinstance(entries[0], str):
                values[name.lower() if lower else name] = entries[0]
    singles = event.get(single)
    if isinstance(singles, dict):
        for name, value in singles.items():
            if isinstance(name, str) and isinstance(value, str):
                values[name.lower() if lower else name] = value
    return values


def _too_large(maximum_bytes: int) -> Refusal:
    return Refusal(413, f"The body is larger than {maximum_bytes} bytes")


def _limited_text(text: str, maximum_bytes: int) -> str:
    length = len(text)
    if length <= maximum_bytes < length * 4 and not text.isascii():
        length = len(text.encode("utf-8", "surrogatepass"))
    if length > maximum_bytes:
        raise _too_large(maximum_bytes)
    return text.removeprefix(BYTE_ORDER_MARK)


def _from_base64(body: str, maximum_bytes: int) -> bytes:
    from binascii import a2b_base64

    if len(body) // 4 * 3 > maximum_bytes + 2:
        raise _too_large(maximum_bytes)
    try:
        content = a2b_base64(body, strict_mode=True)
    except ValueError:  # binascii.Error, or text outside ASCII
        raise Refusal(400, "The body is not valid base64") from None
    if len(content) > maximum_bytes:
        raise _too_large(maximum_bytes)
    return content


def _inflated(content: bytes, maximum_bytes: int) -> bytes:
    """Undo gzip (several members allowed) without ever holding more than `maximum_bytes` + 1 of output."""
    import zlib

    inflated = b""
    while content:
        member = zlib.decompressobj(GZIP_WINDOW_BITS)
        try:
            piece = member.decompress(content, maximum_bytes + 1 - len(inflated))
        except zlib.error:
            raise Refusal(400, "The body is not valid gzip") from None
        inflated = inflated + piece if inflated else piece
        if len(inflated) > maximum_bytes:
            raise _too_large(maximum_bytes)
        if not member.eof:
            raise Refusal(400, "The gzip body ends too early")
        content = member.unused_data
    return inflated


def _decoded(content: bytes) -> str:
    try:
        return content.decode().removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError:
        raise Refusal(400, "The body is not valid UTF-8") from None
