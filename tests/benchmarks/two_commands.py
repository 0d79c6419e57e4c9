"""A usual program of two commands, one of which prints a table: what Typer and rich alone cost."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(help="Two commands.")


@app.command()
def table() -> None:
    """Print a table."""
    shown = Table("Number", "Phase", "State")
    for number in range(1, 10):
        shown.add_row(str(number), f"Phase {number}", "done")
    Console().print(shown)


@app.command()
def greet(name: str = typer.Option("you", help="Who is greeted.")) -> None:
    """Say hello."""
    typer.echo(f"Hello, {name}.")


if __name__ == "__main__":
    app()
