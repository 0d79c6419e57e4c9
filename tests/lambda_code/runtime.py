"""The uploaded zip in a process of AWS's own runtime client, on any Python of the runtimes."""

from __future__ import annotations

import importlib.util
import io
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.lambda_code.doubles import DIGEST
from tests.lambda_code.runtime_api import RuntimeApi
from tests.lambda_code.s3_double import S3Double
from wizard import package

OWNER = "123456789012"
CLIENT = "awslambdaric"
CACHE = Path(tempfile.gettempdir()) / f"eventtrack-runtime-clients-{os.getuid()}"
THIS_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"


def interpreter(runtime: str) -> str | None:
    """The Python of a runtime on this machine."""
    if runtime == THIS_PYTHON:
        return sys.executable
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    installed = sorted(root.glob(f"{runtime.removeprefix('python')}.*/bin/{runtime}"))
    return str(installed[-1]) if installed else shutil.which(runtime)


def runtime_client(runtime: str, python: str) -> Path | None:
    """The folder with AWS's runtime client for that Python, installed once; None: it is in this one's."""
    if runtime == THIS_PYTHON:
        if importlib.util.find_spec(CLIENT) is None:
            pytest.skip(f"{CLIENT} is not installed (extra `test`)")
        return None
    folder = CACHE / runtime
    if not folder.is_dir():
        unfinished = CACHE / f"{runtime}.{os.getpid()}"
        command = [python, "-m", "pip", "install", "--quiet", "--only-binary", ":all:", "--target"]
        done = subprocess.run([*command, str(unfinished), CLIENT], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"{CLIENT} cannot be installed for {runtime}: {done.stderr.strip()[-200:]}")
        unfinished.rename(folder)
    return folder


@dataclass
class Running:
    """A runtime that waits for events."""

    api: RuntimeApi
    s3: S3Double
    process: subprocess.Popen[bytes]

    def answer(self, event: object) -> Any:
        """The answer to an event, in the only form that a proxy integration takes."""
        answer = self.api.invoke(event, lambda: self.process.poll() is None)
        assert set(answer) <= {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
        assert type(answer["statusCode"]) is int
        assert type(answer["body"]) is str
        assert type(answer.get("isBase64Encoded", False)) is bool
        assert all(type(text) is str for item in answer["headers"].items() for text in item)
        return answer

    def status(self, event: object) -> int:
        """The status of the answer."""
        status: int = self.answer(event)["statusCode"]
        return status

    @property
    def peak_megabytes(self) -> float:
        """The most memory that the process ever had."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmHWM")) / 1024


@contextmanager
def running(runtime: str, folder: Path, **settings: str) -> Iterator[Running]:
    """The uploaded zip, unpacked as Lambda does, under the runtime's bootstrap."""
    python = interpreter(runtime)
    if python is None:
        pytest.skip(f"there is no {runtime} here")
    client = runtime_client(runtime, python)
    with zipfile.ZipFile(io.BytesIO(package.build().content)) as archive:
        archive.extractall(folder)
    with RuntimeApi() as api, S3Double(owner=OWNER) as s3:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(filter(None, (str(client or ""), str(folder)))),
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": s3.url,
            "BUCKET_NAME": "bucket",
            "BUCKET_OWNER": OWNER,
            "AUTH_TOKEN_SHA256": DIGEST,
            **settings,
        }
        process = subprocess.Popen(
            [python, "-m", CLIENT, package.HANDLER],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield Running(api, s3, process)
        finally:
            process.kill()
            process.wait()
