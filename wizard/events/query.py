"""SQL over the events in the cache, by DuckDB (extra `query`); imported only when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import duckdb

from wizard.daemons import Daemons
from wizard.errors import UsageError, WizardError
from wizard.events.answer import Answer
from wizard.events.cache import SPILLED
from wizard.events.period import Period
from wizard.events.sql_text import more_than_one
from wizard.events.tables import WHAT_THERE_IS

# The whole process then stays below 250 MB; what does not fit is written into the cache's folder.
MEMORY = "150MB"
# The largest request has 5 MB. DuckDB takes twice this for each thread.
LONGEST_LINE = 6_000_000
ROWS_OF_A_GROUP = 20_480
ROWS_AT_A_TIME = 1000
# For a statement that was interrupted; most end at once.
SECONDS_TO_STOP = 5.0
Given = ParamSpec("Given")
Result = TypeVar("Result")

# Found together, in one reading of an event's text, which halves what a conversion takes.
TEXTS = ("event_id", "event_name", "event_time", "received_at", "user_id", "client_label")
PATHS = ", ".join(f"'$.{name}'" for name in TEXTS)


def _text_of(name: str) -> str:
    return f"texts[{TEXTS.index(name) + 1}]"


def _moment_of(name: str) -> str:
    return f"try_cast({_text_of(name)} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"


COLUMNS = {
    "event_id": _text_of("event_id"),
    "event_name": _text_of("event_name"),
    "event_time": _moment_of("event_time"),
    "received_at": _moment_of("received_at"),
    # Of a stream's object only its events tell these two.
    "stored_at": f"coalesce(stored_at, {_moment_of('received_at')})",
    "user_id": _text_of("user_id"),
    "client": f"coalesce(nullif(client, ''), {_text_of('client_label')}, '')",
    "properties": "event->'$.properties'",
    "event": "event",
}
MOMENTS = ("event_time", "received_at", "stored_at")
TYPES = {**dict.fromkeys(MOMENTS, "TIMESTAMP"), "properties": "JSON", "event": "JSON"}
LINE = "{client: 'VARCHAR', stored_at: 'TIMESTAMP', events: 'JSON[]'}"
NOTHING = (
    "(SELECT {}, NULL::VARCHAR AS filename, NULL::BIGINT AS file_row_number LIMIT 0)"
).format(", ".join(f"NULL::{TYPES.get(name, 'VARCHAR')} AS {name}" for name in COLUMNS))  # fmt: skip
# Repeats are looked up beforehand, by 8 bytes an id: to tell the first of each id within every query would
# take ten times as long, and all columns in memory.
VIEWS = (
    f"CREATE VIEW events_raw AS SELECT {', '.join(COLUMNS)} FROM stored",
    """CREATE TEMP TABLE repeated AS
         SELECT hash(event_id) AS id FROM stored WHERE event_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1""",
    """CREATE TEMP TABLE later AS
         SELECT filename, file_row_number FROM stored WHERE hash(event_id) IN (SELECT id FROM repeated)
         QUALIFY row_number() OVER
           (PARTITION BY event_id ORDER BY stored_at, filename, file_row_number) > 1""",
    f"""CREATE VIEW events AS SELECT {", ".join(COLUMNS)} FROM stored
         WHERE (filename, file_row_number) NOT IN (SELECT (filename, file_row_number) FROM later)""",
)
# Athena's spelling and meaning, so that the same SQL runs in both: an object or an array is no scalar.
MACROS = (
    """CREATE MACRO json_extract_scalar(document, path) AS
         CASE WHEN json_type(document, path) NOT IN ('OBJECT', 'ARRAY') THEN document->>path END""",
    "CREATE MACRO approx_distinct(value) AS approx_count_distinct(value)",
)


class Converter:
    """Makes Parquet files, in which a query reads only the columns that it needs."""

    def __init__(self, folder: Path) -> None:
        self._database = _database(folder)
        self._database.execute("SET threads = 1")  # each more would take 12 MB to read lines

    def from_lines(self, lines: Path, part: Path) -> int:
        """What is no event, and what is no JSON, is left out and counted."""
        selected = ", ".join(f"{expression} AS {name}" for name, expression in COLUMNS.items())
        source = (
            f"read_json({_text(lines)}, format = 'newline_delimited', columns = {LINE},"
            f" ignore_errors = true, maximum_object_size = {LONGEST_LINE})"
        )
        items = f"SELECT client, stored_at, unnest(events) AS event FROM {source}"
        events = f"SELECT *, json_extract_string(event, [{PATHS}]) AS texts FROM ({items})"
        written = self._write(f"SELECT {selected} FROM ({events}) WHERE json_type(event) = 'OBJECT'", part)
        # A line that is no JSON is read as one without anything.
        count = f"SELECT coalesce(sum(coalesce(len(events), 1)), 0)::BIGINT FROM {source}"
        (there,) = self._database.execute(count).fetchone() or (0,)
        return int(there) - written

    def merge(self, parts: Sequence[Path], into: Path) -> None:
        """One file of several."""
        self._write(f"SELECT * FROM read_parquet({_texts(parts)})", into)

    def _write(self, select: str, part: Path) -> int:
        options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROWS_OF_A_GROUP}"
        written = self._database.execute(f"COPY ({select}) TO {_text(part)} ({options})").fetchone()
        part.chmod(0o600)
        return int(written[0]) if written else 0


@contextmanager
def answered(sql: str, parts: Sequence[Path], folder: Path, period: Period) -> Iterator[Answer]:
    """The answer to a query over the parts.

    Views: `events_raw`, every event that was stored in the period, and `events`, the first of each
    `event_id` alone. SQL reads and writes nothing outside of `folder`.

    Raises:
        UsageError: the SQL cannot be run, or is more than one statement.
        WizardError: it needs more memory, or disk, than there is.
    """
    database = _database(folder)
    _make_views(database, parts, period)
    for statement in ("SET enable_external_access = false", "SET lock_configuration = true"):
        database.execute(statement)
    with _explained():
        if len(database.extract_statements(sql)) > 1:
            raise more_than_one()
        _until_stopped(database, database.execute, sql)
        described = database.description or []
    yield Answer(
        [str(column[0]) for column in described], [str(column[1]) for column in described], _rows(database)
    )
    database.close()


def _rows(database: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    with _explained():
        while rows := _until_stopped(database, database.fetchmany, ROWS_AT_A_TIME):
            yield from rows


def _until_stopped(
    database: duckdb.DuckDBPyConnection,
    call: Callable[Given, Result],
    *args: Given.args,
    **kwargs: Given.kwargs,
) -> Result:
    """What a call of the database returns, unless the operator says stop.

    On the thread that signals come to, DuckDB returns to their handler only now and then, and then waits for
    its own threads.
    """
    with Daemons(1) as beside:
        running = beside.submit(call, *args, **kwargs)
        try:
            return running.result()
        finally:
            if not running.done():
                database.interrupt()
                wait([running], SECONDS_TO_STOP)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        raise WizardError(
            what="The query could not be finished.",
            why=_first_paragraph(error),
            next_step="Ask for less: fewer columns than *, a LIMIT, or a shorter time with --since.",
        ) from error
    except duckdb.Error as error:
        raise UsageError(
            what="The query cannot be run.",
            why=_first_paragraph(error),
            next_step=f"Mend the SQL. {WHAT_THERE_IS}",
        ) from error


def _first_paragraph(error: Exception) -> str:
    """What DuckDB says without its advice, as one sentence."""
    said = " ".join(str(error).partition("\n\n")[0].split()).rstrip(".")
    return said if said.endswith(("!", "?")) else f"{said}."


def _database(folder: Path) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect(":memory:")
    settings = {
        "memory_limit": f"'{MEMORY}'",
        "temp_directory": _text(folder / SPILLED),
        "allowed_directories": f"[{_text(folder)}]",
        "preserve_insertion_order": "false",
        "enable_progress_bar": "false",  # it would stand in the file that an answer is written into
        "TimeZone": "'UTC'",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    for name, value in settings.items():
        database.execute(f"SET {name} = {value}")
    return database


def _make_views(database: duckdb.DuckDBPyConnection, parts: Sequence[Path], period: Period) -> None:
    places = "filename = true, file_row_number = true"
    source = f"read_parquet({_texts(parts)}, {places})" if parts else NOTHING
    database.execute(f"CREATE VIEW stored AS SELECT * FROM {source} WHERE {_inside(period)}")
    for statement in (*VIEWS, *MACROS):
        database.execute(statement)


def _inside(period: Period) -> str:
    """What is true of events that were stored in the period; hours are in the cache whole. Objects whose
    names say no time are somebody's own, and belong to their hour.
    """
    ends = ((">=", period.since), ("<", period.until))
    conditions = [f"stored_at {sign} TIMESTAMP '{at:%Y-%m-%d %H:%M:%S.%f}'" for sign, at in ends if at]
    return f"stored_at IS NULL OR ({' AND '.join(conditions)})" if conditions else "true"


def _text(value: object) -> str:
    """An SQL literal."""
    quoted = str(value).replace("'", "''")
    return f"'{quoted}'"


def _texts(values: Sequence[object]) -> str:
    return f"[{', '.join(map(_text, values))}]"
