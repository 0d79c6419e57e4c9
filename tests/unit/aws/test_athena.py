"""One query of Athena, as the wizard asks it."""

# ruff: noqa: E501  one failure, one line

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from tests.aws.clock import FakeClock
from tests.aws.in_process.athena_double import AthenaDouble, Shelf
from wizard.aws.athena import Answered, Question, ask
from wizard.aws.client import Aws
from wizard.aws.query_rules import FAILED_QUERIES
from wizard.aws.session import Keys, open_session
from wizard.errors import Interrupted, StateError, UsageError, WizardError

QUESTION = Question("SELECT 1 AS n", "shop", "shop_events", "The tables are these.")


class Bench:
    """An account with a workgroup, what was asked there, and what was waited for."""

    def __init__(self) -> None:
        self.aws = Aws(open_session(None, "eu-central-1", Keys("test", "test")), None, FakeClock())
        events = self.aws.athena.meta.events
        events.register("before-call", lambda model, **_: self._called(self.before, model.name))
        events.register_last("before-call", self._answer)
        events.register_last("after-call", lambda model, **_: self._called(self.after, model.name))
        self.clear()

    def clear(self) -> None:
        """Nobody has asked anything yet."""
        self.clock = self.aws.clock = FakeClock()
        self.place = Shelf({"shop": {"ManagedQueryResultsConfiguration": {"Enabled": True}}})
        self.double = AthenaDouble(self.place)
        self.waits: list[str] = []
        self.aws.on_wait = lambda reason, *_: self.waits.append(reason)
        self.before: list[Callable[[str], None]] = []
        self.after: list[Callable[[str], None]] = []

    def _answer(self, **call: Any) -> Any:
        return self.double.before_call(**call)

    def _called(self, rules: list[Callable[[str], None]], operation: str) -> None:
        for rule in rules:
            rule(operation)

    def ask(self, sql: str = "SELECT 1 AS n", **changes: Any) -> Answered:
        question = replace(QUESTION, sql=sql, **changes)
        return ask(self.aws, question)

    def refuse(self, operation: str, code: str, message: str, times: int = 1) -> None:
        """The next calls are answered with an error."""
        error: Any = {"Error": {"Code": code, "Message": message}}
        self.before.append(raising(operation, ClientError(error, operation), times))


def raising(operation: str, error: BaseException, times: int = 1) -> Callable[[str], None]:
    left = [times]

    def fail(name: str) -> None:
        if name == operation and left[0]:
            left[0] -= 1
            raise error

    return fail


@pytest.fixture(scope="module")
def shared_bench() -> Bench:
    return Bench()


@pytest.fixture
def bench(shared_bench: Bench) -> Bench:
    shared_bench.clear()
    return shared_bench


def test_an_answer_has_names_types_and_texts_and_null_is_none(bench: Bench) -> None:
    answer = bench.ask("SELECT 1 AS n, 'ä' AS t, CAST(NULL AS bigint) AS nothing, '' AS empty, true AS yes")

    assert [(column.name, column.type) for column in answer.columns] == [
        ("n", "integer"), ("t", "varchar"), ("nothing", "bigint"), ("empty", "varchar"), ("yes", "boolean"),
    ]  # fmt: skip
    assert list(answer.rows) == [("1", "ä", None, "", "true")]


def test_it_is_waited_for_through_its_states(bench: Bench) -> None:
    bench.ask()

    assert bench.double.calls == ["StartQueryExecution", *["GetQueryExecution"] * 3, "GetQueryResults"]
    assert bench.waits == ["Athena works on the query"] * 2


def test_a_long_answer_is_read_page_by_page_and_its_names_are_no_row(bench: Bench) -> None:
    answer = bench.ask("SELECT n FROM UNNEST(generate_series(1, 2500)) AS t(n) ORDER BY n")

    assert bench.double.calls.count("GetQueryResults") == 1, "the rest is fetched when somebody reads it"
    assert [int(str(row[0])) for row in answer.rows] == list(range(1, 2501))
    assert bench.double.calls.count("GetQueryResults") == 3


def test_an_answer_without_rows_has_its_columns(bench: Bench) -> None:
    answer = bench.ask("SELECT 1 AS n WHERE false")

    assert ([column.name for column in answer.columns], list(answer.rows)) == (["n"], [])


def test_a_query_whose_start_was_not_answered_is_started_once(bench: Bench) -> None:
    """Each start costs."""
    bench.after.append(raising("StartQueryExecution", ReadTimeoutError(endpoint_url="https://aws")))

    assert list(bench.ask().rows) == [("1",)]

    assert bench.double.calls.count("StartQueryExecution") == 2
    assert len(bench.double.athena.executions) == 1


def test_ctrl_c_ends_the_query_as_well_because_it_would_go_on_costing(bench: Bench) -> None:
    bench.clock.stop_at_check = 3
    with pytest.raises(Interrupted):
        bench.ask()

    (execution,) = bench.double.athena.executions.values()
    assert (execution.state, bench.double.calls[-1]) == ("CANCELLED", "StopQueryExecution")


def test_who_may_not_end_a_query_is_told_that_it_goes_on(bench: Bench) -> None:
    bench.clock.stop_at_check = 3
    bench.refuse(
        "StopQueryExecution",
        "AccessDeniedException",
        "You are not authorized to perform: athena:StopQueryExecution on the resource.",
    )
    with pytest.raises(WizardError, match="which goes on and costs") as failure:
        bench.ask()

    assert "athena:StopQueryExecution" in failure.value.why


def test_a_query_that_cannot_be_looked_at_is_ended_too(bench: Bench) -> None:
    bench.refuse(
        "GetQueryExecution",
        "AccessDeniedException",
        "You are not authorized to perform: athena:GetQueryExecution on the resource.",
    )
    with pytest.raises(WizardError, match="athena:GetQueryExecution"):
        bench.ask()

    assert bench.double.calls[-1] == "StopQueryExecution"


def test_what_ended_the_wait_is_told_where_the_query_cannot_be_ended_either(bench: Bench) -> None:
    broken = EndpointConnectionError(endpoint_url="https://aws")
    bench.before += [raising("GetQueryExecution", broken, 99), raising("StopQueryExecution", broken, 99)]

    with pytest.raises(WizardError, match="AWS cannot be reached"):
        bench.ask()


def test_where_athena_asks_for_fewer_requests_they_are_made_later(bench: Bench) -> None:
    bench.refuse("StartQueryExecution", "TooManyRequestsException", "Rate exceeded", 2)
    bench.refuse("GetQueryResults", "TooManyRequestsException", "", 1)

    assert list(bench.ask().rows) == [("1",)]
    assert bench.waits.count("AWS asks for fewer requests") == 3


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT nme FROM (SELECT 1 AS n)", "COLUMN_NOT_FOUND: line 1:8: Column 'nme' cannot be resolved"),
        ("SELECT * FROM evnts", "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.shop_events.evnts'"),
        ("SELECT nofun(1)", "FUNCTION_NOT_FOUND: line 1:8: Function 'nofun' not registered"),
        ("SELECT CAST('x' AS integer)", "INVALID_CAST_ARGUMENT"),
        ("SELECT FROM WHERE", "line 1:13: mismatched input 'WHERE'"),
        ("SELECT 1; SELECT 2", "Only one sql statement is allowed"),
        ("SELECT '{}'->>'a'", "mismatched input '->>'"),
    ],
    ids=["column", "table", "function", "cast", "grammar", "two statements", "of DuckDB alone"],
)
def test_a_mistake_in_the_sql_is_the_operators_and_told_with_what_there_is(
    bench: Bench, sql: str, said: str
) -> None:
    with pytest.raises(UsageError, match="cannot be run") as failure:
        bench.ask(sql)

    assert said in failure.value.why
    assert failure.value.next_step == "Mend the SQL. The tables are these."


def test_lines_are_counted_from_where_the_operators_text_begins(bench: Bench) -> None:
    with pytest.raises(UsageError, match=r"line 1:8: Column 'nme'"):
        bench.ask("WITH ours AS (SELECT 1)\nSELECT nme FROM (SELECT 1 AS n)", lines_before=1)


def test_a_query_that_would_read_more_than_it_may_says_what_to_do(bench: Bench) -> None:
    reason = "Bytes scanned limit was exceeded"

    error = failure_of(bench, "CANCELLED", reason)

    assert "more than the workgroup lets one query read" in error.why and reason in error.why
    assert (
        "--since" in error.next_step
        and "`eventtrack-wizard setup --query-scan-limit-mb MB`" in error.next_step
    )


def failure_of(bench: Bench, state: str, reason: str, category: int = 0) -> WizardError:
    """What is said of a query that ends so."""

    def end(name: str) -> None:
        for execution in bench.double.athena.executions.values():
            execution.state, execution.reason, execution.category = state, reason, category

    bench.before.append(end)
    with pytest.raises(WizardError) as failure:
        bench.ask()
    return failure.value


NOT_ALLOWED = (
    "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: {} on resource:"
    " arn:aws:glue:eu-central-1:123456789012:catalog because no identity-based policy allows it (Service:"
    " AmazonDataCatalog; Status Code: 400; Error Code: AccessDeniedException; Request ID: 1; Proxy: null)"
)
# Why a query fails, by Athena's own account, and what the operator is told to do.
FAILURES = (
    ("Bytes scanned limit was exceeded", 0, "--since"),
    ("Insufficient Lake Formation permission(s): Required Select on lines (Service: AmazonDataCatalog; …)", 2, "SELECT on its tables"),
    ("SYNTAX_ERROR: line 1:8: Column 'a' cannot be resolved", 2, "Mend the SQL"),
    ("COLUMN_NOT_FOUND: line 1:8: Column 'a' cannot be resolved or requester is not authorized to access requested resources", 2, "Mend the SQL"),
    ("INVALID_FUNCTION_ARGUMENT: Invalid JSON path: '$.'", 2, "Mend the SQL"),
    ("HIVE_METASTORE_ERROR: Table storage descriptor is missing SerDe info", 1, "setup` to repair"),
    ("HIVE_METASTORE_ERROR: User: x is not authorized to perform: glue:GetTable", 2, "eventtrack-wizard policy"),
    ("INVALID_VIEW: line 1:15: Failed analyzing stored view 'awsdatacatalog.shop_events.events'", 2, "setup` to repair"),
    ("SCHEMA_NOT_FOUND: line 1:15: Schema 'shop_events' does not exist", 2, "setup` to repair"),
    ("TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.shop_events.lines' does not exist", 2, "setup` to repair"),
    ("TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.shop_events.events' does not exist", 2, "setup` to repair"),
    ("TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.shop_events.deadlines' does not exist", 2, "Mend the SQL"),
    (NOT_ALLOWED.format("glue:GetTable"), 2, "policy` prints"),
    ("PERMISSION_DENIED: Access denied when reading from location: s3://b/events/x.jsonl.gz", 2, "policy` prints"),
    ("Query exhausted resources at this scale factor", 3, "fewer columns"),
    ("SOMETHING_NEW: the query's own fault", 2, "Mend the SQL"),
    ("GENERIC_INTERNAL_ERROR: null", 1, "Run the same command again"),
    ("", 0, "Run the same command again"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "category", "next_step"), FAILURES, ids=[str(number) for number in range(len(FAILURES))]
)
def test_why_a_query_has_failed_decides_what_the_operator_is_told(
    bench: Bench, reason: str, category: int, next_step: str
) -> None:
    error = failure_of(bench, "FAILED", reason, category)

    assert next_step in error.next_step
    assert reason.removesuffix(".") in error.why
    assert isinstance(error, UsageError) is (next_step == "Mend the SQL")


def test_every_row_of_failures_is_needed(bench: Bench) -> None:
    names = {0: "", 1: "system", 2: "user", 3: "other"}
    hit = [
        next(
            number for number, rule in enumerate(FAILED_QUERIES) if rule.matches(names[category], reason, "")
        )
        for reason, category, _next_step in FAILURES
    ]

    assert sorted(set(hit)) == list(range(len(FAILED_QUERIES)))


def test_a_workgroup_that_is_gone_is_made_again_by_setup(bench: Bench) -> None:
    with pytest.raises(StateError, match="workgroup of the query table is gone") as failure:
        bench.ask(workgroup="elsewhere")

    assert "`eventtrack-wizard setup`" in failure.value.next_step


def test_what_athena_refuses_for_another_reason_is_no_mistake_in_the_sql(bench: Bench) -> None:
    bench.place.workgroups["shop"] = {}
    with pytest.raises(WizardError, match="No output location provided") as failure:
        bench.ask()

    assert not isinstance(failure.value, UsageError)
