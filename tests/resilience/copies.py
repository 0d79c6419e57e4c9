"""Copies of this process, in which one can try what would happen and not have it happen."""

from __future__ import annotations

import gc
import json
import os
import shutil
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

# Removed when the copy ends; it must never touch those of the process that it was copied from.
FOLDERS_OF_THIS_COPY: list[Path] = []


class CopyFailed(AssertionError):  # noqa: N818  a failed test, in another process
    """Something was raised in the copy; its traceback is the message."""


def in_a_copy(action: Callable[[], Any]) -> Any:
    """What `action` returns (JSON) in a copy of this process."""
    copy = Copy()
    if copy.is_here:
        copy.send(action)
    return copy.result()


class Copy:
    """A fork. In the copy `is_here` is true; there `send` ends the process, here `result` waits for that."""

    def __init__(self) -> None:
        gc.freeze()  # a collection in the copy would touch, and so duplicate, all memory
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            # The only thread that matters is the endpoint's, and the copy starts one of its own.
            warnings.filterwarnings("ignore", ".*multi-threaded", DeprecationWarning)
            self._process_id = os.fork()
        self.is_here = self._process_id == 0
        if self.is_here:
            gc.disable()
        os.close(reading if self.is_here else writing)
        self._pipe = writing if self.is_here else reading

    def send(self, action: Callable[[], Any]) -> NoReturn:
        """Send what `action` returns, or how it failed; nothing of this process runs on."""
        try:
            text = json.dumps({"result": action()})
        except BaseException:  # noqa: BLE001  nothing may get out of the copy
            text = json.dumps({"failure": traceback.format_exc()})
        with os.fdopen(self._pipe, "w") as pipe:
            pipe.write(text)
        for folder in FOLDERS_OF_THIS_COPY:
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)

    def result(self) -> Any:
        """What the copy sent.

        Raises:
            CopyFailed: it failed.
        """
        with os.fdopen(self._pipe) as pipe:
            text = pipe.read()
        os.waitpid(self._process_id, 0)
        message = json.loads(text) if text else {"failure": "The copy died without a word."}
        if "failure" in message:
            raise CopyFailed(message["failure"])
        return message["result"]
