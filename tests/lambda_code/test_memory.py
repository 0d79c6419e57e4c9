"""A function of 128 MB survives every request that Lambda hands to it, in the process of AWS's runtime."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.lambda_code.doubles import TOKEN, binary
from tests.lambda_code.runtime import THIS_PYTHON, Running, running
from wizard.settings.table import MOST_REQUEST_BYTES

FUNCTION_MEGABYTES = 128
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LAMBDA_EVENT_BYTES = 6 * 1024 * 1024


def filled(event: str, opening: str = "[", closing: str = "]", *, size: int = MOST_REQUEST_BYTES) -> str:
    """As many copies of the event's text as fit into a request of that size."""
    room = size - len(opening) - len(closing)
    count = min(room // (len(event.encode()) + 1), 100_000)
    return opening + ",".join([event] * count) + closing


PAGE_VIEW = (
    '{"event_name":"page_view","user_id":"user_1","properties":{"path":"/pricing","list":[1,2,{"a":1.5}]}}'
)
BODIES = {
    "a batch": filled(PAGE_VIEW),
    "a wrapped batch": filled(PAGE_VIEW, '{"events":[', "]}"),
    "a batch that must be written out again": filled(PAGE_VIEW.replace('":', '" :')),
    "a batch with one emoji, which takes four bytes a character": filled(PAGE_VIEW, '[{"a":"😀"},'),
    "the same with half a character beside it": filled(PAGE_VIEW, '[{"a":"😀\\ud800"},'),
    "a hundred thousand small events": filled('{"event_name":"a"}'),
    "one event with a long text": '{"a":"' + "x" * (MOST_REQUEST_BYTES - 8) + '"}',
    "one event of halves of characters": '{"a":"' + "\\ud800" * ((MOST_REQUEST_BYTES - 8) // 6) + '"}',
    "a hundred thousand refused events": filled("1"),
    "too many events": "[" + "1," * 2_000_000 + "1]",
}
HEAVY = ("a batch", "the same with half a character beside it")
HEADERS = {"content-type": "application/json", "x-auth-token": TOKEN}
GZIP = {"headers": {**HEADERS, "content-encoding": "gzip"}}


def sent(function: Running, parts: dict[str, Any]) -> int:
    """The status of the answer to a request that is no larger than Lambda takes."""
    event = {"httpMethod": "POST", "headers": HEADERS, **parts}
    assert len(json.dumps(event, ensure_ascii=False).encode()) <= LAMBDA_EVENT_BYTES
    return function.status(event)


@pytest.mark.slow
@pytest.mark.parametrize(("event_format", "names"), [("json", tuple(BODIES)), ("jsonl.gz", HEAVY)])
def test_the_largest_requests_are_handled_within_the_functions_memory(
    tmp_path: Path, event_format: str, names: tuple[str, ...]
) -> None:
    peaks = {}
    settings = {"EVENT_FORMAT": event_format, "MAX_REQUEST_BYTES": str(MOST_REQUEST_BYTES)}
    with running(THIS_PYTHON, tmp_path, **settings) as function:
        assert sent(function, {**GZIP, **binary(gzip.compress(b" " * 1024 * 1024 * 300))}) == 413
        assert function.peak_megabytes < 64, "a gzip bomb must never unfold"
        for name in names:
            body, expected = BODIES[name], 400 if "refused" in name else 413 if "too many" in name else 200
            assert sent(function, {"body": body}) == expected, name
            peaks[name] = function.peak_megabytes
        for name in HEAVY:
            packed = gzip.compress(BODIES[name].encode(), 1)
            assert sent(function, {**GZIP, **binary(packed)}) == 200
            peaks[f"{name}, compressed"] = function.peak_megabytes
        base64 = filled(PAGE_VIEW, size=LAMBDA_EVENT_BYTES * 3 // 4 - 1_000)
        assert sent(function, binary(base64.encode())) == 200
        peaks["a batch in base64"] = function.peak_megabytes
    print({name: round(peak) for name, peak in peaks.items()})
    assert max(peaks.values()) < FUNCTION_MEGABYTES
