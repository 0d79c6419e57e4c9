"""A failure that the operator can act on: what, why, what to do next."""

from __future__ import annotations

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.text import Text

from wizard.errors import WizardError
from wizard.ui.output import on_github
from wizard.ui.styles import BAD, bold
from wizard.ui.text import Printable, text


def error_panel(error: WizardError) -> RenderableType:
    """A panel on a terminal, plain lines elsewhere."""
    return Printable(_Problem(error))


def print_error(console: Console, error: WizardError) -> None:
    """Print it; off a terminal no line is folded or cut, so that commands in it can be copied."""
    if on_github() and not console.is_terminal:
        from wizard.ui.github import annotation

        console.print(Printable(Text(annotation(error))), soft_wrap=True)
        return
    console.print(error_panel(error), soft_wrap=not console.is_terminal)


class _Problem:
    def __init__(self, error: WizardError) -> None:
        self._lines = {"error": error.what, "why": error.why, "next": error.next_step}
        if error.link:
            self._lines["more"] = error.link

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Rules above and below but nothing at the sides: commands are copied from here."""
        lines = [_line(label, content) for label, content in self._lines.items()]
        if console.is_terminal:
            yield Panel(Group(*lines), box=box.HORIZONTALS, border_style=BAD, padding=(0, 0))
        else:
            yield from lines


def _line(label: str, content: str) -> Text:
    styles = {"error": bold(BAD), "next": "bold"}
    return Text.assemble((f"{label}: ", styles.get(label, "dim")), text(content))
