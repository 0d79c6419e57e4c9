"""What the operator sees: listeners to the engine's events, and tables of what they describe.

A screen decides nothing, asks nothing and knows no AWS; importing it loads no boto3.
"""

from wizard.ui.error_panel import error_panel, print_error
from wizard.ui.lines import PlainLines
from wizard.ui.live import LiveTable
from wizard.ui.plan_table import plan_table
from wizard.ui.progress import can_redraw, on_ci, progress
from wizard.ui.review_table import review
from wizard.ui.rollback_table import rollback_table
from wizard.ui.status_table import offline_table, status_table
from wizard.ui.text import Printable, plain

__all__ = [
    "LiveTable",
    "PlainLines",
    "Printable",
    "can_redraw",
    "error_panel",
    "offline_table",
    "on_ci",
    "plain",
    "plan_table",
    "print_error",
    "progress",
    "review",
    "rollback_table",
    "status_table",
]
