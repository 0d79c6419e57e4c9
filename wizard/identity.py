"""Which deployment it is: what never changes about it."""

from __future__ import annotations

from dataclasses import dataclass

# What follows the prefix in an id: random hexadecimal digits.
RANDOM_DIGITS = 8


def id_prefix(name: str, region: str) -> str:
    """What the ids of all deployments of one name in one region begin with."""
    return f"{name}.{region}."


@dataclass(frozen=True)
class DeploymentId:
    """What a deployment never changes: other credentials, regions or endpoints are refused.

    `id` is in the ownership tag of everything we create, and begins with name and region: roles are
    known in all regions, so a deployment of another region must not be taken for a lost one.
    `endpoint_url` is an emulator's, None on AWS;
    `local` says that it is the embedded one, whose URL is looked up anew at every command.
    """

    id: str
    name: str
    account: str
    partition: str
    region: str
    endpoint_url: str | None = None
    local: bool = False

    @property
    def is_emulated(self) -> bool:
        """Whether it is on the embedded local AWS, or on another emulator."""
        return self.local or self.endpoint_url is not None

    @property
    def id_prefix(self) -> str:
        """What the ids of all deployments of this name in this region begin with."""
        return id_prefix(self.name, self.region)

    @property
    def id_pattern(self) -> str:
        """The same with the wildcards of an IAM policy for what is random."""
        return self.id_prefix + "?" * RANDOM_DIGITS
