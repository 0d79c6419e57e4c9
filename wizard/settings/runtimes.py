"""Until when AWS supports the runtimes: the one place for their dates."""

from __future__ import annotations

from datetime import date

# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html, looked up 2026-11-24. Some weeks after
# that day functions can no longer be made with the runtime, then no longer be changed.
RUNTIME_ENDS = {
    "python3.11": date(2027, 6, 30),
    "python3.12": date(2028, 10, 31),
    "python3.13": date(2029, 6, 30),
    "python3.14": date(2029, 6, 30),
}
DAYS_OF_WARNING = 180
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


def supported_until() -> dict[str, str]:
    """Every runtime with a remark, for the question."""
    return {
        runtime: f"supported until {MONTHS[end.month - 1]} {end.year}"
        for runtime, end in RUNTIME_ENDS.items()
    }


def end_of_support(runtime: str, today: date) -> str | None:
    """What to say of a runtime that AWS soon supports no longer, or has ceased to; None: nothing yet."""
    end = RUNTIME_ENDS.get(runtime)
    if end is None or (end - today).days > DAYS_OF_WARNING:
        return None
    days = (end - today).days
    ends = f"ends on {end}, in {days} days" if days >= 0 else f"ended on {end}"
    longest = max(RUNTIME_ENDS, key=lambda name: RUNTIME_ENDS[name])
    cure = (
        f"`eventtrack-wizard setup --runtime {longest}` moves it."
        if RUNTIME_ENDS[longest] > end
        else "A newer version of eventtrack-wizard has a newer one."
    )
    return f"AWS's support of {runtime} {ends}; some weeks later it cannot be changed any more. {cure}"
