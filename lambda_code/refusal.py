"""How the code says that the client's request is at fault."""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 - it is an answer, not an error of ours
    """The request cannot be accepted: the answer's status and the members of its JSON body.

    The message is read by the client, so it names what is wrong and never repeats what was sent. `label` is
    that of the client, where its token was good.
    """

    def __init__(self, status: int, message: str, **members: object) -> None:
        super().__init__(message)
        self.status = status
        self.label = ""
        self.body: dict[str, object] = {"message": message, **members}
