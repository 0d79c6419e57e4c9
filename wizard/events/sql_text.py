"""An SQL text, as far as it must be understood before it is handed on: where words begin and end, whether it
is one statement, and what its own WITH defines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from wizard.errors import UsageError

# What begins and is not closed goes on to the end of the text.
TOKENS = re.compile(
    r"""(?P<blank>\s+|--[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<quoted>"(?:[^"]|"")*(?:"|\Z))
    |(?P<literal>'(?:[^']|'')*(?:'|\Z))
    |(?P<word>\w+)
    |(?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)
# What begins a statement that only reads.
QUERIES = ("SELECT", "WITH", "VALUES", "TABLE", "(")


@dataclass(frozen=True)
class Token:
    """A piece of the text that is no blank and no comment, with where it begins and ends."""

    kind: str
    text: str
    begin: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these keywords, given in capitals, or signs."""
        return self.kind in ("word", "sign") and self.text.upper() in words

    @property
    def name(self) -> str:
        """The name that it stands for: names are the same in capitals, quoted or not."""
        text = self.text[1:-1].replace('""', '"') if self.kind == "quoted" else self.text
        return text.lower()


def tokens_of(sql: str) -> Iterator[Token]:
    """The text without blanks and comments."""
    for found in TOKENS.finditer(sql):
        if found.lastgroup != "blank":
            yield Token(str(found.lastgroup), found[0], found.start(), found.end())


def one_query(sql: str) -> str:
    """The text without the `;` at its end.

    Raises:
        UsageError: it is more than one statement, or one that does more than read.
    """
    tokens = list(tokens_of(sql))
    ends = [number for number, token in enumerate(tokens) if token.is_word(";")]
    if ends and any(not token.is_word(";") for token in tokens[ends[0] :]):
        raise more_than_one()
    if not tokens or not tokens[0].is_word(*QUERIES):
        raise UsageError(
            what="The query cannot be run.",
            why=f"It begins with {tokens[0].text if tokens else 'nothing'}, and here only queries are run,"
            " which change nothing.",
            next_step=f"Begin with one of {', '.join(QUERIES[:-1])}.",
        )
    return sql[: tokens[ends[0]].begin] if ends else sql


def more_than_one() -> UsageError:
    """What to say of several statements: the answers of all but one would be lost."""
    return UsageError(
        what="There is more than one statement.",
        why="Something comes after the semicolon, and only one answer can be shown.",
        next_step="Run each statement by itself.",
    )


def with_definitions(sql: str, definitions: Mapping[str, str]) -> str:
    """A query in which some names mean other queries, defined on one line before it: in what AWS says of the
    query, lines are counted one too high, and columns are right.

    Args:
        definitions: name to query; one may use those before it.

    Raises:
        UsageError: the query defines one of the names itself.
    """
    tokens = list(tokens_of(sql))
    has_own = tokens[0].is_word("WITH")
    head = 1 + tokens[1].is_word("RECURSIVE") if has_own else 0
    taken = sorted(definitions.keys() & set(_defined_in(tokens[head:]))) if has_own else []
    if taken:
        raise UsageError(
            what=f"The query defines {taken[0]} itself.",
            why="With --since and --until that name means the events of the period.",
            next_step=f"Give what the query defines another name than {' and '.join(taken)}.",
        )
    ours = ", ".join(f"{name} AS ({_on_one_line(query)})" for name, query in definitions.items())
    if not has_own:
        return f"WITH {ours}\n{sql}"
    keywords = " ".join(token.text for token in tokens[:head])
    begin = tokens[head - 1].end
    # As many blanks as there were characters, and the same lines.
    before = re.sub(r"[^\n]", " ", sql[:begin])
    return f"{keywords} {ours},\n{before}{sql[begin:]}"


def _defined_in(tokens: Sequence[Token]) -> Iterator[str]:
    """The names that a WITH defines, whose first one is the first token."""
    depth, is_next = 0, True
    for token in tokens:
        if is_next:
            yield token.name
            is_next = False
        elif token.is_word("("):
            depth += 1
        elif token.is_word(")"):
            depth -= 1
        elif depth == 0 and token.is_word(","):
            is_next = True
        elif depth == 0 and token.is_word(*QUERIES):
            return


def _on_one_line(query: str) -> str:
    """A text of ours, in which no literal has a line break."""
    return " ".join(query.split())
