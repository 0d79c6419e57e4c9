"""The code that is uploaded: `lambda_code` as a zip that is the same, byte for byte, wherever it is made."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CODE_FOLDER = Path(__file__).resolve().parent.parent / "lambda_code"
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
    content = buffer.getvalue()
    return Package(content, base64.b64encode(hashlib.sha256(content).digest()).decode())
