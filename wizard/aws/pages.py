"""Reading an answer of many pages. botocore's paginators know no way on from a page that failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wizard.aws.client import Aws


def pages(
    aws: Aws, operation: Callable[..., Any], doing: str, following: Mapping[str, str], **wanted: Any
) -> Iterator[Any]:
    """The answers of an operation, each asked for again while AWS says "not yet".

    Args:
        operation: of a client; it only reads.
        doing: what it is for, for messages: "list the events in x".
        following: member of a question to the member of the answer before that fills it: `{"NextToken":
            "NextToken"}`. An answer that fills none is the last.
        wanted: the question.

    Raises:
        WizardError: AWS refuses, fails or is unreachable for too long, or the credentials are dead.
    """
    place: dict[str, Any] = {}
    while True:
        page = aws.retry(partial(operation, **wanted, **place), doing)
        yield page
        place = {member: page[told] for member, told in following.items() if page.get(told)}
        if not place:
            return
