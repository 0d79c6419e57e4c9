"""eventtrack-wizard: deploys a small, self-owned event-tracking backend (API Gateway, Lambda, S3).

The design in five lines:

1. A deployment is a table of phases (`phases`); a phase is a few resources (`resources`); a resource
   can `read` itself from AWS, tell its `drift`, and `create`, `update`, `delete`.
2. One engine (`engine`) walks the table: read, compare, write down the intent, change, read again,
   write down what is there. A first run, a resume, a repair and "nothing to do" are one code path.
3. The state file (`state`) is written ahead of every change, and what we own is tagged in AWS.
4. The engine emits `events`; screens (`screen`) only listen.
5. The `interview` fills in what flags, environment and saved state have not said.
"""

__version__ = "0.1.0"
