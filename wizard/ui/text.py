"""The words and signs that every screen shares, and the rule that odd content can hurt none of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text

from wizard.engine.progress import Change

# Lines in a log are as long as they need to be.
LOG_WIDTH = 4096
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

IMPERATIVES: dict[Change, str] = {
    "create": "create",
    "adopt": "adopt",
    "update": "update",
    "delete": "delete",
    "restore": "restore",
    "check": "check:",
}
DOING: dict[Change, str] = {
    "create": "creating",
    "adopt": "adopting",
    "update": "updating",
    "delete": "deleting",
    "restore": "restoring",
    "check": "checking:",
}

# What each sign becomes where the terminal has no Unicode; one character each, so that columns hold.
_ASCII = str.maketrans("✓✗■·≠…─━│→█▓▒░⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "vx#.~~--|>#=+-|/-\\|/-\\|/")


def plain(content: object) -> str:
    """Any content as one line without control characters: those are shown as escapes, not obeyed.

    Names come from AWS and from operators; one with an escape sequence must not repaint the terminal.
    """
    return visible(" ".join(str(content).split()))


def visible(content: str) -> str:
    """The same with all its blanks. What turns the direction of a text round is among what is shown."""
    return content if content.isprintable() else "".join(map(_visible, content))


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


def text(content: object, style: str = "") -> Text:
    """Any content as text in which square brackets mean nothing; long words are folded, never lost."""
    return Text(plain(content), style=style)


def whole(content: object) -> Text:
    """The same on one line however narrow the window is, for what is copied from it: a URL."""
    return Text(plain(content), no_wrap=True, overflow="ignore")


def indented(content: Text, columns: int = 2) -> Text:
    """Text that begins further right. Not rich's `Padding`: that cuts what a log shows in full."""
    return Text(" " * columns).append_text(content)


class Hanging:
    """Text of which all lines but the first begin further right; where nothing is folded, one line.

    Args:
        columns: blanks before the second and later lines.
        first: blanks before the first one.
    """

    def __init__(self, content: Text, columns: int, first: int = 0) -> None:
        self._content = content
        self._columns = columns
        self._first = first

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines."""
        if options.no_wrap:
            yield indented(self._content, self._first)
            return
        lines = self._content.wrap(console, max(options.max_width - self._columns, 1))
        for number, line in enumerate(lines):
            yield indented(line, self._columns if number else self._first)


def duration(seconds: float) -> str:
    """Seconds with a tenth where it matters."""
    return f"{seconds:.1f} s" if seconds < 99.95 else f"{seconds:.0f} s"


def long_duration(seconds: float) -> str:
    """Seconds in the one unit that says enough: "42 s", "17 min", "3 h", "12 days"."""
    for unit, length in (("days", 172_800), ("h", 7200), ("min", 120)):
        if seconds >= length:
            return f"{seconds / (length / 2):.0f} {unit}"
    return f"{seconds:.0f} s"


def counted(count: int, noun: str) -> str:
    """A number with its noun: "1 change", "1,200 changes"."""
    return f"{count} {noun}" if count == 1 else f"{count:,} {noun}s"


def size(count: int) -> str:
    """Bytes in the unit that people say: "812 bytes", "1.2 GB" (powers of 1000, as AWS bills)."""
    amount, units = float(count), ("bytes", "KB", "MB", "GB", "TB")
    for unit in units:
        if amount < 999.95 or unit == units[-1]:
            break
        amount /= 1000
    return f"{count} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"


def listed(parts: Sequence[str]) -> str:
    """Parts as a sentence lists them: "a, b, and c"."""
    if len(parts) < 3:
        return " and ".join(parts)
    return f"{', '.join(parts[:-1])}, and {parts[-1]}"


class Printable:
    """Shows anything on any console: where the encoding lacks a character, its nearest sign stands.

    No line ends in blanks, and a console that wraps nothing (a log, a pipe) folds no column either.

    Args:
        content: what is shown, or what makes it for a given width.
    """

    def __init__(self, content: RenderableType | Callable[[int], RenderableType]) -> None:
        self._content = content

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The content, in characters that this console can write."""
        if options.no_wrap and not console.is_terminal:
            options = options.update(width=LOG_WIDTH)
        content = self._content(options.max_width) if callable(self._content) else self._content
        for line in Segment.split_lines(console.render(content, options)):
            for segment in without_trailing_blanks(line):
                yield segment if segment.control else encodable(segment, options.encoding)
            yield Segment.line()


def without_trailing_blanks(line: list[Segment]) -> list[Segment]:
    """Blanks at the end would be folded too when the window becomes narrower."""
    kept = len(line)
    while kept and not line[kept - 1].text.strip():
        kept -= 1
    if not kept:
        return []
    content, style, control = line[kept - 1]
    return [*line[: kept - 1], Segment(content.rstrip(), style, control)]


def encodable(segment: Segment, encoding: str) -> Segment:
    """The segment in the characters of `encoding`."""
    if encoding.startswith("utf"):
        return segment
    spelled = segment.text.translate(_ASCII).encode(encoding, "replace").decode(encoding)
    return Segment(spelled, segment.style)
