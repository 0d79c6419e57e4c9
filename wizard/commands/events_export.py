"""`events export`: stored events into a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Literal

from wizard.commands.engines import refuse_without_duckdb
from wizard.commands.events import Wanted, every_event
from wizard.commands.result_files import STANDARD_OUTPUT, refuse_existing, replaced
from wizard.errors import ExitCode, UsageError
from wizard.events.browse import Found
from wizard.events.export import write_csv, write_for_parquet, write_lines
from wizard.options import Options
from wizard.ui.output import messages

Form = Literal["jsonl", "csv", "parquet"]
WRITERS: dict[Form, Callable[[Iterable[Found], IO[str]], None]] = {
    "jsonl": write_lines,
    "csv": write_csv,
    "parquet": write_for_parquet,
}


def run(options: Options, wanted: Wanted, file: Path, form: Form | None, *, overwrite: bool) -> ExitCode:
    """Write the events that are asked for, oldest first. The file is complete, or not there.

    Raises:
        UsageError: the file exists, cannot be written, or does not tell its format; DuckDB is needed, and not
            installed.
    """
    form = form or _form_of(file)
    _refuse(file, form, overwrite=overwrite)
    count = 0

    def counted(found: Iterable[Found]) -> Iterator[Found]:
        nonlocal count
        for one in found:
            count += 1
            yield one

    with every_event(options, wanted) as found:
        if file == STANDARD_OUTPUT:
            WRITERS[form](counted(found), sys.stdout)
        else:
            with replaced(file, overwrite=overwrite) as written:
                _write(counted(found), written, form)
    messages().print(f"{count:,} events exported to {file}.", markup=False)
    return ExitCode.DONE


def _form_of(file: Path) -> Form:
    for form in WRITERS:
        if file.suffix == f".{form}":
            return form
    raise UsageError(
        what=f"The format of {file} is not clear.",
        why=f"Its name ends with none of {', '.join(f'.{form}' for form in WRITERS)}.",
        next_step="Say it with --format.",
    )


def _refuse(file: Path, form: Form, *, overwrite: bool) -> None:
    """What would go wrong is said before anything is read."""
    if form == "parquet":
        refuse_without_duckdb()
        if file == STANDARD_OUTPUT:
            raise UsageError(
                what="Parquet cannot be written to standard output.",
                why="Its end says where its parts are.",
                next_step="Name a file, or choose --format csv or --format jsonl.",
            )
    if file != STANDARD_OUTPUT:
        refuse_existing(file, overwrite=overwrite)


def _write(found: Iterable[Found], path: Path, form: Form) -> None:
    if form != "parquet":
        with path.open("w", encoding="utf-8", newline="") as file:
            WRITERS[form](found, file)
        return
    from wizard.events.query import Converter

    lines = path.with_name(f"{path.name}.lines")
    try:
        with lines.open("w", encoding="utf-8") as file:
            WRITERS[form](found, file)
        Converter(path.parent).from_lines(lines, path)
    finally:
        lines.unlink(missing_ok=True)
