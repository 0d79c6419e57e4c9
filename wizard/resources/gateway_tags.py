"""Tags of a REST API and of its stages, which API Gateway keeps under their ARNs."""

from __future__ import annotations

from wizard.aws.calls import none_if
from wizard.resources.base import Deployment
from wizard.resources.methods import GONE
from wizard.resources.tagged import DesiredTags, Tags, differing, to_put, to_take_off


def api_arn(at: Deployment, api_id: str) -> str:
    """API Gateway's ARNs name no account."""
    return f"arn:{at.identity.partition}:apigateway:{at.identity.region}::/restapis/{api_id}"


def stage_arn(at: Deployment, api_id: str, stage: str) -> str:
    """The ARN of a stage."""
    return f"{api_arn(at, api_id)}/stages/{stage}"


def told_tags(at: Deployment, arn: str, told: Tags, desired: DesiredTags) -> dict[str, str]:
    """The tags that an answer told. Where some of ours are not among them, the tags themselves are asked
    for: the embedded local AWS shows there alone what was changed after the creation."""
    if not differing(desired, told):
        return dict(told)
    answer = none_if(GONE, lambda: at.aws.apigateway.get_tags(resourceArn=arn))
    return dict(answer["tags"]) if answer else dict(told)


def change_tags(at: Deployment, arn: str, changes: DesiredTags) -> None:
    """Every put carries all of our tags, the owner's among them: operators' policies demand that one."""
    if to_put(changes):
        at.aws.apigateway.tag_resource(resourceArn=arn, tags=at.tags)
    if keys := to_take_off(changes):
        at.aws.apigateway.untag_resource(resourceArn=arn, tagKeys=keys)
