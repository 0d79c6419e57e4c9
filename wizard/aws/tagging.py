"""What carries a tag, whatever it is: the Resource Groups Tagging API.

It hears of new tags within some minutes and forgets deleted things as slowly, knows buckets in their own
region alone, and roles not at all.

https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wizard.aws.client import Aws

# What asking needs, by kind of ARN (`wizard.aws.operator_policy.ARNS`).
READS_TAGS = {"account": ("tag:GetResources",)}


@dataclass(frozen=True)
class TaggedThing:
    """An ARN and all tags of what it names."""

    arn: str
    tags: Mapping[str, str]


def tagged_things(aws: Aws, key: str) -> list[TaggedThing]:
    """Everything in the region that has a tag of this key, as far as AWS has heard of it."""
    pages = aws.tagging.get_paginator("get_resources").paginate(TagFilters=[{"Key": key}])
    return [
        TaggedThing(found["ResourceARN"], {tag["Key"]: tag["Value"] for tag in found["Tags"]})
        for page in pages
        for found in page["ResourceTagMappingList"]
    ]
