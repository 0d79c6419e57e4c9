"""The query table in a template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.export.parts.base import Export, Part, tags_of
from wizard.export.references import BEGIN, END, reference
from wizard.phases import RESOURCES
from wizard.resources.base import Deployment
from wizard.resources.query_table import AFTER_VIEW, BEFORE_VIEW, CatalogView, database_name
from wizard.resources.query_workgroup import configuration, workgroup_name
from wizard.state.model import Facts

ABOUT_DATABASE = (
    "Glue stores names in small letters: give the stack one without capitals. One with hyphens has to be put"
    " into quotes in queries."
)


def _query_database(at: Deployment, facts: Facts) -> list[Part]:
    """CloudFormation knows no tags of databases."""
    properties = {"CatalogId": at.identity.account, "DatabaseInput": {"Name": database_name(at)}}
    return [Part("QueryDatabase", "AWS::Glue::Database", properties, comment=ABOUT_DATABASE)]


def _query_table(name: str, *, key: str) -> Export:
    """Under the names of CreateTable, which are CloudFormation's, too."""

    def export(at: Deployment, facts: Facts) -> list[Part]:
        table: Any = RESOURCES[key]
        if isinstance(table, CatalogView):
            # As JSON spells the marks of a reference.
            document = table.document(at).replace("\\u0002", BEGIN).replace("\\u0003", END)
            encoded = {"Fn::Join": ["", [BEFORE_VIEW, {"Fn::Base64": document}, AFTER_VIEW]]}
            facts = {**facts, "ViewOriginalText": encoded}
        properties = {
            "CatalogId": at.identity.account,
            "DatabaseName": reference("QueryDatabase"),
            "TableInput": {"Name": table.name, **facts},
        }
        return [Part(name, "AWS::Glue::Table", properties)]

    return export


def _workgroup(at: Deployment, facts: Facts) -> list[Part]:
    """It is deleted with its history, as by the wizard."""
    properties = {
        "Name": workgroup_name(at),
        "State": facts["state"],
        "RecursiveDeleteOption": True,
        "WorkGroupConfiguration": configuration(facts),
        **tags_of(facts),
    }
    return [Part("Workgroup", "AWS::Athena::WorkGroup", properties)]


PARTS: Mapping[str, Export] = {
    "query.database": _query_database,
    "query.table": _query_table("LinesTable", key="query.table"),
    "query.events_raw": _query_table("EventsRawView", key="query.events_raw"),
    "query.events": _query_table("EventsView", key="query.events"),
    "query.workgroup": _workgroup,
}
