"""Tokens: made here, kept in a private file beside the state file, known to AWS only as SHA-256 digests."""

from __future__ import annotations

import hashlib
import re
import secrets
from pathlib import Path

from wizard.errors import StateError, UsageError
from wizard.state import TokenDigest, now, write_private_file

TOKEN_BYTES = 32
DEFAULT_LABEL = "default"
SHORTEST_TOKEN = 16


def token_path(state_path: Path) -> Path:
    """The file of a deployment's token: `eventtrack-state.json` has `eventtrack-state.token`."""
    return state_path.with_suffix(".token")


def generate() -> str:
    """A new token of 256 random bits, in characters that any header or URL can carry."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str, label: str = DEFAULT_LABEL) -> TokenDigest:
    """What may be written down of a token."""
    return TokenDigest(label, hashlib.sha256(token.encode()).hexdigest(), now())


def checked(token: str) -> str:
    """A token that the operator gave.

    Raises:
        UsageError: it is too short to be a secret, or a header cannot carry it. Never shows it.
    """
    if len(token) < SHORTEST_TOKEN or not re.fullmatch(r"[\x21-\x7e]+", token):
        raise UsageError(
            what="The given token cannot be used.",
            why=f"A token has at least {SHORTEST_TOKEN} characters, all printable ASCII without spaces.",
            next_step="Give another one in EVENTTRACK_TOKEN, or none: the wizard makes a good one.",
        )
    return token


def read(state_path: Path) -> str | None:
    """The token in the file; None when there is no such file.

    Raises:
        StateError: the file cannot be read.
    """
    path = token_path(state_path)
    try:
        return path.read_text(encoding="ascii").strip() or None
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise StateError(
            what=f"The token file {path} cannot be read.",
            why=f"{error.strerror if isinstance(error, OSError) else 'It is not text'}.",
            next_step="Make it readable, or give a token in EVENTTRACK_TOKEN.",
        ) from error


def write(state_path: Path, token: str) -> Path:
    """Keep a token, readable by its owner alone.

    Raises:
        StateError: the folder cannot be written.
    """
    path = token_path(state_path)
    try:
        write_private_file(path, token + "\n")
    except OSError as error:
        raise StateError(
            what=f"The token file {path} cannot be written.",
            why=f"{error.strerror or error}.",
            next_step="Make the folder writable, then run the same command again.",
        ) from error
    return path
