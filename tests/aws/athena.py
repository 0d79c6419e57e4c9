"""Athena as it is documented: states, tokens, limits, answers page by page; DuckDB works out what it says.

Sources: https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html,
…/APIReference/API_GetQueryResults.html and …/ug/workgroups-setting-control-limits-cloudwatch.html.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.aws.athena_database import Databases, MalformedError, Place, refuse_malformed
from tests.aws.athena_objects import FailedError

MOST_ROWS = 1000
MOST_CHARACTERS = 262_144
LEAST_TOKEN = 32


class RefusedError(Exception):
    """What a call is answered: HTTP status, code, message and what else the error has."""

    def __init__(self, status: int, code: str, message: str, **more: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.more = status, code, message, more


def _invalid(message: str, athena_code: str = "INVALID_INPUT") -> RefusedError:
    return RefusedError(400, "InvalidRequestException", message, AthenaErrorCode=athena_code)


class AwsPlace:
    """An emulator's catalog, workgroups and objects.

    Args:
        refusal: what AWS says to whoever lacks an action on a resource; None where it is allowed.
    """

    def __init__(
        self, athena: Any, glue: Any, s3: Any, refusal: Callable[[str, str], str | None] = lambda *_: None
    ) -> None:
        self._athena, self._glue, self._s3, self._refusal = athena, glue, s3, refusal

    def workgroup(self, name: str) -> Mapping[str, Any] | None:
        try:
            found = self._athena.get_work_group(WorkGroup=name)["WorkGroup"]
        except self._athena.exceptions.InvalidRequestException:
            return None
        return dict(found["Configuration"])

    def tables(self, database: str) -> Sequence[Mapping[str, Any]]:
        where = ("catalog", f"database/{database}")
        self._check("glue:GetDatabase", *where)
        try:
            self._glue.get_database(Name=database)
        except self._glue.exceptions.EntityNotFoundException:
            return []
        pages = self._glue.get_paginator("get_tables").paginate(DatabaseName=database)
        found = [table for page in pages for table in page["TableList"]]
        for action in ("glue:GetTable", "glue:GetTables", "glue:GetPartition", "glue:GetPartitions"):
            self._check(action, *where, *(f"table/{database}/{table['Name']}" for table in found))
        return found

    def objects(self, bucket: str, prefix: str) -> Iterator[tuple[str, bytes]]:
        self._check("s3:ListBucket", bucket)
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        try:
            for found in (one for page in pages for one in page.get("Contents", [])):
                self._check("s3:GetObject", f"{bucket}/{found['Key']}")
                yield found["Key"], self._s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()
        except self._s3.exceptions.NoSuchBucket:
            raise FailedError("The specified bucket does not exist (Error Code: NoSuchBucket)") from None

    def _check(self, action: str, *resources: str) -> None:
        for resource in resources:
            if (refused := self._refusal(action, resource)) is not None:
                raise FailedError(refused)


@dataclass
class Execution:
    """One query; each look at it brings it a step further."""

    sql: str
    database: str
    workgroup: str
    cutoff: int
    place: Place
    databases: Databases
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    state: str = "QUEUED"
    reason: str = ""
    category: int = 0
    scanned: int = 0
    columns: list[tuple[str, str]] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)

    def advance(self) -> None:
        """QUEUED, RUNNING, then how it ends."""
        if self.state == "QUEUED":
            self.state = "RUNNING"
        elif self.state == "RUNNING":
            self._run()

    def _run(self) -> None:
        try:
            database = self.databases.opened(self.database, self.place)
            self.scanned = database.scanned_by(self.sql)
            if self.scanned > self.cutoff:
                self._end("CANCELLED", "Bytes scanned limit was exceeded")
                return
            self.columns, self.rows = database.answer(self.sql)
        except FailedError as failed:
            self._end("FAILED", failed.reason, failed.category)
        else:
            self._end("SUCCEEDED")

    def _end(self, state: str, reason: str = "", category: int = 0) -> None:
        self.state, self.reason, self.category = state, reason, category

    def document(self) -> dict[str, Any]:
        """As GetQueryExecution tells it."""
        status: dict[str, Any] = {"State": self.state, "SubmissionDateTime": 0}
        if self.reason:
            status["StateChangeReason"] = self.reason
        if self.state == "FAILED":
            status["AthenaError"] = {"ErrorCategory": self.category, "ErrorMessage": self.reason}
        return {
            "QueryExecutionId": self.id,
            "Query": self.sql,
            "StatementType": "DML",
            "QueryExecutionContext": {"Database": self.database},
            "WorkGroup": self.workgroup,
            "Status": status,
            "Statistics": {"DataScannedInBytes": self.scanned} if self.state != "QUEUED" else {},
        }


class Athena:
    """Queries of one account and region."""

    def __init__(self) -> None:
        self.executions: dict[str, Execution] = {}
        self._tokens: dict[str, tuple[str, Execution]] = {}
        self._databases = Databases()

    def answer(self, operation: str, asked: Mapping[str, Any], place: Place) -> dict[str, Any] | None:
        """The answer to a call; None to one that is not about queries. Raises RefusedError."""
        match operation:
            case "StartQueryExecution":
                return {"QueryExecutionId": self._start(asked, place).id}
            case "GetQueryExecution":
                execution = self._known(asked)
                document = execution.document()
                execution.advance()
                return {"QueryExecution": document}
            case "GetQueryResults":
                return _results(self._known(asked), asked)
            case "StopQueryExecution":
                stopped = self._known(asked)
                if stopped.state in ("QUEUED", "RUNNING"):
                    stopped.state, stopped.reason = "CANCELLED", "Query was cancelled by user"
                return {}
        return None

    def _start(self, asked: Mapping[str, Any], place: Place) -> Execution:
        sql, token = str(asked["QueryString"]), str(asked.get("ClientRequestToken", uuid.uuid4()))
        if len(token) < LEAST_TOKEN:
            raise _invalid(
                "1 validation error detected: Value at 'clientRequestToken' failed to satisfy constraint"
            )
        if token in self._tokens:
            before, execution = self._tokens[token]
            if before != sql:
                raise _invalid("Idempotent parameters do not match")
            return execution
        name = str(asked.get("WorkGroup", "primary"))
        configuration = place.workgroup(name)
        if configuration is None:
            raise _invalid(f"WorkGroup {name} is not found.")
        _refuse_without_results(configuration)
        _refuse_malformed(sql)
        execution = Execution(
            sql,
            str(asked.get("QueryExecutionContext", {}).get("Database", "default")),
            name,
            int(configuration.get("BytesScannedCutoffPerQuery", 2**63)),
            place,
            self._databases,
        )
        self.executions[execution.id], self._tokens[token] = execution, (sql, execution)
        return execution

    def _known(self, asked: Mapping[str, Any]) -> Execution:
        found = self.executions.get(str(asked["QueryExecutionId"]))
        if found is None:
            raise _invalid(f"QueryExecution {asked['QueryExecutionId']} was not found")
        return found


def _refuse_without_results(configuration: Mapping[str, Any]) -> None:
    managed = configuration.get("ManagedQueryResultsConfiguration", {}).get("Enabled")
    if not managed and not configuration.get("ResultConfiguration", {}).get("OutputLocation"):
        raise _invalid(
            "No output location provided. An output location is required either through the Workgroup result"
            " configuration setting or as an API input."
        )


def _results(execution: Execution, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The first page begins with the names of the columns; a row of a thousand is one of them."""
    if execution.state != "SUCCEEDED":
        raise _invalid(f"Query did not finish successfully. Final query state: {execution.state}")
    most = int(asked.get("MaxResults", MOST_ROWS))
    if not 1 <= most <= MOST_ROWS:
        raise _invalid("MaxResults is more than maximum allowed length 1000")
    every: list[list[str | None]] = [[name for name, _type in execution.columns], *execution.rows]
    begin = int(asked.get("NextToken", 0))
    page = every[begin : begin + most]
    rows = [{"Data": [{} if value is None else {"VarCharValue": value} for value in row]} for row in page]
    columns = [{"Name": name, "Label": name, "Type": kind} for name, kind in execution.columns]
    more = {"NextToken": str(begin + most)} if begin + most < len(every) else {}
    return {
        "ResultSet": {"Rows": rows, "ResultSetMetadata": {"ColumnInfo": columns}},
        "UpdateCount": 0,
        **more,
    }


def _refuse_malformed(sql: str) -> None:
    if len(sql) > MOST_CHARACTERS:
        raise _invalid("1 validation error detected: Value at 'queryString' failed to satisfy constraint")
    try:
        refuse_malformed(sql)
    except MalformedError as malformed:
        raise _invalid(str(malformed), "MALFORMED_QUERY") from malformed
