"""The wizard's own user in the embedded local AWS: it has the operator's policy and no more.

So that what works locally works with the printed policy on AWS, too. Only root of the local AWS, whose
keys are public, makes this user.
"""

from __future__ import annotations

import json
from pathlib import Path

from wizard.aws.calls import none_if
from wizard.aws.client import Aws
from wizard.aws.policies import Document
from wizard.aws.session import Keys
from wizard.state.files import write_private_file

POLICY_NAME = "eventtrack-wizard-operator"
GONE = ("NoSuchEntity",)


def operator_keys(root: Aws, name: str, policy: Document, folder: Path) -> Keys:
    """The keys of the deployment's operator; the user, its policy and its keys are made where missing.

    Args:
        root: the local AWS as root.
        folder: where the keys are kept, readable by their owner alone.
    """
    user = f"eventtrack-operator-{name}"
    if none_if(GONE, lambda: root.iam.get_user(UserName=user)) is None:
        root.iam.create_user(UserName=user)
    _keep_policy(root, user, policy)
    path = folder / f"operator-{name}.json"
    listed = root.iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    kept = _read_keys(path)
    if kept is not None and any(key["AccessKeyId"] == kept.access_key_id for key in listed):
        return kept
    for key in listed:
        root.iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    made = root.iam.create_access_key(UserName=user)["AccessKey"]
    keys = Keys(made["AccessKeyId"], made["SecretAccessKey"])
    write_private_file(path, json.dumps([keys.access_key_id, keys.secret_access_key]) + "\n")
    return keys


def remove_operator(root: Aws, name: str, folder: Path) -> None:
    """The user with everything of it; already gone is success."""
    user = f"eventtrack-operator-{name}"
    listed = none_if(GONE, lambda: root.iam.list_access_keys(UserName=user))
    if listed is not None:
        for key in listed["AccessKeyMetadata"]:
            root.iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
        none_if(GONE, lambda: root.iam.delete_user_policy(UserName=user, PolicyName=POLICY_NAME))
        root.iam.delete_user(UserName=user)
    (folder / f"operator-{name}.json").unlink(missing_ok=True)


def _keep_policy(root: Aws, user: str, policy: Document) -> None:
    answer = none_if(GONE, lambda: root.iam.get_user_policy(UserName=user, PolicyName=POLICY_NAME))
    if answer is None or dict(answer["PolicyDocument"]) != policy:  # type: ignore[arg-type]  # decoded by boto3
        root.iam.put_user_policy(UserName=user, PolicyName=POLICY_NAME, PolicyDocument=json.dumps(policy))


def _read_keys(path: Path) -> Keys | None:
    try:
        access_key_id, secret_access_key = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return None
    return Keys(access_key_id, secret_access_key)
