"""The request as API Gateway hands it over (REST proxy, HTTP API, or the console's bare test event)."""

from __future__ import annotations

from json import dumps

from refusal import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BYTE_ORDER_MARK = "\ufeff"
COMPRESSIONS = ("gzip", "x-gzip", "deflate")
GZIP_MAGIC = "\x1f"  # no text begins so
# zlib's ways to ask for a wrapping: https://docs.python.org/3/library/zlib.html#zlib.decompressobj
GZIP_WINDOW_BITS, ZLIB_WINDOW_BITS, RAW_WINDOW_BITS = 31, 15, -15
INFLATED_AT_ONCE = 65_536  # bytes; zlib copies what it leaves over, so little is given to it at a time


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
        """The body as text, base64 and compression undone; at most `maximum_bytes` as UTF-8.

        A REST API has inflated the body already, and may keep the header or take it away. An HTTP API and a
        Function URL hand the body over as it came, in base64.

        Raises Refusal: 400 when it cannot be decoded, 413 when it is too large, 415 for another encoding.
        """
        encoding = self.header("content-encoding").strip().lower()
        if encoding not in ("", "identity", *COMPRESSIONS):
            raise Refusal(415, "Content-Encoding must be gzip, deflate or identity")
        body = self._event.get("body")
        if body is None:
            return ""
        if not isinstance(body, str):  # the console's test event carries the events themselves
            return _limited_text(dumps(body, ensure_ascii=False), maximum_bytes)
        if self._event.get("isBase64Encoded"):
            content = _from_base64(body, maximum_bytes)
            return _decoded(
                _inflated(content, encoding, maximum_bytes) if encoding in COMPRESSIONS else content
            )
        if body.startswith(GZIP_MAGIC):
            raise Refusal(400, "The gzip body was neither inflated nor handed over as binary (base64)")
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


def _inflated(content: bytes, encoding: str, maximum_bytes: int) -> bytearray:
    """Undo gzip (several members allowed) or deflate without ever holding more than `maximum_bytes` + 1."""
    import zlib

    window_bits = _deflate_window_bits(content) if encoding == "deflate" else GZIP_WINDOW_BITS
    inflated = bytearray()
    position = 0
    while position < len(content):
        if position and encoding == "deflate":
            raise Refusal(400, "Something follows the deflate body")
        member = zlib.decompressobj(window_bits)
        while not member.eof:
            if position >= len(content):
                raise Refusal(400, f"The {encoding} body ends too early")
            piece = content[position : position + INFLATED_AT_ONCE]
            try:
                inflated += member.decompress(piece, maximum_bytes + 1 - len(inflated))
            except zlib.error:
                raise Refusal(400, f"The body is not valid {encoding}") from None
            if len(inflated) > maximum_bytes:
                raise _too_large(maximum_bytes)
            position += len(piece)
        position -= len(member.unused_data)
    return inflated


def _deflate_window_bits(content: bytes) -> int:
    """HTTP's deflate is zlib's wrapping, but some clients send the bare stream.

    The wrapping's first byte ends in 8, and its first two are a multiple of 31 (RFC 1950).
    """
    wrapped = len(content) > 1 and content[0] & 15 == 8 and int.from_bytes(content[:2], "big") % 31 == 0
    return ZLIB_WINDOW_BITS if wrapped else RAW_WINDOW_BITS


def _decoded(content: bytes | bytearray) -> str:
    try:
        return content.decode().removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError:
        raise Refusal(400, "The body is not valid UTF-8") from None
