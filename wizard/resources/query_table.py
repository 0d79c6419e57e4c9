"""Below the phases, for queries in AWS: the database that Athena knows the events by, its table and views.

Nothing of them holds data: Athena reads the objects of the bucket, by what Glue's catalog says of them.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from base64 import b64encode
from typing import Any, ClassVar, TypedDict

from wizard.aws.calls import none_if
from wizard.events import table_sql, tables
from wizard.events.layout import ROOT
from wizard.resources.base import OWNER_TAG, Deployment, Resource
from wizard.resources.query_workgroup import workgroup_name
from wizard.resources.tagged import DesiredTags, TaggedResource, to_put, to_take_off
from wizard.state.model import Facts

GONE = ("EntityNotFoundException",)
# The first version of the wizard is of November 2026; whose events are older says so with --query-from.
EARLIEST = "2026-01-01"
# Days that S3 may be late with the deletion of what has expired.
LATE = 3
CATALOG = "awsdatacatalog"
BEFORE_VIEW, AFTER_VIEW = "/* Presto View: ", " */"
IS_VIEW = {"presto_view": "true", "comment": "Presto View"}
FIRST = "query.table"
LAST_WEEK = "day >= date_format(now() - interval '7' day, 'year=%Y/month=%m/day=%d')"


class DatabaseFacts(TypedDict):
    """It has nothing but its name and tags."""

    name: str
    arn: str
    owner: str | None
    tags: dict[str, str]


def database_name_by(deployment: str) -> str:
    """The database's name, derived from the deployment's. That has no underscore, so those of two deployments
    differ; a hyphen would have to be put into quotes in every query."""
    return f"{deployment.replace('-', '_')}_events"


def database_name(at: Deployment) -> str:
    """The database, which has the table and the views of `wizard.events.table_sql`."""
    return database_name_by(at.identity.name)


class QueryDatabase(TaggedResource[DatabaseFacts]):
    """The database. Tables have no tags; its own say whose they are."""

    key = "query.database"
    adoptable = False
    actions = {
        "catalog": (
            "glue:CreateDatabase", "glue:DeleteDatabase", "glue:GetDatabase", "glue:GetTags",
            "glue:TagResource", "glue:UntagResource",
        ),
    }  # fmt: skip

    def title(self, at: Deployment) -> str:
        return f"query database {database_name(at)}"

    def desired(self, at: Deployment) -> Facts | None:
        return {"tags": at.desired_tags} if at.settings.query_table else None

    def read(self, at: Deployment) -> DatabaseFacts | None:
        glue, arn = at.aws.glue, _arn(at)
        if none_if(GONE, lambda: glue.get_database(Name=database_name(at))) is None:
            return None
        answer = none_if(GONE, lambda: glue.get_tags(ResourceArn=arn))
        return _database(at, dict(answer["Tags"])) if answer else None

    def create(self, at: Deployment, desired: Facts) -> DatabaseFacts | None:
        database: Any = {
            "Name": database_name(at),
            "Description": f"Events of {at.identity.name}, for Athena.",
        }
        at.aws.glue.create_database(DatabaseInput=database, Tags=at.tags)
        return _database(at, at.tags)

    def change_tags(self, at: Deployment, observed: DatabaseFacts, changes: DesiredTags) -> None:
        arn = observed["arn"]
        if tags := to_put(changes):
            at.aws.glue.tag_resource(ResourceArn=arn, TagsToAdd=tags)
        if keys := to_take_off(changes):
            at.aws.glue.untag_resource(ResourceArn=arn, TagsToRemove=keys)

    def delete(self, at: Deployment, observed: DatabaseFacts) -> None:
        """Its table and views go with it.

        https://docs.aws.amazon.com/glue/latest/webapi/API_DeleteDatabase.html
        """
        none_if(GONE, lambda: at.aws.glue.delete_database(Name=observed["name"]))


def _arn(at: Deployment) -> str:
    place = at.identity
    return f"arn:{place.partition}:glue:{place.region}:{place.account}:database/{database_name(at)}"


def _database(at: Deployment, tags: dict[str, str]) -> DatabaseFacts:
    return {"name": database_name(at), "arn": _arn(at), "owner": tags.get(OWNER_TAG), "tags": tags}


class CatalogTable(Resource[Facts]):
    """A table of the catalog, or a view, which is one without objects.

    Facts are the members of Glue's TableInput; of maps, those keys that we set: Athena adds others.
    https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html
    """

    name: ClassVar[str]
    needs = ("query.database",)
    parent = "query.database"
    answer_of: ClassVar[str | None] = FIRST
    # Not glue:DeleteTable: it goes with its database, which is never one that stood there before.
    actions = {"catalog": ("glue:CreateTable", "glue:GetTables", "glue:UpdateTable")}

    @abstractmethod
    def definition(self, at: Deployment) -> Facts:
        """All of TableInput but its name."""

    def desired(self, at: Deployment) -> Facts | None:
        return self.definition(at) if at.settings.query_table else None

    def read(self, at: Deployment) -> Facts | None:
        found = next((table for table in _tables(at) if table["Name"] == self.name), None)
        facts: Facts | None = None if found is None else _as_far_as(self.definition(at), found)
        return facts

    def create(self, at: Deployment, desired: Facts) -> Facts | None:
        at.aws.glue.create_table(DatabaseName=database_name(at), TableInput=self._input(desired))
        return desired

    def update(self, at: Deployment, desired: Facts, observed: Facts, difference: frozenset[str]) -> bool:
        """All of it, without keeping the version before."""
        changed = {**observed, **{name: desired[name] for name in difference}}
        at.aws.glue.update_table(
            DatabaseName=database_name(at), TableInput=self._input(changed), SkipArchive=True
        )
        return True

    def delete(self, at: Deployment, observed: Facts) -> None:
        database, name = database_name(at), self.name
        none_if(GONE, lambda: at.aws.glue.delete_table(DatabaseName=database, Name=name))

    def _input(self, facts: Facts) -> Any:
        return {"Name": self.name, **{name: value for name, value in facts.items() if value is not None}}

    def sentence(self, name: str, desired: object, found: object) -> str:
        return f"{self.labels[name]}: not as set up"


def _tables(at: Deployment) -> list[Any]:
    """All of the database in one answer."""

    def ask() -> list[Any]:
        pages = at.aws.glue.get_paginator("get_tables").paginate(DatabaseName=database_name(at))
        answers: Any = none_if(GONE, lambda: list(pages)) or []
        return [table for page in answers for table in page["TableList"]]

    return at.answers.once("glue.GetTables", ask)


def _as_far_as(desired: Any, found: Any) -> Any:
    """What is found of the members and keys that we set; other people's comments on columns are theirs."""
    if isinstance(desired, dict) and isinstance(found, dict):
        return {name: _as_far_as(value, found.get(name)) for name, value in desired.items()}
    if isinstance(desired, list) and isinstance(found, list) and len(desired) == len(found):
        return [_as_far_as(*pair) for pair in zip(desired, found, strict=True)]
    return found


class LinesTable(CatalogTable):
    """The lines of all stored objects, by day and hour.

    No partition is ever written down: Athena derives from the parameters which there can be.
    https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html
    """

    key = FIRST
    name = table_sql.LINES
    answer_of = None
    labels = {
        "TableType": "the kind of the query table",
        "StorageDescriptor": "the query table's columns and place",
        "PartitionKeys": "the query table's partitions",
        "Parameters": "how the query table finds days and hours",
    }

    def title(self, at: Deployment) -> str:
        return f"query table {database_name(at)}.{self.name}"

    def definition(self, at: Deployment) -> Facts:
        bucket = f"s3://{at.settings.bucket_name}/"
        return {
            "TableType": "EXTERNAL_TABLE",
            "StorageDescriptor": {
                "Columns": [{"Name": "line", "Type": "string"}],
                "Location": f"{bucket}{ROOT}",
                "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
                "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                # It ends a column at U+0001, which no JSON text has as it is, and takes .gz for gzip.
                # https://docs.aws.amazon.com/athena/latest/ug/lazy-simple-serde.html
                "SerdeInfo": {
                    "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
                    "Parameters": {"serialization.format": "1"},
                },
            },
            "PartitionKeys": [{"Name": "day", "Type": "string"}, {"Name": "hour", "Type": "int"}],
            "Parameters": {
                "EXTERNAL": "TRUE",
                "projection.enabled": "true",
                "projection.day.type": "date",
                "projection.day.format": table_sql.DAY_FORMAT,
                "projection.day.range": f"{_first_day(at)},NOW",
                "projection.day.interval": "1",
                "projection.day.interval.unit": "DAYS",
                "projection.hour.type": "integer",
                "projection.hour.range": "0,23",
                "projection.hour.digits": "2",
                "storage.location.template": f"{bucket}{table_sql.LOCATION_OF_A_PARTITION}",
            },
        }

    def settings_from(self, observed: Facts) -> dict[str, object]:
        """None where it follows from something else."""
        first, _, _ = str(observed["Parameters"]["projection.day.range"]).partition(",")
        said = table_sql.date_of(first)
        return {} if said in (None, EARLIEST) else {"query_from": said}


def _first_day(at: Deployment) -> str:
    """Each day makes an unlimited query ask for 24 folders more, whether or not they hold anything."""
    settings = at.settings
    if settings.query_from is None and settings.event_retention_days:
        return f"NOW-{settings.event_retention_days + LATE}DAYS"
    return table_sql.day_named(settings.query_from or EARLIEST)


class CatalogView(CatalogTable):
    """A view as Athena writes it down: SQL and columns in a comment, as JSON, in Base64.

    AWS documents no other way to make one than `CREATE VIEW`, which takes a query; that this is what it
    comes to is seen in Trino (`HiveViewCodec`, `ConnectorViewDefinition`).
    """

    labels = {
        "TableType": "the kind of the view",
        "StorageDescriptor": "the view's columns",
        "Parameters": "the view's parameters",
        "ViewOriginalText": "the view's SQL",
        "ViewExpandedText": "the view's text",
    }

    @abstractmethod
    def sql(self) -> str:
        """What it shows."""

    def title(self, at: Deployment) -> str:
        return f"view {database_name(at)}.{self.name}"

    def document(self, at: Deployment) -> str:
        """What Athena writes down of it."""
        view = {
            "originalSql": self.sql(),
            "catalog": CATALOG,
            "schema": database_name(at),
            "columns": [{"name": name, "type": kind} for name, kind in table_sql.TYPES.items()],
        }
        return json.dumps(view)

    def definition(self, at: Deployment) -> Facts:
        columns = [
            {"Name": name, "Type": table_sql.CATALOG_TYPES[kind]} for name, kind in table_sql.TYPES.items()
        ]
        return {
            "TableType": "VIRTUAL_VIEW",
            # Athena writes an empty one, and where there is none may find the metadata incomplete:
            # https://github.com/hashicorp/terraform-provider-aws/issues/28517
            "StorageDescriptor": {"Columns": columns, "SerdeInfo": {}},
            "Parameters": dict(IS_VIEW),
            "ViewOriginalText": f"{BEFORE_VIEW}{b64encode(self.document(at).encode()).decode()}{AFTER_VIEW}",
            "ViewExpandedText": "/* Presto View */",
        }

    def sentence(self, name: str, desired: object, found: object) -> str:
        return f"view {self.name}: {super().sentence(name, desired, found)}"


class RawView(CatalogView):
    """Every stored event."""

    key = "query.events_raw"
    name = tables.RAW

    def sql(self) -> str:
        return table_sql.every_event()


class EventsView(CatalogView):
    """The first of each `event_id` of a day."""

    key = "query.events"
    name = tables.FIRSTS

    def sql(self) -> str:
        return table_sql.first_of_each_day()

    def remark(self, at: Deployment, observed: Facts) -> str | None:
        if at.identity.is_emulated:
            return (
                "The query table stands, but only AWS reads through it; here ask `eventtrack-wizard query`."
            )
        return (
            f"Athena's console has the events as {database_name(at)}.{self.name}, in the workgroup"
            f" {workgroup_name(at)}; name days, for example WHERE {LAST_WEEK}."
        )
