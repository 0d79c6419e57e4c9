"""Everything that proves the wizard and its handler."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
"""The folder of the project, for processes that run its commands."""
