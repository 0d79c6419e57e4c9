"""An AWS in this process, in which the whole wizard runs in a fraction of a second.

account = Account()                                 once per session: clients and a web server
with account.opened():                              an empty AWS (moto)
    workspace = Workspace(account, folder)          a state file and the settings of one deployment
    workspace.apply()                               as a new process would: reads the state file first
    account.calls.clear()
    workspace.apply()
    assert account.calls.changing() == []           every AWS call, in order
    account.look.s3.delete_bucket(Bucket=...)       behind the wizard's back: not recorded
    assert snapshot(account) == ...                 everything that stands, without random ids

moto runs no function, serves no URL and buffers nothing, so three doubles do: `FunctionDouble` runs the real
handler with the function's environment and its role's rights, `EndpointDouble` is a web server that answers
as the deployed API would, `FirehoseDouble` stores what streams have taken when its time has come.
"""

from __future__ import annotations

from tests.aws.clock import FakeClock
from tests.aws.inventory import Snapshot, leftovers, snapshot
from tests.aws.names import ACCOUNT_ID, REGION

from .account import Account
from .calls import Call, Calls, Killed
from .endpoint_double import EndpointDouble
from .function_double import FunctionDouble
from .workspace import TOKEN, Standing, Workspace, make_deployment

__all__ = [
    "ACCOUNT_ID",
    "REGION",
    "TOKEN",
    "Account",
    "Call",
    "Calls",
    "EndpointDouble",
    "FakeClock",
    "FunctionDouble",
    "Killed",
    "Snapshot",
    "Standing",
    "Workspace",
    "leftovers",
    "make_deployment",
    "snapshot",
]
