"""Everything that proves the wizard and its handler."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
"""The folder of the project, for processes that run its commands."""
IMPORT_PATH = os.pathsep.join((str(PROJECT), str(PROJECT / "tests" / "tools" / "lean_functions")))
"""The PYTHONPATH of processes that run its commands, which start MiniStack, which starts functions."""
