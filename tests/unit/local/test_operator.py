"""The wizard's own user in the embedded local AWS, asked for by several commands at once."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.aws.in_process import Account, FakeClock
from wizard.local.operator import operator_keys

POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}


def test_two_commands_at_once_get_the_same_keys_because_new_ones_take_the_place_of_all_others(
    account: Account, tmp_path: Path
) -> None:
    aws = account.aws(FakeClock())
    both = threading.Barrier(2)

    def meet(**_: object) -> None:
        """Who is there alone goes on alone."""
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.5)

    events = aws.iam.meta.events
    events.register_last("after-call.iam.GetUser", meet)
    try:
        with ThreadPoolExecutor() as threads:
            asked = [threads.submit(operator_keys, aws, "proof", POLICY, tmp_path) for _ in range(2)]
            first, second = (one.result() for one in asked)
    finally:
        events.unregister("after-call.iam.GetUser", meet)

    assert first == second
