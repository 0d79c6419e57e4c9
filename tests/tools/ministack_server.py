"""MiniStack, the embedded local AWS, as a process of the tests."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tests import IMPORT_PATH
from wizard.local.ports import is_free

SECONDS_TO_START = 60.0
SECONDS_TO_STOP = 10.0


def free_port() -> int:
    """A TCP port on loopback that nobody listens on right now.

    It is below those that the system hands to outgoing connections (32768 and up on Linux): one of them could
    take it before a server does.
    """
    return next(port for port in iter(lambda: random.randrange(20000, 30000), None) if is_free(port))


class MiniStackProcess:
    """One MiniStack on loopback; root's credentials are test/test. Usable as a context manager."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(
        self,
        port: int = 0,
        *,
        auth: bool = True,
        data_dir: Path | None = None,
        extra_env: dict[str, str] | None = None,
        log: Path | None = None,
    ) -> str:
        """Start and wait until healthy; returns the URL.

        `port` 0 takes a free one, `auth` enforces signatures and policies, `data_dir` keeps the state there.
        Raises RuntimeError when it does not come up.
        """
        port = port or free_port()
        environment = os.environ | {
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "IOT_MTLS_ENABLED": "0",
            "AUTH": "true" if auth else "false",
            "LAMBDA_EXECUTOR": "local",
            "PYTHONPATH": IMPORT_PATH,
        }
        if data_dir:
            environment |= {
                "PERSIST_STATE": "1",
                "STATE_DIR": str(data_dir / "state"),
                "S3_PERSIST": "1",
                "S3_DATA_DIR": str(data_dir / "s3"),
            }
        with (log or Path(os.devnull)).open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ministack"],
                env=environment | (extra_env or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.url = f"http://127.0.0.1:{port}"
        self._wait_until_healthy()
        return self.url

    def stop(self) -> None:
        """Stop it, cleanly if it listens to that; nothing happens when it is not running."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def __enter__(self) -> MiniStackProcess:
        if not self.url:
            self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError("MiniStack ended while it was starting")
            try:
                with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=2):
                    return
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise RuntimeError("MiniStack did not become healthy")
