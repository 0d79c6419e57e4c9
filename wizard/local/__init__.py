"""The embedded local AWS: MiniStack as a background process on 127.0.0.1.

    start   returns what runs, or starts it: about one second
    find    what runs and answers, or nothing; never starts anything
    stop    ends it so that everything is kept for the next start
    reset   forgets every bucket, role, function and API in it
    status  what there is to say about it
    loss_after  what a kill has taken from a deployment

Everything lives in one folder that only its owner can read (`EVENTTRACK_LOCAL_HOME`, or the user's
data folder). Three rules keep it safe against a kill at any moment:

1. **The kernel says whether it runs.** MiniStack inherits a locked file (`alive`) and holds that lock
   for exactly as long as it lives; no process id has to be believed.
2. **Written ahead.** Port and instance id are on disk before the process is started, and the process id
   is written by the starting shell, not by us; so a start that nobody saw the end of is found again.
3. **The answer must be ours.** The health answer carries the instance id of that start, so another
   MiniStack on the same port is never taken for this one.
"""

from wizard.local.errors import LocalAwsError
from wizard.local.lifecycle import LocalAws, find, reset, start, stop
from wizard.local.losses import Loss, loss_after
from wizard.local.report import LocalAwsStatus, status

__all__ = [
    "LocalAws", "LocalAwsError", "LocalAwsStatus", "Loss",
    "find", "loss_after", "reset", "start", "status", "stop",
]  # fmt: skip
