"""What SQL finds in the stored events, the same in each engine."""

from __future__ import annotations

# `events` has the first of each event_id alone, `events_raw` all that was stored.
FIRSTS, RAW = "events", "events_raw"
TABLES = (FIRSTS, RAW)
COLUMNS = (
    "event_id", "event_name", "event_time", "received_at", "stored_at", "user_id", "client", "properties",
    "event",
)  # fmt: skip
# Texts that hold JSON.
JSON_COLUMNS = ("properties", "event")
WHAT_THERE_IS = f"The tables are {' and '.join(TABLES)}, with the columns {', '.join(COLUMNS)}."
