"""Who is asking: the configured tokens are known here only as SHA-256 digests."""

from __future__ import annotations

import hashlib
import hmac

TYPE_CHECKING = False
if TYPE_CHECKING:
    from configuration import Configuration

MAXIMUM_TOKEN_LENGTH = 4096


class Tokens:
    """The tokens that may send events, each with the label of its client ("" for none)."""

    def __init__(self, configuration: Configuration) -> None:
        labels = configuration.token_labels
        self._clients = [
            (digest.encode(), _fit_for_a_header(labels[position]) if position < len(labels) else "")
            for position, digest in enumerate(configuration.token_digests)
        ]

    def label_of(self, token: object) -> str | None:
        """The label of the client that owns the token, or None when nobody does."""
        if not isinstance(token, str) or not 0 < len(token) <= MAXIMUM_TOKEN_LENGTH:
            return None
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest().encode()
        found = None
        for known, label in self._clients:  # no early exit: the time must not tell which one matched
            if hmac.compare_digest(known, digest):
                found = label
        return found


def _fit_for_a_header(label: str) -> str:
    """The label with everything but printable ASCII replaced."""
    return "".join(sign if " " <= sign <= "~" else "_" for sign in label)
