"""What the operator sees: listeners to the engine's events, and tables of what they describe.

A screen decides nothing, asks nothing and knows no AWS; importing it loads no boto3.
"""

from wizard.screen.choice import can_redraw, on_ci, progress
from wizard.screen.leaving import rollback_table
from wizard.screen.lines import PlainLines
from wizard.screen.live import LiveTable
from wizard.screen.plan import plan_table
from wizard.screen.problem import error_panel, print_error
from wizard.screen.review import review
from wizard.screen.status import offline_table, status_table
from wizard.screen.words import Printable, plain

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
