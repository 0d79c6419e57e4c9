"""What happens after every possible kill and every possible fault, tried one by one.

A crash point is a moment at which a SIGKILL may come: before a call is sent, after AWS has executed it,
before and after the state file is replaced. At each of them this process forks: the copy has the same
AWS (moto keeps it in memory) and the same files, and nothing of the interrupted run continues in it.
There the operator's next command runs, and what stands afterwards is compared with a run that nobody
disturbed. So a prefix is never run twice.
"""
