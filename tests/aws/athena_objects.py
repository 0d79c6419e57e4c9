"""What a table of Glue's catalog shows Athena: which objects, in which partitions, and which rows.

Sources: https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html and
…/ug/lazy-simple-serde.html.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

SYSTEM, USER = 1, 2
"""Through whose fault a query fails: https://docs.aws.amazon.com/athena/latest/APIReference/API_AthenaError.html"""
LAZY_SIMPLE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
LINE_ENDS = re.compile(r"\r\n|\n|\r")
"""As Hadoop's LineRecordReader has them."""
DATE_PARTS = re.compile(r"'([^']*)'|(yyyy|MM|dd)")
"""A pattern of Java's for dates, as far as tables here have them: quoted text, and these letters."""
LETTERS = {"yyyy": ("[0-9]{4}", "%Y"), "MM": ("[0-9]{2}", "%m"), "dd": ("[0-9]{2}", "%d")}


class FailedError(Exception):
    """Why a query fails, in Athena's words, and through whose fault."""

    def __init__(self, reason: str, category: int = USER) -> None:
        super().__init__(reason)
        self.reason, self.category = reason, category


class Projection:
    """Where the partitions of a table are, and which there are, by its parameters."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        parameters = table["Parameters"]
        if parameters.get("projection.enabled") != "true":
            raise FailedError("the double knows projected partitions alone", SYSTEM)
        self._kinds = {key["Name"]: _projected(key["Name"], parameters) for key in table["PartitionKeys"]}
        template = parameters["storage.location.template"]
        self.bucket, _, path = template.removeprefix("s3://").partition("/")
        self.prefix = path.partition("${")[0]
        pattern = re.sub(
            r"\\\$\\\{(\w+)\\\}", lambda found: f"(?P<{found[1]}>{self._kinds[found[1]][0]})", re.escape(path)
        )
        self._pattern = re.compile(pattern)

    def values_of(self, key: str) -> list[str] | None:
        """The values of an object's partition; None where no partition has it."""
        found = self._pattern.match(key)
        if found is None:
            return None
        values = [found[name] for name in self._kinds]
        inside = (
            low <= value <= high for value, (_, low, high) in zip(values, self._kinds.values(), strict=True)
        )
        return values if all(inside) else None


def _projected(name: str, parameters: Mapping[str, str]) -> tuple[str, str, str]:
    """What a value looks like, the least and the greatest one, all as texts of one length."""
    kind = parameters[f"projection.{name}.type"]
    low, high = parameters[f"projection.{name}.range"].split(",")
    if kind == "integer":
        digits = int(parameters.get(f"projection.{name}.digits", 1))
        return f"[0-9]{{{digits}}}", low.zfill(digits), high.zfill(digits)
    if kind != "date":
        raise FailedError(f"the double knows no projection of the type {kind}", SYSTEM)
    form = parameters[f"projection.{name}.format"]
    pattern = DATE_PARTS.sub(lambda found: re.escape(found[1]) if found[1] else LETTERS[found[2]][0], form)
    low, high = (_date(end, form) for end in (low, high))
    for end in (low, high):
        if not re.fullmatch(pattern, end):
            raise FailedError(f"HIVE_INVALID_METADATA: {end} is not of the format {form}")
    return pattern, low, high


def _date(end: str, form: str) -> str:
    """An end of a range, which may hang on the present day."""
    found = re.fullmatch(r"NOW(?:-([0-9]+)DAYS)?", end)
    if found is None:
        return end
    moment = datetime.now(UTC) - timedelta(days=int(found[1] or 0))
    return DATE_PARTS.sub(lambda part: part[1] or moment.strftime(LETTERS[part[2]][1]), form)


def rows_of(table: Mapping[str, Any], key: str, content: bytes) -> Iterator[list[str | None]]:
    """The rows of an object: a line each, of as many fields as the table has columns."""
    serde = table["StorageDescriptor"]["SerdeInfo"]
    if serde["SerializationLibrary"] != LAZY_SIMPLE:
        raise FailedError(f"the double does not know {serde['SerializationLibrary']}", SYSTEM)
    parameters = serde.get("Parameters", {})
    delimiter = parameters.get("field.delim", "\x01")
    nothing = parameters.get("serialization.null.format", r"\N")
    count = len(table["StorageDescriptor"]["Columns"])
    text = (gzip.decompress(content) if key.endswith(".gz") else content).decode("utf-8", "replace")
    lines = LINE_ENDS.split(text)
    for line in lines[:-1] if not lines[-1] else lines:
        fields = line.split(delimiter)
        yield [None if one == nothing else one for one in [*fields, *[nothing] * count][:count]]
