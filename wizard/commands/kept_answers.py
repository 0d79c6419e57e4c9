"""Answers of a run that ended before it wrote a state file: kept beside it, and offered by the next run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from wizard.settings.interview import Interview
from wizard.settings.questions import NAME, NO, REGION, USE_DEFAULTS, YES, gate_of
from wizard.settings.table import SETTINGS, Setting
from wizard.state import answers as answers_file
from wizard.state.answers import Answers
from wizard.state.files import beside


class KeptAnswers:
    """The file.

    Attributes:
        path: where it is, or would be.
        next_question: key of the question at which the interview was stopped.
    """

    def __init__(self, state_path: Path) -> None:
        self.path = beside(state_path, ".answers.toml")
        self.next_question: str | None = None

    def read(self, *, local: bool) -> dict[str, str]:
        """Text by key of a question; empty where there is no file, or where it is of another place: what was
        answered for the local AWS must not be taken on AWS unasked. What obeys no rule any more is left out.

        Raises:
            UsageError: it is there and cannot be used.
        """
        if not self.path.exists():
            return {}
        kept = answers_file.read(self.path)
        if kept.local != local:
            return {}
        self.next_question = kept.next_question
        return _texts(kept)

    def keep(self, interview: Interview, *, local: bool) -> bool:
        """Write what was answered; False when there is nothing to go on with.

        Raises:
            UsageError: the file cannot be written.
        """
        said, current = interview.said, interview.current
        if not interview.answers:
            return self.path.exists()
        values = {row.key: row.parse(said[row.key]) for row in SETTINGS if row.key in said}
        # Enter took a region that the next run's environment may not have.
        region = said.get(REGION, interview.defaults.get(REGION))
        text = answers_file.written(said.get(NAME), region, local, values, current.key if current else None)
        answers_file.save(self.path, text)
        return True

    def forget(self) -> None:
        """The state file knows them now."""
        self.path.unlink(missing_ok=True)


def _texts(kept: Answers) -> dict[str, str]:
    rows = {row.key: row for row in SETTINGS}
    texts = {key: text for key, text in kept.texts.items() if _parses(rows[key], text)}
    texts |= {gate_of(rows[key]): YES for key in texts if rows[key].asked_if}
    places: Mapping[str, str | None] = {NAME: kept.name, REGION: kept.region}
    texts |= {key: text for key, text in places.items() if text}
    if kept.next_question and kept.next_question not in (NAME, REGION, USE_DEFAULTS):
        texts[USE_DEFAULTS] = NO
    return texts


def _parses(row: Setting, text: str) -> bool:
    try:
        row.parse(text)
    except ValueError:
        return False
    return True
