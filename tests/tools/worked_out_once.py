"""What libraries read and work out anew for every client of AWS and every command line, and which never
changes: done once in a process of the tests.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import botocore
import botocore.hooks
import typer.main

from wizard.aws.models import PlainFiles

MODELS = str(Path(botocore.__file__).parent / "data")
DECLARATIONS = 1000  # more functions than the program has commands


def work_out_once() -> None:
    """From now on, in this process."""
    _read_models_once()
    hooks: Any = botocore.hooks
    hooks.accepts_kwargs = _takes_any_keyword
    commands: Any = typer.main
    commands.get_params_from_function = lru_cache(DECLARATIONS)(commands.get_params_from_function)


def _read_models_once() -> None:
    """botocore's own models, where the wizard reads them: moto, which reads them otherwise, writes into them.
    Files of other folders may be written anew.
    """
    read, known = vars(PlainFiles)["load_file"], dict[str, Any]()

    def load_file(self: PlainFiles, path: str) -> Any:
        if path not in known:
            found = read(self, path)
            if found is None or not path.startswith(MODELS):
                return found
            known[path] = found
        return _to_be_written_into(known[path])

    files: Any = PlainFiles
    files.load_file = load_file


def _to_be_written_into(model: dict[str, Any]) -> dict[str, Any]:
    """botocore takes the bucket out of the address in S3's model when an operation is first called."""
    operations: dict[str, dict[str, Any]] = model.get("operations", {})
    copied = {
        name: {key: dict(part) if isinstance(part, dict) else part for key, part in operation.items()}
        for name, operation in operations.items()
    }
    return {**model, "operations": copied} if copied else model


_signature_says: Callable[[Any], Any] = botocore.hooks.accepts_kwargs


def _takes_any_keyword(function: Any) -> bool:
    """Of a function or method it stands in its code; of anything else, in its signature, which takes long."""
    code = getattr(function, "__code__", None)
    return bool(code.co_flags & inspect.CO_VARKEYWORDS if code else _signature_says(function))


def pytest_configure() -> None:
    """In every process of pytest."""
    work_out_once()
