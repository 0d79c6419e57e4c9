"""The last screen of a setup: everything on it can be copied, and nothing on it is untrue."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from wizard.commands.setup_result import Result, curl_line, result_lines
from wizard.options import Options

RESULT = Result(
    "shop",
    "https://a1.execute-api.eu-central-1.amazonaws.com/prod/events",
    12.44,
    ("invoke with TestEventAPI", "preflight, refusal and a stored event through the public URL"),
    "s3://shop-0123456789/events/one.json",
    None,
    Path("shop.token"),
    new_token="t0ken",
)
OPTIONS = Options(state=Path("shop.json"), profile="work")


# With what stands beside each, in one column.
NEXT = (
    ("send-test", "            send a test event and see it stored"),
    ("snippet javascript", "   a client; also in python, node, curl"),
    ("token add", "            make a token for one more client"),
    ("status", "               compare what runs with what was set up"),
    ("rollback", "             take all back; --dry-run only shows it"),
)


def shown(result: Result) -> list[str]:
    return "\n".join(result_lines(result, OPTIONS)).splitlines()


def test_the_screen_says_what_stands_what_was_proved_and_what_comes_next() -> None:
    assert shown(RESULT) == [
        "Deployed shop in 12.4 s.",
        "Endpoint: https://a1.execute-api.eu-central-1.amazonaws.com/prod/events",
        "Verified: invoke with TestEventAPI",
        "Verified: preflight, refusal and a stored event through the public URL",
        "Stored test event: s3://shop-0123456789/events/one.json",
        "Token: in shop.token",
        "",
        "Send an event:",
        f"  {curl_line(RESULT.url, RESULT.token_file)}",
        "",
        "Next:",
        *(
            f"  eventtrack-wizard {words} --state shop.json --profile work{purpose}"
            for words, purpose in NEXT
        ),
    ]


def test_a_new_token_is_shown_where_somebody_looks_and_an_old_one_nowhere() -> None:
    token = "Token (shown this once, kept in shop.token): t0ken"
    assert token in shown(replace(RESULT, shows_token=True))
    assert not any("t0ken" in line for line in shown(RESULT))
    assert not any(
        "Token" in line and "X-Auth" not in line for line in shown(replace(RESULT, new_token=None))
    )


def test_what_an_earlier_run_has_proved_is_not_told_as_news() -> None:
    lines = shown(replace(RESULT, proved=(), proved_before=RESULT.proved, stored=None))
    assert lines[2] == "Verified before: invoke with TestEventAPI"
    assert not any("Stored" in line for line in lines), "its event may have been erased since"


def test_a_url_that_has_changed_is_told_with_the_one_of_before() -> None:
    lines = shown(replace(RESULT, former_url="https://a0.example/events"))
    assert lines[2] == f"The URL has changed, tell the clients: https://a0.example/events → {RESULT.url}"


def test_a_closed_endpoint_has_no_line_to_send_an_event_with() -> None:
    lines = shown(replace(RESULT, closed="Closed: `eventtrack-wizard setup --open` opens it.", stored=None))
    assert "Closed: `eventtrack-wizard setup --open --state shop.json --profile work` opens it." in lines
    assert not any("curl -X" in line for line in lines)
    following = lines[lines.index("Next:") :]
    assert not any("send-test" in line for line in following), "it would be refused"
    assert following[1].startswith("  eventtrack-wizard setup --open ")


def test_the_local_aws_that_goes_on_running_is_told_with_how_to_stop_it() -> None:
    *_others, running, how_to_stop = shown(replace(RESULT, local_bytes=65_400_000))
    assert running == "The local AWS goes on running (65.4 MB of memory)."
    assert how_to_stop.startswith("`eventtrack-wizard local stop`")


@pytest.mark.parametrize("program", ["eventtrack-wizard", ".venv/bin/eventtrack-wizard"])
def test_what_comes_next_fits_a_narrow_terminal_because_its_lines_are_not_broken_between_words(
    program: str,
) -> None:
    lines = list(result_lines(RESULT, Options(program=program), 80))
    assert max(len(line) for line in lines[lines.index("\nNext:") :]) <= 80


def test_the_line_to_paste_works_in_a_folder_with_a_blank(tmp_path: Path) -> None:
    token_file = tmp_path / "my shop.token"
    token_file.write_text("t0ken")
    header, _, _curl = curl_line("http://127.0.0.1:9/events", token_file).partition(" | ")
    assert subprocess.run(["sh", "-c", header], capture_output=True, check=True).stdout == (
        b"X-Auth-Token: t0ken"
    )
