"""Log groups: a late run of the function makes a deleted one again."""

from __future__ import annotations

import pytest

from tests.aws.lab import (
    Lab,
    allow,
    create_function,
    create_role,
)
from tests.aws.over_http import ManualClock
from tests.aws.over_http.behaviours import (
    LogGroupComesBack,
)

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("aws_double")]


@pytest.mark.parametrize(("may_make_groups", "comes_back"), [(True, True), (False, False)])
def test_a_log_group_deleted_soon_after_a_run_comes_back_if_the_role_may_make_it(
    lab: Lab, clock: ManualClock, may_make_groups: bool, comes_back: bool
) -> None:
    clients = lab.through(LogGroupComesBack(seconds=30, delay=5), clock=clock)
    create_role(clients)
    actions = ["logs:PutLogEvents"] + ["logs:CreateLogGroup"] * may_make_groups
    clients.iam.put_role_policy(RoleName="tracker", PolicyName="p", PolicyDocument=allow(*actions))
    create_function(clients)
    clients.functions.invoke(FunctionName="tracker")
    clients.functions.delete_function(FunctionName="tracker")
    if not lab.direct.logs.describe_log_groups()["logGroups"]:
        lab.direct.logs.create_log_group(logGroupName="/aws/lambda/tracker")
    clients.logs.delete_log_group(logGroupName="/aws/lambda/tracker")
    assert clients.logs.describe_log_groups()["logGroups"] == []
    clock.advance(5)
    groups = clients.logs.describe_log_groups()["logGroups"]
    assert [group["logGroupName"] for group in groups] == ["/aws/lambda/tracker"] * comes_back
    if comes_back:
        clock.advance(30)
        clients.logs.delete_log_group(logGroupName="/aws/lambda/tracker")
        clock.advance(5)
        assert clients.logs.describe_log_groups()["logGroups"] == [], "long after the run it stays away"
