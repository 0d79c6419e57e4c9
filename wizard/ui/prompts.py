"""The questions. The only importer of questionary, and only when something is asked: it loads slowly.

Prompts are drawn on standard error, because standard output is for results. Ctrl-C, Ctrl-D and a closed
terminal all raise `Interrupted`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from wizard.errors import Interrupted
from wizard.phase_titles import TITLES, phase_of_all
from wizard.settings import validators as names
from wizard.settings.interview import EMPTY, Question
from wizard.settings.table import as_text
from wizard.ui.prompt_keys import (
    BACK,
    WAY_BACK,
    folding,
    let_be_read,
    let_capitals_count,
    let_end_of_input_interrupt,
    let_enter_take,
    let_esc_count_at_once,
    let_lead_back,
    show_below,
)
from wizard.ui.styles import ACTIVE, BAD, bold
from wizard.ui.text import Printable, plain, text

if TYPE_CHECKING:
    from prompt_toolkit.output import Output
    from questionary import Question as Asked

NAME_QUESTION = "Name of the deployment"
ENTER_TAKES = "Enter takes what is grey"


class Prompts:
    """Asks the operator, one question after the other.

    Args:
        console: standard error; headings and remarks are printed there, between the prompts.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._phase = ""

    def ask(self, question: Question, offered: str, *, back: bool = False, typed: str = "") -> str | None:
        """Put a question of the interview; returns the text, or None: back to the question before.

        Args:
            offered: the text that Enter alone takes.
            back: whether there is a way back; the keys for it are shown only then.
            typed: a text that was refused, for correction.
        """
        self._announce(question.heading)
        if question.choices:
            remarks = [(choice, f"{choice}: {remark}") for choice, remark in question.choices.items()]
            return self._select(question.text, remarks, offered, back=back)
        if question.is_switch:
            return self._yes_or_no(question.text, offered == "yes", back=back)
        asked = question.text
        if question.remark is not None and offered:
            asked += f" ({offered} {question.remark(offered)})"
        emptied = f"{EMPTY} empties" if question.can_be_empty and offered else ""
        offered = offered or (EMPTY if question.can_be_empty else "")
        return self._type(
            asked, offered, typed=typed, suggestions=question.suggestions, hint=emptied, back=back
        )

    def refuse(self, reason: str) -> None:
        """Say in full why an answer is not taken; a validator of questionary would show one line and cut
        it at the edge of the window."""
        self._console.print(Printable(text(f"✗ {reason}", BAD)))

    def remark(self, sentence: str) -> None:
        """Say what an answer means."""
        self._console.print(Printable(text(sentence)))

    def ask_name(self, offered: str) -> str:
        """Ask for the name of a deployment."""
        typed = ""
        while True:
            answer = self._type(NAME_QUESTION, offered, typed=typed) or ""
            try:
                return names.deployment_name(answer.strip())
            except ValueError as error:
                self.refuse(str(error))
                typed = answer

    def confirm(self, question: str, default: bool) -> bool:
        """Ask a question that has a yes or a no for an answer; without Enter none is given."""
        return self._yes_or_no(question, default) == "yes"

    def _yes_or_no(self, question: str, default: bool, *, back: bool = False) -> str | None:
        import questionary

        asked = questionary.confirm(plain(question), default=default, output=self._output, auto_enter=False)
        answer = self._answer(asked, back=back)
        return None if answer is BACK else as_text(bool(answer))

    def confirm_by_name(self, question: str, name: str) -> bool:
        """Ask for a word that nobody types by mistake; Enter alone is a no."""
        while (typed := (self._type(question, "") or "").strip()) not in ("", name):
            self.refuse(f"that is not {name}; Enter alone changes nothing")
        return typed == name

    def choose(self, question: str, choices: Sequence[tuple[str, str]], *, letters: str = "") -> str:
        """Let the operator pick one of (key, text); returns the key.

        Keys pressed before the question stood there are thrown away: after minutes of watching a run,
        an impatient Enter must not decide what becomes of it.

        Args:
            letters: one for every choice, which picks it; Enter then takes it.
        """
        _forget_typed_keys()
        return str(self._select(question, choices, choices[0][0], letters=letters))

    def search(self, question: str, choices: Sequence[tuple[str, str]]) -> str | None:
        """Let the operator pick one of many (key, text) by typing a part of it; None: none of them."""
        return self._select(question, choices, choices[0][0], searched=True, back=True)

    def press_enter(self, message: str) -> None:
        """Wait until the operator has read something."""
        import questionary

        self._answer(questionary.text(plain(message), output=self._output))

    def _announce(self, phase: str) -> None:
        """A heading when the questions come to another phase."""
        if phase and phase != self._phase:
            self._phase = phase
            title = f"{phase_of_all(phase)} {TITLES.get(phase, phase)}"
            self._console.print()
            self._console.print(Printable(Text(title, style=bold(ACTIVE))))

    def _select(
        self,
        question: str,
        choices: Sequence[tuple[str, str]],
        default: str,
        *,
        letters: str = "",
        searched: bool = False,
        back: bool = False,
    ) -> str | None:
        import questionary

        speaks_unicode = (sys.stderr.encoding or "").casefold().startswith("utf")
        offered = default if default in [key for key, _text in choices] else None
        keys = iter(letters)
        asked = questionary.select(
            plain(question),
            choices=[
                questionary.Choice(plain(shown), value=key, shortcut_key=next(keys, None))
                for key, shown in choices
            ],
            default=offered,
            pointer="»" if speaks_unicode else ">",
            instruction="(type a part of it; arrow keys, Enter)" if searched else "(arrow keys, Enter)",
            use_shortcuts=bool(letters),
            use_search_filter=searched,
            use_jk_keys=not searched and not letters,
            output=self._output,
        )
        let_capitals_count(asked, letters)
        answer = self._answer(folding(asked), back=back)
        return None if answer is BACK else str(answer)

    def _type(
        self,
        question: str,
        offered: str,
        *,
        typed: str = "",
        suggestions: Mapping[str, str] | None = None,
        hint: str = "",
        back: bool = False,
    ) -> str | None:
        """A line of text; `offered` stands there greyed, and goes as soon as something is typed."""
        import questionary

        shown = [("class:placeholder", plain(offered))]
        if suggestions:
            asked = questionary.autocomplete(
                f"{plain(question)} (type a part of it, or Tab)",
                choices=list(suggestions),
                default=typed,
                meta_information=dict(suggestions),
                placeholder=shown,
                output=self._output,
            )
        else:
            asked = questionary.text(plain(question), default=typed, placeholder=shown, output=self._output)
        let_enter_take(asked, offered)
        hints = (ENTER_TAKES if offered else "", hint)
        answer = self._answer(asked, *filter(None, hints), back=back)
        return None if answer is BACK else str(answer)

    def _answer(self, question: Asked, *hints: str, back: bool = False) -> Any:
        """Put the question; only here prompts are run."""
        let_be_read(question)
        let_end_of_input_interrupt(question)
        let_esc_count_at_once(question)
        if back:
            let_lead_back(question)
            hints += (WAY_BACK,)
        if hints:
            show_below(question, "; ".join(hints))
        with _interruptions():
            return question.unsafe_ask()

    @cached_property
    def _output(self) -> Output:
        from prompt_toolkit.output import create_output

        return create_output(stdout=sys.stderr)


@contextmanager
def _interruptions() -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, EOFError):
        raise Interrupted from None


def _forget_typed_keys() -> None:
    import termios

    # Not a terminal, or gone: the question will find out by itself.
    with suppress(OSError, ValueError, termios.error):
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
