"""eventtrack-wizard: deploys a small, self-owned event-tracking backend (API Gateway, Lambda, S3).

The design in five lines:

1. A deployment is a table of phases (`phases`); a phase is a few resources (`resources`); a resource can
   `read` itself from AWS, says what is `desired`, and can `create`, `update`, `delete`.
2. One pure function decides (`engine.decide`); plan, dry run, status, setup and rollback obey it.
3. One engine (`engine.apply`) carries a plan out as a graph: what does not wait runs side by side.
4. The state file (`state`) is written ahead of every change, and what we own is tagged in AWS.
5. The engine tells events (`engine.progress`); screens (`ui`) only listen.
"""

__version__ = "0.2.0.dev0"
