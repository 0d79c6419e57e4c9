"""The code that is uploaded: `lambda_code` as a zip that is the same, byte for byte, wherever it is made."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path


def code_folder(package: Path) -> Path:
    """Where the handler's modules lie: in the installed `wizard` package itself, in a clone beside it."""
    inside = package / "lambda_code"
    return inside if inside.is_dir() else package.parent / "lambda_code"


CODE_FOLDER = code_folder(Path(__file__).resolve().parent)
HANDLER = "lambda_function.lambda_handler"

# The oldest time that a zip can hold: the same for every file, so that only contents count.
FIXED_TIME = (1980, 1, 1, 0, 0, 0)
# Files without read permission for everybody cannot be imported by Lambda (`[Errno 13]`).
FILE_MODE = 0o100644


@dataclass(frozen=True)
class Package:
    """The zip and its SHA-256 as Lambda reports it (base64)."""

    content: bytes
    sha256: str


@cache
def build(folder: Path = CODE_FOLDER) -> Package:
    """Pack the handler's modules. Stored, not deflated: zlib's output differs between its versions."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.glob("*.py")):
            entry = zipfile.ZipInfo(path.name, FIXED_TIME)
            entry.create_system = 3
            entry.external_attr = FILE_MODE << 16
            archive.writestr(entry, path.read_bytes())
    return packed(buffer.getvalue())


def packed(content: bytes) -> Package:
    """A zip that was packed before."""
    return Package(content, base64.b64encode(hashlib.sha256(content).digest()).decode())
