"""A test double of real AWS: a proxy in front of the local emulator that adds what the emulator lacks.

with AwsDouble(emulator_url, behaviours=real_aws(), faults=[lost(operation="iam.CreateRole")],
               clock=ScaledClock(0.01)) as double:
    client = boto3.client("iam", endpoint_url=double.url, ...)
    ...
    assert double.names(changing_only=True) == ["iam.CreateRole", ...]
"""

from __future__ import annotations

from tests.aws.clock import Clock, ManualClock, ScaledClock

from .behaviours import lasting_rules, real_aws
from .calls import Call
from .double import AwsDouble

__all__ = ["AwsDouble", "Call", "Clock", "ManualClock", "ScaledClock", "lasting_rules", "real_aws"]
