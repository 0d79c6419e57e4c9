"""Which alarms a deployment has, by what their names end with, and whom they tell."""

FUNCTION_ERRORS, FUNCTION_THROTTLES, API_ERRORS = "function-errors", "function-throttles", "api-errors"
NO_EVENTS = "no-events"
USUAL = (FUNCTION_ERRORS, FUNCTION_THROTTLES, API_ERRORS)
ENDINGS = (*USUAL, NO_EVENTS)


def wanted(*, tells_somebody: bool, waits_for_events: bool) -> tuple[str, ...]:
    """None without anybody to tell."""
    if not tells_somebody:
        return ()
    return ENDINGS if waits_for_events else USUAL
