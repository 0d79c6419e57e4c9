"""The interview as a model: which question is next, what Enter alone takes, what an answer leads to.

It knows neither terminal nor AWS: whoever renders it puts `current` and hands the text to `answer`, until
`current` is None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

# The word that empties an answer which may be empty: Enter alone takes what is offered.
EMPTY = "none"


def always(_answers: Mapping[str, str]) -> bool:
    """Asked whatever the answers so far."""
    return True


@dataclass(frozen=True)
class Question:
    """One question.

    Args:
        key: of the setting, or a name of its own.
        text: the question as it is put.
        parse: text to value; raises `ValueError` with a sentence for the operator.
        heading: key of the phase under whose title it stands; none for questions before the phases.
        choices: the values on offer, each with a remark; empty when any text may do.
        suggestions: values that are common, each with a remark; any other may be typed.
        is_switch: it is a yes-or-no question.
        remark: what a value, given as text, means; shown beside it.
        is_asked: whether it is asked, given the answers so far.
    """

    key: str
    text: str
    parse: Callable[[str], object]
    heading: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    suggestions: Mapping[str, str] = field(default_factory=dict)
    is_switch: bool = False
    is_repeatable: bool = False
    remark: Callable[[str], str] | None = None
    is_asked: Callable[[Mapping[str, str]], bool] = always

    @property
    def can_be_empty(self) -> bool:
        """Whether the word `none` stands for an answer that is empty."""
        if self.choices or self.is_switch or self.is_repeatable:
            return False
        try:
            self.parse("")
        except ValueError:
            return False
        return True


@dataclass(frozen=True)
class Problem:
    """Why an answer is not taken.

    Args:
        text: a sentence for the operator.
        can_insist: it is mostly a mistake only, and taken from who says it twice.
    """

    text: str
    can_insist: bool = False


# The answers as they would be, and the key of the newest one.
Check = Callable[[Mapping[str, str], str], Problem | None]


def no_check(_answers: Mapping[str, str], _key: str) -> Problem | None:
    """Every answer goes with every other."""
    return None


class Interview:
    """Questions in their order, what was answered, and where we are.

    Args:
        questions: all that can be asked or changed.
        defaults: text by key: what it is when nobody says anything. May be replaced on the way, where
            it depends on answers.
        kept: text by key: answers of an interview that was stopped; Enter alone takes them.
        check: what speaks against an answer besides its own rule.

    Attributes:
        answers: text by key. An answer that is the default is none: it follows the default when that
            becomes another.
        insisted: keys of the answers that were said twice.
    """

    def __init__(
        self,
        questions: Sequence[Question],
        *,
        defaults: Mapping[str, str] | None = None,
        kept: Mapping[str, str] | None = None,
        check: Check = no_check,
    ) -> None:
        self.questions = tuple(questions)
        self.defaults: Mapping[str, str] = defaults or {}
        self.answers: dict[str, str] = {}
        self.insisted: set[str] = set()
        self._kept = dict(kept or {})
        self._check = check
        self._position = 0
        self._edited: Question | None = None

    @property
    def current(self) -> Question | None:
        """The question to put; None when all have been answered."""
        if self._edited is not None:
            return self._edited
        rest = self.questions[self._position :]
        return next((question for question in rest if question.is_asked(self.answers)), None)

    @property
    def said(self) -> Mapping[str, str]:
        """The answers, and those of last time that nothing has replaced yet."""
        return {**self._kept, **self.answers}

    @property
    def can_go_back(self) -> bool:
        """Whether there is a question before, or one that need not be changed after all."""
        return self._edited is not None or self._before() is not None

    def offered(self, question: Question) -> str:
        """The text that Enter alone takes."""
        for texts in (self.answers, self._kept, self.defaults):
            if question.key in texts:
                return texts[question.key]
        return ""

    def answer(self, text: str, *, insists: bool = False) -> Problem | None:
        """Answer the current question and move on; with a problem nothing has moved.

        Raises:
            ValueError: there is no question.
        """
        question = self.current
        if question is None:
            raise ValueError("every question has been answered")
        text = text.strip()
        if question.can_be_empty and text.casefold() == EMPTY:
            text = ""
        if problem := self._problem_of(question, text):
            if not (problem.can_insist and insists):
                return problem
            self.insisted.add(question.key)
        self._take(question, text)
        return None

    def back(self) -> None:
        """To the question before; from a question that was to be changed, to where we were."""
        if self._edited is not None:
            self._edited = None
        elif (before := self._before()) is not None:
            self._position = before

    def edit(self, key: str) -> None:
        """Put one question once more; then everything goes on where it was."""
        self._edited = self._of(key)

    def go_on(self, next_key: str | None) -> None:
        """Take the kept answers as given, and go on with the question where they were stopped.

        Args:
            next_key: None, or a question that there is no more, is the end.
        """
        known = {question.key for question in self.questions}
        self.answers.update({key: text for key, text in self._kept.items() if key in known})
        self._kept.clear()
        places = (place for place, question in enumerate(self.questions) if question.key == next_key)
        self._position = next(places, len(self.questions))

    def _problem_of(self, question: Question, text: str) -> Problem | None:
        try:
            question.parse(text)
        except ValueError as error:
            return Problem(str(error))
        return self._check({**self.answers, question.key: text}, question.key)

    def _take(self, question: Question, text: str) -> None:
        self._kept.pop(question.key, None)
        self.answers.pop(question.key, None)
        if text != self.defaults.get(question.key):
            self.answers[question.key] = text
        if self._edited is None:
            self._position = self.questions.index(question) + 1
        self._edited = None

    def _before(self) -> int | None:
        current = self.current
        place = len(self.questions) if current is None else self.questions.index(current)
        asked = (n for n in range(place - 1, -1, -1) if self.questions[n].is_asked(self.answers))
        return next(asked, None)

    def _of(self, key: str) -> Question:
        return next(question for question in self.questions if question.key == key)
