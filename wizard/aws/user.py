"""An IAM user with one inline policy and access keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from wizard.aws.calls import none_if
from wizard.aws.policies import Document
from wizard.aws.session import Keys

if TYPE_CHECKING:
    from wizard.aws.client import Aws

GONE = ("NoSuchEntity",)


class User:
    """The user of that name, whether or not it exists.

    Every method raises botocore's errors as they come.
    """

    def __init__(self, aws: Aws, name: str) -> None:
        self._aws = aws
        self._name = name

    def ensure(self) -> None:
        """Create it where it is missing."""
        if none_if(GONE, lambda: self._aws.iam.get_user(UserName=self._name)) is None:
            self._aws.iam.create_user(UserName=self._name)

    def ensure_policy(self, name: str, policy: Document) -> None:
        """Let the inline policy of that name say this; one that does is not written again."""
        found = none_if(GONE, lambda: self._aws.iam.get_user_policy(UserName=self._name, PolicyName=name))
        if found is None or dict(found["PolicyDocument"]) != policy:  # type: ignore[arg-type]  # decoded by boto3
            self._aws.iam.put_user_policy(
                UserName=self._name, PolicyName=name, PolicyDocument=json.dumps(policy)
            )

    def access_key_ids(self) -> list[str]:
        """Of all of its keys."""
        listed = self._aws.iam.list_access_keys(UserName=self._name)["AccessKeyMetadata"]
        return [key["AccessKeyId"] for key in listed]

    def replaced_access_keys(self) -> Keys:
        """A new key, in place of all that there are: more than two cannot be."""
        self._delete_access_keys()
        made = self._aws.iam.create_access_key(UserName=self._name)["AccessKey"]
        return Keys(made["AccessKeyId"], made["SecretAccessKey"])

    def delete(self, policy_name: str) -> None:
        """With its keys and its policy; already gone is success."""
        if none_if(GONE, self._delete_access_keys) is None:
            return
        none_if(GONE, lambda: self._aws.iam.delete_user_policy(UserName=self._name, PolicyName=policy_name))
        self._aws.iam.delete_user(UserName=self._name)

    def _delete_access_keys(self) -> int:
        """Returns how many there were."""
        found = self.access_key_ids()
        for key in found:
            self._aws.iam.delete_access_key(UserName=self._name, AccessKeyId=key)
        return len(found)
