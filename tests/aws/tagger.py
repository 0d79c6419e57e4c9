"""Tags of each thing of a deployment, put and taken off as other people do it."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from wizard.aws.client import Aws
from wizard.resources.base import Deployment
from wizard.resources.function import function_arn
from wizard.resources.gateway_tags import api_arn, stage_arn
from wizard.resources.logs import log_group_arn

THINGS = ("bucket", "role", "log_group", "function", "api")
"""What carries our tags."""


class Tagger:
    """Things are named by their keys in the state file; `api_id` is AWS's own choice."""

    def __init__(self, look: Aws, at: Deployment, api_id: str) -> None:
        self._look: Any = look
        self._at = at
        self._bucket, self._role = at.settings.bucket_name, at.settings.role_name
        self._arns = {
            "log_group": log_group_arn(at),
            "function": function_arn(at),
            "api": api_arn(at, api_id),
            "stage": stage_arn(at, api_id, at.settings.stage_name),
        }

    def tags(self, key: str) -> dict[str, str]:
        """All tags of a thing."""
        look = self._look
        match key:
            case "bucket":
                try:
                    found = look.s3.get_bucket_tagging(Bucket=self._bucket)["TagSet"]
                except ClientError:
                    return {}
                return {tag["Key"]: tag["Value"] for tag in found}
            case "role":
                found = look.iam.list_role_tags(RoleName=self._role)["Tags"]
                return {tag["Key"]: tag["Value"] for tag in found}
            case "log_group":
                found = look.logs.list_tags_for_resource(resourceArn=self._arns[key])["tags"]
            case "function":
                found = look.functions.list_tags(Resource=self._arns[key])["Tags"]
            case _:
                found = look.apigateway.get_tags(resourceArn=self._arns[key])["tags"]
        return dict(found)

    def put(self, key: str, tags: dict[str, str]) -> None:
        """Put tags beside those that are there."""
        look, listed = self._look, [{"Key": name, "Value": value} for name, value in tags.items()]
        match key:
            case "bucket":
                self._replace({**self.tags(key), **tags})
            case "role":
                look.iam.tag_role(RoleName=self._role, Tags=listed)
            case "log_group":
                look.logs.tag_resource(resourceArn=self._arns[key], tags=tags)
            case "function":
                look.functions.tag_resource(Resource=self._arns[key], Tags=tags)
            case _:
                look.apigateway.tag_resource(resourceArn=self._arns[key], tags=tags)

    def take_off(self, key: str, names: list[str]) -> None:
        """Take tags off."""
        look = self._look
        match key:
            case "bucket":
                kept = {name: value for name, value in self.tags(key).items() if name not in names}
                self._replace(kept)
            case "role":
                look.iam.untag_role(RoleName=self._role, TagKeys=names)
            case "log_group":
                look.logs.untag_resource(resourceArn=self._arns[key], tagKeys=names)
            case "function":
                look.functions.untag_resource(Resource=self._arns[key], TagKeys=names)
            case _:
                look.apigateway.untag_resource(resourceArn=self._arns[key], tagKeys=names)

    def take_ours_off(self, key: str) -> None:
        """Take off all tags that the deployment has put."""
        self.take_off(key, list(self._at.tags))

    def _replace(self, tags: dict[str, str]) -> None:
        listed = [{"Key": name, "Value": value} for name, value in tags.items()]
        self._look.s3.put_bucket_tagging(Bucket=self._bucket, Tagging={"TagSet": listed})
