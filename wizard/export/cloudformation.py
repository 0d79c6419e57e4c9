"""What the wizard set up, as a CloudFormation template.

Every resource of the one table has a row in `EXPORTS`: what of the template it is, made of the facts that
it should have. The stack stands beside the deployment, under names of its own, and stores into the same
bucket, which is no part of it unless that is asked for.
"""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wizard.endpoint.client import url_by
from wizard.export.parts import alarms, api, bucket, delivery, function, query
from wizard.export.parts.base import API, BUCKET, STACK, Export, Part
from wizard.export.references import reference, resolved
from wizard.export.yaml_text import yaml_text
from wizard.package import Package
from wizard.phases import RESOURCES
from wizard.resources.base import Deployment
from wizard.resources.function import code_of
from wizard.state.model import Facts

COMMENT_WIDTH = 108


def template(at: Deployment, *, with_bucket: bool = False) -> str:
    """The template as YAML. Of tokens it holds the digests alone.

    Args:
        with_bucket: the bucket is a part of it, to be made under another name, or imported.
    """
    parts = _parts(_within(at), with_bucket=with_bucket)
    sections = [
        yaml_text({"AWSTemplateFormatVersion": "2010-09-09", "Description": _description(at)}),
        yaml_text({"Parameters": _parameters(at)}),
        "Resources:\n" + "\n".join(textwrap.indent(_resource_text(part), "  ") for part in parts),
        yaml_text({"Outputs": resolved(_outputs(at))}),
    ]
    return "\n".join(sections)


def _parts(within: Deployment, *, with_bucket: bool) -> list[Part]:
    """The resources of the template, whose texts hold references."""
    made: dict[str, Part] = {}
    for key, resource in RESOURCES.items():
        if "bucket" in (key, resource.parent) and not with_bucket:
            continue
        facts = resource.desired(within)
        for part in EXPORTS[key](within, facts) if facts is not None else ():
            made[part.id] = made[part.id].joined_by(part) if part.id in made else part
    return list(made.values())


def code_key(code: Package) -> str:
    """The name of the function's package in S3. Other code has another name, or no stack would notice it."""
    return f"code/{hashlib.sha256(code.content).hexdigest()[:16]}.zip"


def _within(at: Deployment) -> Deployment:
    """The deployment as it is in a stack: with references where account, region and names were."""
    place = replace(
        at.identity,
        name=STACK,
        account=reference("AWS::AccountId"),
        partition=reference("AWS::Partition"),
        region=reference("AWS::Region"),
    )
    settings = replace(at.settings, bucket_name=BUCKET, function_name=STACK, api_name=STACK)
    known: dict[str, Facts] = {"role": {"arn": reference("Role.Arn")}, "api": {"id": API}}
    return replace(at, identity=place, settings=settings, known=known)


def _description(at: Deployment) -> str:
    return f"Event tracking as eventtrack-wizard set it up as {at.identity.name}"


def _parameters(at: Deployment) -> dict[str, Any]:
    default = at.settings.bucket_name
    return {
        "EventBucket": {
            "Type": "String",
            "Default": default,
            "Description": "The bucket that events are stored in",
        },
        "CodeBucket": {
            "Type": "String",
            "Default": default,
            "Description": "The bucket of this region that the function's package lies in",
        },
        "CodeKey": {
            "Type": "String",
            "Default": code_key(code_of(at)),
            "Description": "The package's name in it; another name makes the stack take another package",
        },
    }


def _outputs(at: Deployment) -> dict[str, Any]:
    settings, within = at.settings, _within(at)
    url = (
        url_by(within, API)
        if at.aws.endpoint_url
        else f"https://{API}.execute-api.{within.identity.region}.{reference('AWS::URLSuffix')}"
        f"/{settings.stage_name}/{settings.resource_path}"
    )
    return {
        "Url": {"Description": "Where clients post events to", "Value": url},
        "RestApiId": {"Value": API},
        "FunctionName": {"Value": reference("Function")},
    }


def _resource_text(part: Part) -> str:
    comment = textwrap.wrap(part.comment, COMMENT_WIDTH, initial_indent="# ", subsequent_indent="# ")
    body = {part.id: {"Type": part.type, **part.attributes, "Properties": resolved(part.properties)}}
    return "".join(f"{line}\n" for line in comment) + yaml_text(body)


EXPORTS: Mapping[str, Export] = {
    **bucket.PARTS,
    **function.PARTS,
    **api.PARTS,
    **delivery.PARTS,
    **query.PARTS,
    **alarms.PARTS,
}
