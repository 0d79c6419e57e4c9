"""The query table: what Athena needs to read the events, only where somebody wants it; it holds no data."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws.in_process import ACCOUNT_ID, Account, Workspace, leftovers, snapshot
from tests.aws.in_process.workspace import QUERIED
from tests.aws.names import QUERY_TABLE
from wizard.deployment import operator_policy
from wizard.engine import preflight
from wizard.engine.plan import make_plan
from wizard.engine.recover import rebuild
from wizard.errors import ConflictError, UsageError, WizardError
from wizard.events import layout, table_sql
from wizard.resources.base import OWNER_TAG
from wizard.resources.query_workgroup import none_if_unknown
from wizard.settings.resolve import refuse_contradictions

OPERATOR = f"arn:aws:iam::{ACCOUNT_ID}:user/operator"
DATABASE, WORKGROUP = "saas_event_tracking_events", "saas-event-tracking-events"
SERVICES = ("glue.", "athena.")
KEY = "events/year=2026/month=01/day=02/hour=03/events_1767322800000000000_a.jsonl.gz"


@pytest.fixture
def queried(workspace: Workspace) -> Workspace:
    """A deployment that is to have the table."""
    workspace.overrides |= QUERIED
    return workspace


def of_queries(names: list[str]) -> list[str]:
    return [name for name in names if name.startswith(SERVICES)]


def tables_of(account: Account) -> dict[str, Any]:
    found: Any = account.look.glue.get_tables(DatabaseName=DATABASE)["TableList"]
    return {table["Name"]: table for table in found}


def workgroup_of(account: Account) -> Any:
    return account.look.athena.get_work_group(WorkGroup=WORKGROUP)["WorkGroup"]


def ours(account: Account) -> list[str]:
    return [name for name in leftovers(account) if name.startswith(("databases:", "workgroups:"))]


def test_without_the_operators_wish_there_is_no_table_no_row_and_nobody_asks(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    assert [phase.key for phase in workspace.plan().phases][-1] == "deploy"
    workspace.rollback()
    assert of_queries(account.calls.names()) == []


def test_partitions_are_found_by_the_names_that_objects_have(account: Account, queried: Workspace) -> None:
    queried.apply()
    table = tables_of(account)["lines"]
    bucket = queried.settings.bucket_name
    assert table["StorageDescriptor"]["Location"] == f"s3://{bucket}/{layout.ROOT}"
    assert [key["Name"] for key in table["PartitionKeys"]] == ["day", "hour"]
    parameters = table["Parameters"]
    assert parameters["storage.location.template"] == f"s3://{bucket}/events/${{day}}/hour=${{hour}}/"
    assert parameters["projection.hour.digits"] == "2", "as in hour=03"
    day = parameters["projection.day.format"]
    for quoted, figures in (("'year='", "yyyy"), ("'/month='", "MM"), ("'/day='", "dd")):
        assert day.startswith(f"{quoted}{figures}")
        day = day.removeprefix(f"{quoted}{figures}")


def test_a_view_is_written_down_as_athena_does_it(account: Account, queried: Workspace) -> None:
    queried.apply()
    tables = tables_of(account)
    views = {"events_raw": table_sql.every_event(), "events": table_sql.first_of_each_day()}
    for name, sql in views.items():
        table = tables[name]
        assert (table["TableType"], table["Parameters"]["presto_view"]) == ("VIRTUAL_VIEW", "true")
        written = re.fullmatch(r"/\* Presto View: ([A-Za-z0-9+/=]+) \*/", table["ViewOriginalText"])
        assert written is not None
        view = json.loads(b64decode(written[1]))
        assert (view["originalSql"], view["schema"]) == (sql, DATABASE)
        columns = table["StorageDescriptor"]["Columns"]
        assert [item["name"] for item in view["columns"]] == [item["Name"] for item in columns]


def test_no_query_of_the_workgroup_reads_more_than_the_limit_and_its_results_leave_nothing_behind(
    account: Account, queried: Workspace
) -> None:
    queried.apply()
    found = workgroup_of(account)["Configuration"]
    assert found["BytesScannedCutoffPerQuery"] == 10_000_000_000
    assert found["EnforceWorkGroupConfiguration"] is True, "no query may have settings of its own"
    assert found["ManagedQueryResultsConfiguration"] == {"Enabled": True}
    assert "ResultConfiguration" not in found


def test_the_create_calls_carry_the_tags_because_organizations_deny_calls_without(
    account: Account, queried: Workspace
) -> None:
    queried.apply()
    creates = ("glue.CreateDatabase", "athena.CreateWorkGroup")
    sent = {call.name: str(call.parameters["body"]) for call in account.calls.made if call.name in creates}
    assert set(sent) == set(creates)
    assert all(OWNER_TAG in body for body in sent.values())


def test_a_look_asks_once_for_table_and_views(account: Account, queried: Workspace) -> None:
    queried.apply()
    account.calls.clear()
    assert queried.plan().in_order
    assert sorted(of_queries(account.calls.names())) == [
        "athena.GetWorkGroup", "athena.ListTagsForResource",
        "glue.GetDatabase", "glue.GetTables", "glue.GetTags",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("overrides", "first"),
    [
        ({}, "year=2026/month=01/day=01"),
        ({"event_retention_days": 90}, "NOW-93DAYS"),
        ({"query_from": "2026-11-05"}, "year=2026/month=11/day=05"),
        ({"event_retention_days": 90, "query_from": "2025-02-03"}, "year=2025/month=02/day=03"),
    ],
    ids=["usual", "retention", "said", "both"],
)
def test_a_query_without_a_day_looks_no_further_back_than_there_can_be_events(
    queried: Workspace, overrides: dict[str, object], first: str
) -> None:
    """Each day more is 24 requests to S3 more."""
    queried.overrides |= overrides
    at, _store = queried.open()
    desired = {step.key: step.resource.desired(at) for step in queried.plan().steps}
    assert desired["query.table"]["Parameters"]["projection.day.range"] == f"{first},NOW"  # type: ignore[index]


def test_switched_off_all_of_it_goes_and_no_event(account: Account, queried: Workspace) -> None:
    queried.apply()
    bucket = queried.settings.bucket_name
    account.look.s3.put_object(Bucket=bucket, Key=KEY, Body=b"x")
    assert len(ours(account)) == 2
    queried.overrides["query_table"] = False
    account.calls.clear()
    queried.apply()
    assert ours(account) == []
    assert account.look.s3.head_object(Bucket=bucket, Key=KEY)
    assert "glue.DeleteTable" not in account.calls.names(), "tables go with their database"
    assert not QUERY_TABLE & queried.state.records.keys()
    account.calls.clear()
    queried.apply()
    assert of_queries(account.calls.names()) == []


def test_in_the_end_it_is_said_where_to_ask_and_how_to_name_days(queried: Workspace) -> None:
    queried.apply()
    (remark,) = queried.plan().remarks
    assert f"{DATABASE}.events" in remark and WORKGROUP in remark and "day >=" in remark


def test_a_rollback_takes_it_back(account: Account, queried: Workspace) -> None:
    queried.apply()
    queried.rollback()
    assert leftovers(account) == []


def test_what_somebody_has_under_our_names_is_refused_and_left_alone(
    account: Account, queried: Workspace
) -> None:
    account.look.glue.create_database(DatabaseInput={"Name": DATABASE, "Description": "theirs"})
    account.look.athena.create_work_group(Name=WORKGROUP, Description="theirs")
    before = snapshot(account)
    with pytest.raises(ConflictError, match="it is not this deployment's"):
        queried.apply(adopt=True)
    titles = " ".join(str(error) for error in queried.plan(adopt=True).conflicts)
    assert DATABASE in titles and WORKGROUP in titles
    after = snapshot(account)
    assert all(after[kind] == before[kind] for kind in ("databases", "workgroups"))


def test_what_somebody_adds_to_the_database_is_left_alone(account: Account, queried: Workspace) -> None:
    queried.apply()
    theirs: Any = {"Name": "theirs", "TableType": "EXTERNAL_TABLE"}
    account.look.glue.create_table(DatabaseName=DATABASE, TableInput=theirs)
    account.look.glue.delete_table(DatabaseName=DATABASE, Name="events")
    queried.apply()
    assert set(tables_of(account)) == {"lines", "events_raw", "events", "theirs"}


def test_what_aws_or_somebody_notes_on_a_table_is_no_drift(account: Account, queried: Workspace) -> None:
    queried.apply()
    table = tables_of(account)["lines"]
    noted: Any = {name: table[name] for name in ("Name", "TableType", "StorageDescriptor", "PartitionKeys")}
    noted["Parameters"] = {**table["Parameters"], "transient_lastDdlTime": "1764500000"}
    noted["StorageDescriptor"]["SerdeInfo"]["Parameters"]["field.delim"] = "\\001"
    noted["StorageDescriptor"]["Columns"][0]["Comment"] = "a line"
    account.look.glue.update_table(DatabaseName=DATABASE, TableInput=noted)
    assert queried.plan().in_order


def test_the_format_that_it_needs_is_said_with_the_flag_and_what_makes_older_events_readable(
    workspace: Workspace,
) -> None:
    workspace.overrides["query_table"] = True
    with pytest.raises(UsageError) as refused:
        refuse_contradictions(workspace.settings)
    assert "--event-format jsonl.gz" in refused.value.next_step
    assert "`eventtrack-wizard compact`" in refused.value.next_step
    workspace.overrides["event_format"] = "jsonl"
    refuse_contradictions(workspace.settings)


def notices_of(workspace: Workspace) -> list[str]:
    at, store = workspace.open()
    notices: list[str] = []
    policy = operator_policy(at.identity, at.settings)
    preflight.check(at, make_plan(at, store), policy, OPERATOR, notices.append)
    return [notice for notice in notices if "compact" in notice]


def test_whoever_has_stored_arrays_is_told_beforehand_that_the_table_shows_them_once_they_are_lines(
    account: Account, workspace: Workspace
) -> None:
    account.calls.refuse("iam.SimulatePrincipalPolicy", "AccessDenied", status=403)
    workspace.overrides |= QUERIED
    assert notices_of(workspace) == [], "nothing is stored yet"
    del workspace.overrides["query_table"], workspace.overrides["event_format"]
    workspace.apply()
    workspace.overrides["memory_mb"] = 256
    assert notices_of(workspace) == [], "whoever wants no table need not know"
    workspace.overrides |= QUERIED
    assert len(notices_of(workspace)) == 1
    workspace.apply()
    workspace.overrides["query_scan_limit_mb"] = 10
    assert notices_of(workspace) == [], "once, where it is switched on"


def test_the_operator_has_the_rights_for_it_where_it_is_wanted_or_still_stands(queried: Workspace) -> None:
    """With them a policy can be longer than IAM takes."""
    at, _store = queried.open()
    wanted = json.dumps(operator_policy(at.identity, at.settings))
    assert "glue:CreateTable" in wanted and "athena:CreateWorkGroup" in wanted
    queried.overrides["query_table"] = False
    at, _store = queried.open()
    assert "glue:" not in json.dumps(operator_policy(at.identity, at.settings))
    standing = operator_policy(at.identity, at.settings, standing=["query.database"])
    assert json.dumps(standing) == wanted, "the way back needs them, too"


def test_a_recovery_finds_it_and_needs_no_right_to_it_where_there_is_none(
    account: Account, queried: Workspace
) -> None:
    queried.overrides |= {"query_scan_limit_mb": 500, "query_from": "2026-11-05"}
    queried.apply()
    records = set(queried.state.records)
    plain = Workspace(account, queried.path.parent, name=queried.name, event_format="jsonl.gz")
    at, _store = plain.open()
    at.known.clear()
    found = rebuild(at, {}).state
    assert set(found.records) == records
    told = {key: found.settings[key] for key in ("query_table", "query_scan_limit_mb", "query_from")}
    assert told == {"query_table": True, "query_scan_limit_mb": 500, "query_from": "2026-11-05"}
    for call in ("glue.GetDatabase", "glue.GetTables", "athena.GetWorkGroup"):
        account.calls.refuse(call, "AccessDeniedException", "not authorized")
    assert set(rebuild(at, {}).state.records) == records - QUERY_TABLE


def test_whose_lake_formation_forbids_it_learns_that_no_policy_of_iam_helps(
    account: Account, queried: Workspace
) -> None:
    said = "Insufficient Lake Formation permission(s): Required Create Database on Catalog"
    account.calls.refuse("glue.CreateDatabase", "AccessDeniedException", said)
    with pytest.raises(WizardError) as failure:
        queried.apply()
    assert said in failure.value.why
    assert "--no-query-table" in failure.value.next_step
    assert "`eventtrack-wizard policy`" not in failure.value.next_step


def test_only_what_says_that_there_is_no_workgroup_is_taken_for_that() -> None:
    """Athena has one code for every request that it does not take."""

    def refused(code: str, message: str) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": message}}, "GetWorkGroup")

    absent = "InvalidRequestException", "WorkGroup is not found."
    assert none_if_unknown(lambda: refused(*absent)) is None
    assert none_if_unknown(lambda: refused("ResourceNotFoundException", "")) is None
    with pytest.raises(ClientError):
        none_if_unknown(lambda: refused("InvalidRequestException", "The name is not valid"))
    with pytest.raises(ClientError):
        none_if_unknown(lambda: refused("InternalServerException", "not found"))
