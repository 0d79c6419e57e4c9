"""Tokens: made here, kept in a private file beside the state file, known to AWS only as SHA-256 digests."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection, Sequence
from pathlib import Path

from wizard.errors import StateError, UsageError
from wizard.state.files import beside, write_private_file
from wizard.state.model import DEFAULT_LABEL, TokenDigest, now

TOKEN_BYTES = 32
SHORTEST_TOKEN = 16
LONGEST_LABEL = 32


def token_path(state_path: Path) -> Path:
    """The file of a deployment's token: `eventtrack-state.json` has `eventtrack-state.token`."""
    return beside(state_path, ".token")


def rotation_path(state_path: Path) -> Path:
    """The file of a rotation that is not finished (`rotation`); it holds the new token."""
    return beside(state_path, ".rotation")


def generate() -> str:
    """A new token of 256 random bits, in characters that any header or URL can carry."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str, label: str = DEFAULT_LABEL) -> TokenDigest:
    """What may be written down of a token."""
    return TokenDigest(label, hashlib.sha256(token.encode()).hexdigest(), now())


def checked(token: str, said_by: str) -> str:
    """A token that is to be let in.

    Args:
        said_by: the flag, the variable or the file that it stands in.

    Raises:
        UsageError: it is too short to be a secret, or a header cannot carry it. Never shows it.
    """
    if len(token) < SHORTEST_TOKEN or not re.fullmatch(r"[\x21-\x7e]+", token):
        raise UsageError(
            what=f"The token in {said_by} cannot be used.",
            why=f"A token has at least {SHORTEST_TOKEN} characters, all printable ASCII without spaces.",
            next_step=f"Put another one into {said_by}, or none: the wizard makes a good one.",
        )
    return token


def checked_label(label: str, taken: Collection[str]) -> str:
    """A label for a new token.

    Raises:
        UsageError: the function's environment cannot carry it, or another token has it.
    """
    if not re.fullmatch(rf"[A-Za-z0-9._-]{{1,{LONGEST_LABEL}}}", label):
        raise UsageError(
            what=f"{label!r} cannot be a token's label.",
            why=f"A label has 1 to {LONGEST_LABEL} letters, digits, dots, hyphens and underscores.",
            next_step="Give another one with --label.",
        )
    if label in taken:
        raise UsageError(
            what=f"There is a token with the label {label} already.",
            why="A label tells one client's events from another's. Its token was shown when it was made.",
            next_step=f"Give another --label, or run `eventtrack-wizard token revoke {label}` first.",
        )
    return label


def free_label(wish: str, taken: Collection[str]) -> str:
    """`wish`, or with a number where that is taken; never longer than a label may be."""
    number, label = 1, wish[:LONGEST_LABEL]
    while label in taken:
        number += 1
        label = f"{wish[: LONGEST_LABEL - len(str(number)) - 1]}-{number}"
    return label


def without(known: Sequence[TokenDigest], label: str, own: Collection[str | None]) -> list[TokenDigest]:
    """The tokens that stay when the one with the label goes.

    Args:
        own: tokens that this wizard itself sends.

    Raises:
        UsageError: there is no such token, or it may not go.
    """
    doomed = next((token for token in known if token.label == label), None)
    if doomed is None:
        raise UsageError(
            what=f"There is no token with the label {label}.",
            why=f"The labels are: {', '.join(token.label for token in known) or 'none'}.",
            next_step="See `eventtrack-wizard token list`.",
        )
    if len(known) == 1:
        raise UsageError(
            what=f"{label} is the last token and was not revoked.",
            why="Without a token nobody could send an event.",
            next_step="Run `eventtrack-wizard token rotate` to replace it, or close the endpoint with"
            " `eventtrack-wizard setup --closed`.",
        )
    if doomed.sha256 in {digest(token).sha256 for token in own if token}:
        raise UsageError(
            what=f"{label} is the token that this wizard itself sends; it was not revoked.",
            why="Tests and checks of the deployment would be refused.",
            next_step="Run `eventtrack-wizard token rotate`: it replaces the token, then revokes it.",
        )
    return [token for token in known if token is not doomed]


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


def remove(state_path: Path) -> None:
    """Forget the tokens of a deployment that is gone."""
    token_path(state_path).unlink(missing_ok=True)
    rotation_path(state_path).unlink(missing_ok=True)
