"""A failure that concerns everything stops also those steps that are handed out and not begun yet."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wizard.engine.graph import OneByOne, Threads, Workers, walk
from wizard.errors import CredentialsError, Interrupted

STEPS: dict[str, tuple[str, ...]] = dict.fromkeys("abcdef", ())
DEAD = CredentialsError(what="The credentials have expired.", why="-", next_step="-")


@pytest.mark.parametrize(
    "workers", [lambda: OneByOne(STEPS), lambda: Threads(1)], ids=["one by one", "a thread"]
)
@pytest.mark.parametrize("failure", [DEAD, Interrupted()], ids=["dead credentials", "Ctrl-C"])
def test_what_waits_for_a_free_hand_is_not_begun_when_everything_is_stopped(
    workers: Callable[[], Workers], failure: BaseException
) -> None:
    """With dead credentials every further call would be refused; after Ctrl-C nothing may be changed."""
    begun: list[str] = []
    told: list[tuple[str, str]] = []

    def work(step: str) -> None:
        begun.append(step)
        raise failure

    found = walk(STEPS, work, workers(), on_stopped=lambda step, because: told.append((step, because)))
    assert begun == ["a"]
    assert found.failed == {"a": failure}
    assert found.stopped == dict.fromkeys("bcdef", "")
    assert dict(told) == found.stopped
