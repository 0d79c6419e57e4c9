"""An AWS in this process, in which the whole wizard runs in a fraction of a second.

account = Account()                                 once per session: clients and a web server
with account.opened():                              an empty AWS (moto)
    deployment = Deployment(account, folder)        a state file and the settings of one deployment
    deployment.apply()                              as a new process would: reads the state file first
    account.calls.clear()
    deployment.apply()
    assert account.calls.changing() == []           every AWS call, in order
    account.look.s3.delete_bucket(Bucket=...)       behind the wizard's back: not recorded
    assert world(account) == ...                    everything that stands, without random ids

moto runs no function and serves no URL, so two doubles do: `FunctionDouble` runs the real handler with
the function's environment and its role's rights, `EndpointDouble` is a web server that answers as the
deployed API would.
"""

from __future__ import annotations

from .account import ACCOUNT_ID, REGION, Account
from .calls import Call, Calls, Killed
from .clock import FakeClock
from .deployment import TOKEN, Deployment, Standing, make_context
from .endpoint_double import EndpointDouble
from .function_double import FunctionDouble
from .world import World, leftovers, world

__all__ = [
    "ACCOUNT_ID",
    "REGION",
    "TOKEN",
    "Account",
    "Call",
    "Calls",
    "Deployment",
    "EndpointDouble",
    "FakeClock",
    "FunctionDouble",
    "Killed",
    "Standing",
    "World",
    "leftovers",
    "make_context",
    "world",
]
