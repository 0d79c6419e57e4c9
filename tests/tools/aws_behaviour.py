"""Makes `.github/AWS_BEHAVIOUR.md` from the table in `tests/aws/coverage.py`.

`python -m tests.tools.aws_behaviour` rewrites it; `tests/aws/test_coverage.py` fails when it is not current.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests import PROJECT
from tests.aws.coverage import SECTIONS, Row

MAP = PROJECT / ".github" / "AWS_BEHAVIOUR.md"
ROWS_OF_ANSWERS = "unit/aws/test_error_rules_rows.py"
HEAD = """\
# What real AWS does, and which test provokes it

Nothing here was run on AWS: a double over HTTP (`tests/aws/over_http`), one in process and tables of AWS's
answers stand in for it. Made by `python -m tests.tools.aws_behaviour` from `tests/aws/coverage.py`, never by
hand.
"""


def document(sections: Mapping[str, Sequence[Row]] = SECTIONS) -> str:
    """The whole map."""
    return HEAD + "".join(_section(title, rows) for title, rows in sections.items())


def _section(title: str, rows: Sequence[Row]) -> str:
    lines = [f"\n## {title}\n", "| What AWS does | Provoked by | The double's |", "|---|---|---|"]
    lines += [
        f"| {row.what} | {_proof(row)} | {', '.join(f'`{name}`' for name in row.doubles)} |" for row in rows
    ]
    return "\n".join(lines) + "\n"


def _proof(row: Row) -> str:
    if row.reason:
        return f"No test: {row.reason}"
    proofs = [_link(*test.split("::")) for test in row.tests]
    proofs += [f"[the answer `{answer}`](../tests/{ROWS_OF_ANSWERS})" for answer in row.answers]
    return "<br>".join(proofs)


def _link(path: str, name: str) -> str:
    return f"[{name.removeprefix('test_').replace('_', ' ')}](../tests/{path})"


if __name__ == "__main__":
    MAP.write_text(document(), encoding="utf-8")
