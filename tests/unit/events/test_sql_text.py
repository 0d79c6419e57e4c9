"""An SQL text, as far as the wizard reads it itself."""

from __future__ import annotations

import duckdb
import pytest

from wizard.errors import UsageError
from wizard.events.sql_text import one_query, with_definitions

OURS = {"events": "SELECT *\n FROM db.events WHERE day = 'd'", "events_raw": "SELECT 1"}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT ';' AS a",
        'SELECT 1 AS ";" -- ; SELECT 2',
        "SELECT /* ; */ 1",
        "SELECT 'it''s; ' || ';'",
        "(SELECT 1) UNION SELECT 2",
        "-- a question\nwith a AS (SELECT 1) SELECT * FROM a",
        "VALUES 1",
    ],
)
def test_a_query_is_run_as_it_was_typed(sql: str) -> None:
    assert one_query(sql) == sql
    assert one_query(f"{sql}\n;; -- the end") == f"{sql}\n"


@pytest.mark.parametrize("sql", ["SELECT 1; SELECT 2", "SELECT 1;;x", "SELECT ''; DROP TABLE lines"])
def test_a_second_statement_is_refused_because_one_answer_can_be_shown(sql: str) -> None:
    with pytest.raises(UsageError, match="more than one statement"):
        one_query(sql)


@pytest.mark.parametrize(
    "sql", ["DROP TABLE lines", "INSERT INTO lines SELECT 1", "UNLOAD (SELECT 1) TO 's3://x'", ";", "-- a"]
)
def test_what_does_more_than_read_is_refused_because_athena_would_do_it(sql: str) -> None:
    with pytest.raises(UsageError, match="only queries are run"):
        one_query(sql)


def test_names_are_defined_on_one_line_before_the_query() -> None:
    sql = "SELECT *\nFROM events"

    before, _, after = with_definitions(sql, OURS).partition("\n")

    assert before == "WITH events AS (SELECT * FROM db.events WHERE day = 'd'), events_raw AS (SELECT 1)"
    assert after == sql


@pytest.mark.parametrize(
    "sql",
    [
        "WITH a AS (SELECT 1 AS n) SELECT nme FROM a",
        "with recursive a (n) AS (SELECT 1), b AS (VALUES (2)) (SELECT nme FROM a, b)",
        "-- of an hour\n  WITH\n  a AS (SELECT ',' AS t, 1 AS n), \"B\" AS (SELECT 1) SELECT nme FROM a",
    ],
)
def test_a_querys_own_names_come_after_ours_and_stay_where_they_were(sql: str) -> None:
    """So that what Athena says of line and column is where the operator finds it, a line further down."""
    whole = with_definitions(sql, OURS)

    at = sql.index("nme")
    lines, column = sql[:at].count("\n"), at - sql.rfind("\n", 0, at)
    found = whole.index("nme")
    assert (whole[:found].count("\n"), found - whole.rfind("\n", 0, found)) == (lines + 1, column)
    assert len(duckdb.extract_statements(whole)) == 1
    assert whole.lower().count("with") == 1


@pytest.mark.parametrize(
    "sql",
    [
        "WITH events AS (SELECT 1) SELECT * FROM events",
        'WITH a AS (SELECT 1), "EVENTS" (x) AS (SELECT 2) SELECT 1',
        "WITH RECURSIVE a AS (SELECT 1), Events AS (SELECT 1) SELECT 1",
    ],
)
def test_a_query_that_defines_one_of_our_names_is_told_to_take_another(sql: str) -> None:
    with pytest.raises(UsageError, match="defines events itself"):
        with_definitions(sql, OURS)


def test_our_names_within_a_query_are_nobodys_definitions() -> None:
    sql = "WITH a AS (SELECT 1, events FROM events) SELECT 2, events, events_raw FROM events, events_raw"

    assert with_definitions(sql, OURS).startswith("WITH events AS (")
