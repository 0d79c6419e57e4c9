"""The wizard's own user in the embedded local AWS: it has the operator's policy and no more.

So that what works locally works with the printed policy on AWS, too. Only root of the local AWS, whose
keys are public, makes this user.
"""

from __future__ import annotations

import json
from pathlib import Path

from wizard.aws.client import Aws
from wizard.aws.policies import Document
from wizard.aws.session import Keys
from wizard.aws.user import User
from wizard.local.folder import DataFolder
from wizard.state.files import write_private_file

POLICY_NAME = "eventtrack-wizard-operator"


def operator_keys(root: Aws, name: str, policy: Document, folder: Path) -> Keys:
    """The keys of the deployment's operator; the user, its policy and its keys are made where missing.

    Args:
        root: the local AWS as root.
        folder: the data folder of the local AWS; the keys are kept there, readable by their owner alone.

    Raises:
        LocalAwsError: another process starts or stops it, and does not end.
    """
    user = User(root, _user_name(name))
    with DataFolder(folder).exclusive():  # two commands at once would take each other's user and keys away
        user.ensure()
        user.ensure_policy(POLICY_NAME, policy)
        path = _keys_file(folder, name)
        kept = _read_keys(path)
        if kept is not None and kept.access_key_id in user.access_key_ids():
            return kept
        keys = user.replaced_access_keys()
        write_private_file(path, json.dumps([keys.access_key_id, keys.secret_access_key]) + "\n")
        return keys


def remove_operator(root: Aws, name: str, folder: Path) -> None:
    """The user with everything of it; already gone is success."""
    with DataFolder(folder).exclusive():
        User(root, _user_name(name)).delete(POLICY_NAME)
        _keys_file(folder, name).unlink(missing_ok=True)


def _user_name(name: str) -> str:
    return f"eventtrack-operator-{name}"


def _keys_file(folder: Path, name: str) -> Path:
    return folder / f"operator-{name}.json"


def _read_keys(path: Path) -> Keys | None:
    try:
        access_key_id, secret_access_key = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return None
    return Keys(access_key_id, secret_access_key)
