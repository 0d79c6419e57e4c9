"""What is said of a wait by a command that draws nothing."""

from __future__ import annotations

import pytest

from wizard.ui.waits import wait_reporter


def test_a_long_wait_is_said_once_and_a_short_one_never_so_that_silence_is_no_riddle(
    capsys: pytest.CaptureFixture[str],
) -> None:
    say = wait_reporter()
    say("AWS has it already", 0.5, 60)
    for elapsed in (0, 1, 3, 7):
        say("AWS asks for fewer requests", elapsed, 120)
    say("AWS cannot be reached", 4, 60)

    said = capsys.readouterr()
    assert said.err.splitlines() == [
        "AWS asks for fewer requests: waiting, at most 120 s …",
        "AWS cannot be reached: waiting, at most 60 s …",
    ]
    assert said.out == "", "results go elsewhere"
