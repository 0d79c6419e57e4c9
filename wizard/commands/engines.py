"""Who works out SQL over a deployment's events: DuckDB on this machine, or Athena in AWS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import platformdirs

from wizard.aws.objects import ObjectReader
from wizard.commands.waiting import waiting
from wizard.errors import UsageError
from wizard.events.answer import Answer
from wizard.events.cache import Cache
from wizard.events.period import Period
from wizard.extras import install_command
from wizard.identity import DeploymentId
from wizard.resources.base import Deployment
from wizard.resources.query_table import database_name
from wizard.resources.query_workgroup import workgroup_name
from wizard.settings.cost import Scan, of_scan

Engine = Literal["duckdb", "athena"]
NAMES: dict[Engine, str] = {"duckdb": "DuckDB on this machine", "athena": "Athena"}

INSTEAD = '`eventtrack-wizard query "SELECT …"` runs the same SQL by DuckDB on this machine'


@dataclass(frozen=True)
class Told:
    """What an engine says.

    Attributes:
        bad: how many lines were left out because they are no events; only DuckDB counts them.
        scan: what AWS bills for it; None where nothing ran there.
    """

    answer: Answer
    bad: int = 0
    scan: Scan | None = None


@contextmanager
def told_by(engine: Engine, at: Deployment, sql: str, period: Period) -> Iterator[Told]:
    """The answer to a query over the events that were stored in the period.

    Raises:
        UsageError: the engine is not to be had here, or the SQL cannot be run.
        WizardError: AWS refuses or is unreachable, or the query needs more than there is.
    """
    refuse_without(engine, at)
    with _by_athena(at, sql, period) if engine == "athena" else _by_duckdb(at, sql, period) as told:
        yield told


@contextmanager
def _by_duckdb(at: Deployment, sql: str, period: Period) -> Iterator[Told]:
    from wizard.events.query import Converter, answered

    cache = cache_of(at.identity, at.settings.bucket_name)
    reader = ObjectReader(at.aws, at.settings.bucket_name)
    with (
        cache.filled(reader, period, Converter(cache.folder)) as filled,
        answered(sql, filled.parts, cache.folder, period) as answer,
    ):
        yield Told(answer, filled.bad)


@contextmanager
def _by_athena(at: Deployment, sql: str, period: Period) -> Iterator[Told]:
    from wizard.aws.athena import ask
    from wizard.events.athena import answer_of, question

    asked = question(sql, period, workgroup_name(at), database_name(at))
    with waiting(at.aws, "Athena works on the query"):
        answered = ask(at.aws, asked)
    yield Told(answer_of(answered), scan=of_scan(answered.scanned, at.aws.region))


def refuse_without(engine: Engine, at: Deployment) -> None:
    """Say before anything else is done that the engine is not to be had here.

    Raises:
        UsageError: it is not.
    """
    if engine == "athena":
        _refuse_without_athena(at)
    else:
        refuse_without_duckdb()


def refuse_without_duckdb() -> None:
    """Say early, and in words, what is missing.

    Raises:
        UsageError: the optional extra `query` is not installed.
    """
    try:
        import duckdb  # noqa: F401
    except ImportError:
        raise UsageError(
            what="SQL needs DuckDB, which is not installed.",
            why="It comes with the optional extra `query` (25 MB).",
            next_step=f"Add it with: {install_command('query')}",
        ) from None


def _refuse_without_athena(at: Deployment) -> None:
    if at.identity.local:
        raise UsageError(
            what="The local AWS has no Athena that could read the events.",
            why="What answers there as Athena knows neither Trino's functions nor a table's columns.",
            next_step=f"Leave out --engine athena; {INSTEAD}.",
        )
    if not at.settings.query_table:
        lines = " --event-format jsonl.gz" if at.settings.event_format == "json" else ""
        raise UsageError(
            what="This deployment has no query table, and Athena reads no other.",
            why="It is made only where it is wanted.",
            next_step=f"Run `eventtrack-wizard setup --query-table{lines}`, or leave out --engine athena;"
            f" {INSTEAD}.",
        )


def cache_of(identity: DeploymentId, bucket: str) -> Cache:
    """Of one bucket: a deployment that was made anew under the same name has another id."""
    return Cache(platformdirs.user_cache_path("eventtrack-wizard") / "events" / f"{identity.id}.{bucket}")


def billed(scan: Scan) -> str:
    """What a query has read and costs, as one sentence."""
    from wizard.ui.text import size

    least = ", the least that AWS bills for a query (10 MB)" if scan.is_least else ""
    digits = 2 if scan.usd >= 1 else 6
    return f"Athena has read {size(scan.scanned)}: {scan.usd:.{digits}f} USD{least}."
