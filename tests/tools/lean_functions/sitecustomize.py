"""Python imports this at its start, where this folder is on its path: in the processes of the tests, and in
those in which MiniStack runs our function.

MiniStack would load botocore there, to count the calls that a function makes of itself. Ours makes none and
loads none, and botocore takes four fifths of the time in which such a process starts.
"""

from __future__ import annotations

import os
import sys

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    sys.modules["botocore"] = None  # type: ignore[assignment]  # so that it is not found
