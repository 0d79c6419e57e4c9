"""One SQL query, run by Athena: started once, waited for, its answer read page by page.

https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

from wizard.aws.errors import AWS_ERRORS
from wizard.aws.pages import pages
from wizard.aws.query_rules import look_up_failed_query
from wizard.aws.retry import NotYet, explained
from wizard.aws.rule import Wait
from wizard.errors import Interrupted, UsageError, WizardError

if TYPE_CHECKING:
    from types_boto3_athena.type_defs import (
        QueryExecutionStatusTypeDef,
        QueryExecutionTypeDef,
        ResultSetTypeDef,
    )

    from wizard.aws.client import Aws

# What asking needs, by kind of ARN (`wizard.aws.operator_policy.ARNS`), besides reading the objects: Athena
# reads catalog and bucket with the rights of whoever asks.
# https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html
ASKS_ATHENA = {
    "workgroup": (
        "athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults",
        "athena:StopQueryExecution",
    ),
    "catalog": (
        "glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:GetPartition", "glue:GetPartitions",
    ),
}  # fmt: skip

# A query is ended after 30 minutes: https://docs.aws.amazon.com/athena/latest/ug/service-limits.html
RUNNING = Wait("Athena works on the query", 31 * 60, (0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0))
# Also the most that Athena gives at a time.
ROWS_OF_A_PAGE = 1000
# Athena's own numbers of who has made a query fail:
# https://docs.aws.amazon.com/athena/latest/APIReference/API_AthenaError.html
CULPRITS = {1: "system", 2: "user", 3: "other"}
LINE = re.compile(r"\bline ([0-9]+):")


@dataclass(frozen=True)
class Question:
    """What is asked, and where.

    Attributes:
        there_is: a sentence that names tables and columns, for whoever has mistaken them.
        lines_before: lines that were put before the operator's own text.
    """

    sql: str
    workgroup: str
    database: str
    there_is: str = ""
    lines_before: int = 0


@dataclass(frozen=True)
class Column:
    """Name and type, as Athena calls it: `bigint`, `varchar`, `timestamp`, …"""

    name: str
    type: str


@dataclass(frozen=True)
class Answered:
    """The answer to a question.

    Attributes:
        rows: texts, None for NULL; fetched page by page while they are read.
        scanned: bytes that Athena has read.
    """

    columns: tuple[Column, ...]
    rows: Iterator[tuple[str | None, ...]]
    scanned: int


def ask(aws: Aws, question: Question) -> Answered:
    """Run the query to its end. Whatever ends the wait ends the query, too: Ctrl-C, a lost network.

    Raises:
        UsageError: the SQL cannot be run.
        WizardError: Athena refuses or fails, more was to be read than the workgroup lets, a right is missing.
        Interrupted: the operator has asked to stop.
    """
    query_id = _started(aws, question)
    try:
        execution = _ended(aws, query_id)
    except BaseException as reason:
        _end(aws, query_id, reason)
        raise
    if execution["Status"]["State"] != "SUCCEEDED":
        raise _failure(execution["Status"], question)
    wanted = {"QueryExecutionId": query_id, "MaxResults": ROWS_OF_A_PAGE}
    answers = pages(
        aws, aws.athena.get_query_results, "read the answer", {"NextToken": "NextToken"}, **wanted
    )
    results = (answer["ResultSet"] for answer in answers)
    first = next(results)
    columns = [Column(one["Name"], one["Type"]) for one in first["ResultSetMetadata"]["ColumnInfo"]]
    return Answered(
        tuple(columns), _rows(chain([first], results)), execution["Statistics"].get("DataScannedInBytes", 0)
    )


def _started(aws: Aws, question: Question) -> str:
    """Sent again with the same token where the answer was lost: Athena then starts nothing new."""
    token = str(uuid.uuid4())
    try:
        answer = aws.retry(
            lambda: aws.athena.start_query_execution(
                QueryString=question.sql,
                ClientRequestToken=token,
                QueryExecutionContext={"Database": question.database},
                WorkGroup=question.workgroup,
            ),
            "start the query",
        )
    except UsageError as error:
        raise _mistake(error.why, question) from error
    return answer["QueryExecutionId"]


def _ended(aws: Aws, query_id: str) -> QueryExecutionTypeDef:
    def look() -> QueryExecutionTypeDef:
        execution = aws.athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        if execution["Status"]["State"] in ("QUEUED", "RUNNING"):
            raise NotYet(RUNNING)
        return execution

    return aws.retry(look, "run the query")


def _end(aws: Aws, query_id: str, reason: BaseException) -> None:
    """Nobody waits for the query any more. Where something else went wrong before, that is to be told."""
    try:
        aws.athena.stop_query_execution(QueryExecutionId=query_id)
    except AWS_ERRORS as error:
        if isinstance(reason, Interrupted):
            raise explained(error, f"end the query {query_id}, which goes on and costs") from error


def _failure(status: QueryExecutionStatusTypeDef, question: Question) -> WizardError:
    """What to say of a query that has failed or was cancelled."""
    said = " ".join(status.get("StateChangeReason", "").split()).rstrip(".")
    culprit = CULPRITS.get(status.get("AthenaError", {}).get("ErrorCategory", 0), "")
    rule = look_up_failed_query(culprit, said)
    why = rule.why.format(message=f"{said}." if said else "Athena does not say why.").strip()
    if rule.error is UsageError:
        return _mistake(why, question)
    return rule.error(
        what="The query could not be finished.", why=why, next_step=rule.next_step, link=rule.link
    )


def _mistake(why: str, question: Question) -> UsageError:
    """Of the operator's; lines are counted from where the operator's own text begins."""
    return UsageError(
        what="The query cannot be run.",
        why=LINE.sub(lambda found: f"line {int(found[1]) - question.lines_before}:", why),
        next_step=f"Mend the SQL. {question.there_is}".strip(),
    )


def _rows(results: Iterator[ResultSetTypeDef]) -> Iterator[tuple[str | None, ...]]:
    """The first row of a query's answer names the columns."""
    rows = (row for result in results for row in result["Rows"])
    for row in islice(rows, 1, None):
        yield tuple(value.get("VarCharValue") for value in row["Data"])
