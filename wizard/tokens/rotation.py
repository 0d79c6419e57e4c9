"""Replacing the deployment's own token so that no request is refused, also when a kill comes in between.

The new token joins the old one, is in force, is written to the token file; only then the old one goes.
What has been begun is in a private file beside the state file until it is finished, because the new
token must not be lost between joining and reaching the token file.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wizard.errors import StateError, UsageError
from wizard.state.files import write_private_file
from wizard.state.model import TokenDigest
from wizard.tokens import token as tokens

OLD = ".old"


@dataclass(frozen=True)
class Rotation:
    """One replacement.

    Args:
        token: the new token.
        label: the label of the new token; the old one's by default, so that a client keeps its label.
        old_sha256: the digest of the token that it replaces.
        keep_old: the old token stays valid, for clients that have it built in.
    """

    token: str = field(repr=False)
    label: str
    old_sha256: str
    keep_old: bool = False

    def joined(self, known: Sequence[TokenDigest]) -> list[TokenDigest]:
        """The tokens with the new one; an old one whose label it takes over is called `….old`."""
        new = tokens.digest(self.token, self.label)
        if any(token.sha256 == new.sha256 for token in known):
            return list(known)
        labels = {token.label for token in known}
        moved = tokens.free_label(self.label[: tokens.LONGEST_LABEL - len(OLD)] + OLD, labels)
        return [
            dataclasses.replace(token, label=moved) if token.label == self.label else token for token in known
        ] + [new]

    def finished(self, known: Sequence[TokenDigest]) -> list[TokenDigest]:
        """The tokens as they are in the end."""
        return [token for token in known if self.keep_old or token.sha256 != self.old_sha256]


def begin(
    state_path: Path, known: Sequence[TokenDigest], own: str | None, label: str | None, *, keep_old: bool
) -> Rotation:
    """A new rotation, written down before anything else happens.

    Args:
        own: the token that is to be replaced.
        label: for the new token; None takes over the old one's.

    Raises:
        UsageError: there is no token to replace, or the label cannot be used.
        StateError: the file cannot be written.
    """
    old = next((token for token in known if own and token.sha256 == tokens.digest(own).sha256), None)
    if old is None:
        raise UsageError(
            what="There is no token to replace.",
            why="The token file is gone, or what it holds is no token of this deployment.",
            next_step="Run `eventtrack-wizard setup`: it makes a new token and keeps it.",
        )
    others = {token.label for token in known if token is not old}
    desired = old.label if label is None else tokens.checked_label(label, others)
    rotation = Rotation(tokens.generate(), desired, old.sha256, keep_old)
    _write(state_path, rotation)
    return rotation


def unfinished(state_path: Path) -> Rotation | None:
    """The rotation that was begun and not finished; None when there is none.

    Raises:
        StateError: its file cannot be used.
    """
    path = tokens.rotation_path(state_path)
    try:
        return Rotation(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise StateError(
            what=f"The file of an unfinished rotation, {path}, cannot be used.",
            why=f"{type(error).__name__}.",
            next_step="Delete it and run `eventtrack-wizard token rotate`; tokens stay valid until then.",
        ) from error


def forget(state_path: Path) -> None:
    """The rotation is finished, or given up."""
    tokens.rotation_path(state_path).unlink(missing_ok=True)


def _write(state_path: Path, rotation: Rotation) -> None:
    path = tokens.rotation_path(state_path)
    try:
        write_private_file(path, json.dumps(dataclasses.asdict(rotation)) + "\n")
    except OSError as error:
        raise StateError(
            what=f"The rotation cannot be written down in {path}.",
            why=f"{error.strerror or error}.",
            next_step="Nothing was changed. Make the folder writable, then run the same command again.",
        ) from error
