"""Which alarms a deployment has, by what their names end with, and whom they tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wizard.settings.table import Settings

FUNCTION_ERRORS, FUNCTION_THROTTLES, API_ERRORS = "function-errors", "function-throttles", "api-errors"
NO_EVENTS = "no-events"
USUAL = (FUNCTION_ERRORS, FUNCTION_THROTTLES, API_ERRORS)
ENDINGS = (*USUAL, NO_EVENTS)


def wanted(settings: Settings) -> tuple[str, ...]:
    """None without anybody to tell; who has closed the endpoint need not be told that nothing comes."""
    if not (settings.alarm_email or settings.alarm_topic):
        return ()
    waits_for_events = settings.alarm_no_events_hours is not None and not settings.closed
    return ENDINGS if waits_for_events else USUAL
