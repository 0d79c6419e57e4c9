"""What the stage's limit means for those who send events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wizard.settings.table import Settings

CLOSED = "It is closed: all requests are refused with 429, free of charge; `eventtrack-wizard setup --open`."


def is_closed(facts: Mapping[str, Any] | None) -> bool:
    """Whether a stage with these limits lets nothing through; `facts` are those of `stage.throttling`."""
    return facts is not None and (facts.get("rate"), facts.get("burst")) == (0, 0)


def why_429(settings: Settings) -> str:
    """Why a request was answered with 429, and what to do about it."""
    if settings.closed:
        return f"The endpoint answered 429. {CLOSED}"
    rate, burst = settings.throttle_rate, settings.throttle_burst
    return (
        f"429 is the deployment's own limit: {rate} requests a second, {burst} at once. Raise it with"
        f" `eventtrack-wizard setup --throttle-rate {rate * 2} --throttle-burst {burst * 2}`; the review says"
        " what that can cost."
    )
