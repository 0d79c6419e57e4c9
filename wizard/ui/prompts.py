"""The questions. The only importer of questionary, and only when something is asked: it loads slowly.

Prompts are drawn on standard error, because standard output is for results. Ctrl-C, Ctrl-D and a closed
terminal all raise `Interrupted`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from wizard.errors import Interrupted
from wizard.phase_titles import PHASE_TITLES, phase_number
from wizard.settings import validators as names
from wizard.settings.table import Setting, Value, as_text
from wizard.ui.text import Printable, plain, text

if TYPE_CHECKING:
    from prompt_toolkit.output import Output
    from questionary import Question

# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
# On offer only: any region may be typed.
COMMON_REGIONS = {
    "us-east-1": "N. Virginia",
    "us-east-2": "Ohio",
    "us-west-1": "N. California",
    "us-west-2": "Oregon",
    "ca-central-1": "Canada",
    "sa-east-1": "São Paulo",
    "eu-central-1": "Frankfurt",
    "eu-central-2": "Zurich",
    "eu-north-1": "Stockholm",
    "eu-south-1": "Milan",
    "eu-west-1": "Ireland",
    "eu-west-2": "London",
    "eu-west-3": "Paris",
    "ap-northeast-1": "Tokyo",
    "ap-northeast-2": "Seoul",
    "ap-south-1": "Mumbai",
    "ap-southeast-1": "Singapore",
    "ap-southeast-2": "Sydney",
}


class Interview:
    """Asks the operator, one question after the other.

    Args:
        console: standard error; headings and remarks are printed there, between the prompts.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._phase = ""

    def ask(self, setting: Setting, offered: Value) -> str:
        """Ask for a setting; returns a text that the setting can parse.

        Args:
            offered: the value that Enter alone takes.
        """
        self._announce(setting.phase)
        if setting.asked_if and not self.confirm(setting.asked_if, bool(offered)):
            return as_text(offered)
        if setting.choices:
            remarks = [(choice, f"{choice}: {remark}") for choice, remark in setting.choices.items()]
            return self._select(setting.question, remarks, as_text(offered))
        if setting.is_switch:
            return as_text(self.confirm(setting.question, bool(offered)))
        if setting.remark is None:
            return self._ask_until_valid(setting.question, as_text(offered), setting.parse)
        question = f"{setting.question} ({as_text(offered)} {setting.remark(offered)})"
        answer = self._ask_until_valid(question, as_text(offered), setting.parse)
        if answer != as_text(offered):
            self._console.print(Printable(text(f"{answer} {setting.remark(setting.parse(answer))}")))
        return answer

    def ask_name(self, default: str) -> str:
        """Ask for the name of the deployment."""
        return self._ask_until_valid("Name of the deployment", default, names.deployment_name)

    def ask_region(self, default: str | None, rule: Callable[[str], object] = names.region_name) -> str:
        """Ask for the region, with the common ones on offer; `rule` refuses those that cannot be."""
        return self._ask_until_valid("Region", default or "", rule, suggestions=list(COMMON_REGIONS))

    def confirm(self, question: str, default: bool) -> bool:
        """Ask a question that has a yes or a no for an answer; without Enter none is given."""
        import questionary

        asked = questionary.confirm(plain(question), default=default, output=self._output, auto_enter=False)
        return bool(self._answer(asked))

    def confirm_by_name(self, question: str, name: str) -> bool:
        """Ask for a word that nobody types by mistake; Enter alone is a no."""
        while (typed := self._type(question, "", ()).strip()) not in ("", name):
            self._console.print(Printable(text(f"✗ that is not {name}; Enter alone changes nothing", "red")))
        return typed == name

    def choose(self, question: str, choices: Sequence[tuple[str, str]]) -> str:
        """Let the operator pick one of (key, text); returns the key.

        Keys pressed before the question stood there are thrown away: after minutes of watching a run,
        an impatient Enter must not decide what becomes of it.
        """
        _forget_typed_keys()
        return self._select(question, choices, choices[0][0])

    def press_enter(self, message: str) -> None:
        """Wait until the operator has read something."""
        import questionary

        self._answer(questionary.text(plain(message), output=self._output))

    def _announce(self, phase: str) -> None:
        """A heading when the questions come to another phase."""
        if phase != self._phase:
            self._phase = phase
            title = f"{phase_number(phase)}/{len(PHASE_TITLES)} {PHASE_TITLES.get(phase, phase)}"
            self._console.print()
            self._console.print(Printable(Text(title, style="bold cyan")))

    def _select(self, question: str, choices: Sequence[tuple[str, str]], default: str) -> str:
        import questionary

        offered = default if default in [key for key, _text in choices] else None
        answer = self._answer(
            _folding(
                questionary.select(
                    plain(question),
                    choices=[questionary.Choice(plain(shown), value=key) for key, shown in choices],
                    default=offered,
                    instruction="(arrow keys, Enter)",
                    output=self._output,
                )
            )
        )
        return str(answer)

    def _ask_until_valid(
        self, question: str, offered: str, parse: Callable[[str], object], *, suggestions: Sequence[str] = ()
    ) -> str:
        """Ask until the answer can be parsed.

        What is wrong is printed in full and the answer is offered again for correction; a validator of
        questionary would show one line and cut it at the edge of the window.
        """
        while True:
            answer = self._type(question, offered, suggestions).strip()
            try:
                parse(answer)
            except ValueError as error:
                self._console.print(Printable(text(f"✗ {error}", "red")))
                offered = answer
            else:
                return answer

    def _type(self, question: str, offered: str, suggestions: Sequence[str]) -> str:
        import questionary

        if not suggestions:
            return str(self._answer(questionary.text(plain(question), default=offered, output=self._output)))
        return str(
            self._answer(
                questionary.autocomplete(
                    f"{plain(question)} (type a part of it, or Tab)",
                    choices=list(suggestions),
                    default=offered,
                    meta_information=dict(COMMON_REGIONS),
                    output=self._output,
                )
            )
        )

    def _answer(self, question: Question) -> Any:
        """Put the question; only here prompts are run."""
        self._let_end_of_input_interrupt(question)
        with _interruptions():
            return question.unsafe_ask()

    def _let_end_of_input_interrupt(self, question: Question) -> None:
        """Ctrl-D at a list or a yes-or-no question: questionary swallows it, a text prompt does not."""
        from prompt_toolkit.filters import Condition
        from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent, merge_key_bindings

        application = question.application
        bindings = KeyBindings()

        @bindings.add("c-d", eager=True, filter=Condition(lambda: not application.current_buffer.text))
        def end_of_input(event: KeyPressEvent) -> None:
            event.app.exit(exception=EOFError, style="class:aborting")

        known = [application.key_bindings] if application.key_bindings else []
        application.key_bindings = merge_key_bindings([*known, bindings])

    @cached_property
    def _output(self) -> Output:
        from prompt_toolkit.output import create_output

        return create_output(stdout=sys.stderr)


def _folding(question: Question) -> Question:
    """The question with long choices folded in narrow windows; questionary would cut them."""
    from prompt_toolkit.filters import Always

    for window in question.application.layout.find_all_windows():
        window.wrap_lines = Always()
    return question


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
