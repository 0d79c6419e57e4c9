"""What happens after every possible kill and every possible fault, tried one by one.

A crash point is a moment at which a SIGKILL may come: before a call is sent, after AWS has executed it,
before and after the state file is replaced. At each of them the run stands still, and what is in AWS (moto
keeps it in memory) and in the files is put aside. The operator's next command runs there, what stands
afterwards is compared with a run that nobody disturbed, and all is put back: the run goes on.
"""
