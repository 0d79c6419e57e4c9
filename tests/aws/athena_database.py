"""The tables and views of a database in Glue's catalog, worked on by DuckDB.

A view is the text that the catalog has, as Trino keeps it (`ViewReaderUtil` of trino-hive), and what it says
of its columns must be so. SQL that only DuckDB knows is refused.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

import duckdb

from tests.aws import trino
from tests.aws.athena_objects import SYSTEM, FailedError, Projection, rows_of

VIEW = re.compile(r"/\* Presto View: ([A-Za-z0-9+/=]+) \*/")
TYPES = {
    "BIGINT": "bigint",
    "HUGEINT": "bigint",
    "INTEGER": "integer",
    "SMALLINT": "smallint",
    "BOOLEAN": "boolean",
    "DOUBLE": "double",
    "FLOAT": "float",
    "DATE": "date",
    "JSON": "json",
    "VARCHAR": "varchar",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
}
"""As DuckDB names types, and as Athena does."""
DECLARED = {"TIMESTAMP_MS": "timestamp(3)", "TIMESTAMP": "timestamp(6)"}
"""What a view's declaration calls them, where that says more."""
HIVE_TYPES = {"string": "VARCHAR", "int": "INTEGER", "date": "DATE"}
FOREIGN = re.compile(
    r"->>|->\s*'|::|\bQUALIFY\b|\bEXCLUDE\s*\(|\bGROUP\s+BY\s+ALL\b|\bread_\w+\s*\(|\bglob\s*\("
    r"|(?<![\w\]])\[",
    re.IGNORECASE,
)
"""Of DuckDB alone: casts, arrows into JSON, QUALIFY and so on, and lists without ARRAY before them."""
NOT_CODE = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
NOT_THERE = (
    "COLUMN_NOT_FOUND: {where}: Column '{name}' cannot be resolved or requester is not authorized to access"
    " requested resources"
)
NO_SERDE = "HIVE_METASTORE_ERROR: Table storage descriptor is missing SerDe info"
STALE = "INVALID_VIEW: {where}: View 'awsdatacatalog.{database}.{name}' is stale or in invalid state"
MISTAKES = (
    (r'Referenced column "([^"]+)" (?:not found|was not found)', NOT_THERE),
    (
        r"Table with name (\w+) does not exist",
        "TABLE_NOT_FOUND: {where}: Table 'awsdatacatalog.{database}.{name}' does not exist",
    ),
    (
        r"Function with name (\w+) does not exist",
        "FUNCTION_NOT_FOUND: {where}: Function '{name}' not registered",
    ),
    (r"Could not convert string '(.*?)' to", "INVALID_CAST_ARGUMENT: Cannot cast '{name}'"),
)
"""What DuckDB says of mistakes, and what Athena says."""


class MalformedError(Exception):
    """What is no SQL of Athena's, in its words."""


class Place(Protocol):
    """The account that queries run in, by the rights of whoever asks."""

    def workgroup(self, name: str) -> Mapping[str, Any] | None:
        """Its configuration; None where there is none."""

    def tables(self, database: str) -> Sequence[Mapping[str, Any]]:
        """Tables and views of the catalog; raises FailedError."""

    def objects(self, bucket: str, prefix: str) -> Iterator[tuple[str, bytes]]:
        """Names and contents; raises FailedError."""


def refuse_malformed(sql: str) -> None:
    """What Athena refuses before it runs a query. Raises MalformedError."""
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.ParserException as error:
        near = re.search(r'at or near "([^"]*)"', str(error))
        word = near[1] if near else "<EOF>"
        raise _malformed(sql, max(sql.find(word), 0), word) from error
    if len(statements) > 1:
        raise MalformedError(f"Only one sql statement is allowed. Got: {sql}")
    code = NOT_CODE.sub(lambda found: re.sub(r"[^'\n]", " ", found[0]), sql)
    if found := FOREIGN.search(code):
        raise _malformed(sql, found.start(), found[0])


def _malformed(sql: str, at: int, word: str) -> MalformedError:
    return MalformedError(f"{_line(sql, at)}: mismatched input '{word}'. Expecting: <expression>")


def _line(sql: str, at: int) -> str:
    before = sql[:at]
    return f"line {before.count(chr(10)) + 1}:{at - before.rfind(chr(10))}"


@dataclass(frozen=True)
class Contents:
    """What the catalog has of a database, and the names and contents of the objects of each table."""

    tables: Sequence[Mapping[str, Any]]
    objects: Mapping[str, Sequence[tuple[str, bytes]]]


def contents_of(name: str, place: Place) -> Contents:
    """Read by the rights of whoever asks. Raises FailedError."""
    tables = place.tables(name)
    objects = {}
    for table in tables:
        if table["TableType"] != "VIRTUAL_VIEW":
            projection = Projection(table)
            objects[table["Name"]] = list(place.objects(projection.bucket, projection.prefix))
    return Contents(tables, objects)


class Databases:
    """Those that were asked last: a second query finds its tables made, if all is as it was."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Contents, Database]] = {}

    def opened(self, name: str, place: Place) -> Database:
        """With what is there now. Raises FailedError."""
        contents = contents_of(name, place)
        known = self._known.get(name)
        if known is None or known[0] != contents:
            known = self._known[name] = contents, Database(name, contents)
        return known[1]


class Database:
    """One database of the catalog, with all that its tables show."""

    def __init__(self, name: str, contents: Contents) -> None:
        self._name = name
        self._sizes: list[int] = []
        self._stale: set[str] = set()
        self._without_serde: set[str] = set()
        self._folder = Path(tempfile.mkdtemp())
        weakref.finalize(self, shutil.rmtree, self._folder)
        self._duckdb = duckdb.connect(":memory:", config={"threads": 1})
        for statement in ("SET TimeZone = 'UTC'", *trino.MACROS):
            self._duckdb.execute(statement)
        if contents.tables:
            self._make(contents)

    def _make(self, contents: Contents) -> None:
        self._duckdb.execute(f'CREATE SCHEMA "{self._name}"')
        self._duckdb.execute(f'SET schema = "{self._name}"')
        views = [table for table in contents.tables if table["TableType"] == "VIRTUAL_VIEW"]
        for table in contents.tables:
            if table not in views:
                self._make_table(table, contents.objects[table["Name"]])
        # A view may use another one, whatever the order of their names.
        for _round in contents.tables:
            views = [view for view in views if not self._made_view(view)]
        self._stale = {view["Name"] for view in views}
        self._without_serde = {
            view["Name"] for view in views if "SerdeInfo" not in view.get("StorageDescriptor", {})
        }

    def _make_table(self, table: Mapping[str, Any], objects: Sequence[tuple[str, bytes]]) -> None:
        name, folder, projection = table["Name"], self._folder / table["Name"], Projection(table)
        for key, content in objects:
            values = projection.values_of(key)
            if values is None or key.rpartition("/")[2].startswith(("_", ".")):
                continue
            self._sizes.append(len(content))
            file = folder.joinpath(*(f"p{number}={_spelled(value)}" for number, value in enumerate(values)))
            file.mkdir(parents=True, exist_ok=True)
            path = f"s3://{projection.bucket}/{key}"
            rows = ({"row": row, "path": path} for row in rows_of(table, key, content))
            (file / f"{len(self._sizes)}.ndjson").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        self._duckdb.execute(f'CREATE VIEW "{name}" AS {self._selected(table, folder, folder.exists())}')

    def _selected(self, table: Mapping[str, Any], folder: Path, has_objects: bool) -> str:
        columns = table["StorageDescriptor"]["Columns"]
        keys = table["PartitionKeys"]
        parts = ", ".join(f"p{number}: 'VARCHAR'" for number in range(len(keys)))
        row = ", ".join(
            f'CAST("row"[{number}] AS {HIVE_TYPES[column["Type"]]}) AS "{column["Name"]}"'
            for number, column in enumerate(columns, 1)
        )
        divided = ", ".join(
            f'CAST(url_decode(p{number}) AS {HIVE_TYPES[key["Type"]]}) AS "{key["Name"]}"'
            for number, key in enumerate(keys)
        )
        source = (
            f"read_json('{folder}/**/*.ndjson', format = 'newline_delimited', hive_partitioning = true,"
            f" columns = {{row: 'VARCHAR[]', path: 'VARCHAR'}}, hive_types = {{{parts}}})"
        )
        if not has_objects:
            nothing = ", ".join(f"NULL::VARCHAR AS p{number}" for number in range(len(keys)))
            source = f'(SELECT NULL::VARCHAR[] AS "row", NULL::VARCHAR AS path, {nothing} LIMIT 0)'
        return f'SELECT {row}, {divided}, path AS "$path" FROM {source}'  # noqa: S608  of a catalog that tests made

    def _made_view(self, view: Mapping[str, Any]) -> bool:
        """Whether what it uses is there by now."""
        text = VIEW.fullmatch(view["ViewOriginalText"])
        if text is None or view.get("Parameters", {}).get("presto_view") != "true":
            return False  # to Trino it is a view of Hive's, of which it can read nothing
        if "SerdeInfo" not in view.get("StorageDescriptor", {}):
            return False
        known = json.loads(base64.b64decode(text[1]))
        try:
            refuse_malformed(known["originalSql"])
            self._duckdb.execute(f'CREATE VIEW "{view["Name"]}" AS {known["originalSql"]}')
        except (duckdb.Error, MalformedError):
            return False
        described = self._duckdb.execute(f'DESCRIBE "{view["Name"]}"').fetchall()
        found = [(row[0], DECLARED.get(row[1], TYPES.get(row[1], row[1]))) for row in described]
        if found != [(column["name"], column["type"]) for column in known["columns"]]:
            self._duckdb.execute(f'DROP VIEW "{view["Name"]}"')
            return False
        return True

    def scanned_by(self, sql: str) -> int:
        """The bytes that it reads, if all objects are alike. Raises FailedError."""
        (plan,) = self._run(f"EXPLAIN (FORMAT json) {sql}", sql)
        total = 0
        for scan in _scans(json.loads(plan[1])):
            read, _, of_all = scan.get("Scanning Files", "1/1").partition("/")
            total += sum(self._sizes) * int(read) // int(of_all)
        return total

    def answer(self, sql: str) -> tuple[list[tuple[str, str]], list[list[str | None]]]:
        """Columns and rows. Raises FailedError."""
        rows = self._run(sql, sql)
        described = self._duckdb.description or []
        columns = [(name, str(kind)) for name, kind, *_ in described]
        named = [
            (name if re.fullmatch(r"\w+", name) else f"_col{number}", _type_of(kind))
            for number, (name, kind) in enumerate(columns)
        ]
        kinds = [kind for _name, kind in columns]
        return named, [[as_text(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in rows]

    def _run(self, statement: str, sql: str) -> list[tuple[Any, ...]]:
        try:
            return self._duckdb.execute(statement).fetchall()
        except duckdb.Error as error:
            raise self._failed(error, sql) from error

    def _failed(self, error: duckdb.Error, sql: str) -> FailedError:
        said = str(error)
        for pattern, words in MISTAKES:
            if found := re.search(pattern, said):
                where = _line(sql, max(sql.find(found[1]), 0))
                words = STALE if found[1] in self._stale else words
                words = NO_SERDE if found[1] in self._without_serde else words
                return FailedError(words.format(where=where, name=found[1], database=self._name))
        return FailedError(f"GENERIC_INTERNAL_ERROR: {said.splitlines()[0]}", SYSTEM)


def _scans(plan: Any) -> Iterator[Mapping[str, str]]:
    """What DuckDB says of each reading of files."""
    for node in plan if isinstance(plan, list) else [plan]:
        about = node.get("extra_info", {})
        if about.get("Function") == "READ_JSON":
            yield about
        yield from _scans(node.get("children", []))


def _spelled(value: str) -> str:
    """A value as the name of a folder."""
    return value.replace("=", "%3D").replace("/", "%2F")


def _type_of(kind: str) -> str:
    if kind.startswith("DECIMAL"):
        return "decimal"
    if kind.endswith("[]"):
        return "array"
    return TYPES.get(kind, "varchar")


def as_text(value: Any, kind: str) -> str | None:
    """A value as Athena writes it."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(str(as_text(one, '')) for one in value)}]"
    if isinstance(value, datetime):
        digits = f"{value.microsecond // 1000:03}" if kind == "TIMESTAMP_MS" else f"{value.microsecond:06}"
        return f"{value:%Y-%m-%d %H:%M:%S}.{digits}" + (" UTC" if value.tzinfo else "")
    return value.isoformat() if isinstance(value, date) else str(value)
