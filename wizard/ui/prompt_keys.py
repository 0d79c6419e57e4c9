"""What keys do at a prompt beyond what questionary lets them do, and what stands below it."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from wizard.ui.styles import PROMPT
from wizard.ui.text import plain

if TYPE_CHECKING:
    from prompt_toolkit.key_binding import KeyBindingsBase
    from questionary import Question as Asked

# Bytes of one key that come apart on a slow line are still one key; a human who pressed Esc waits no longer.
SECONDS_OF_ONE_KEY = 0.1


class _Way(Enum):
    """What a prompt returns besides answers."""

    BACK = auto()


BACK = _Way.BACK


# Said below every prompt that can be left this way.
WAY_BACK = "Esc or Shift-Tab: back"


def let_be_read(question: Asked) -> None:
    """On a light terminal as on a dark one."""
    from prompt_toolkit.styles import Style, merge_styles

    application = question.application
    application.style = merge_styles(
        [*([application.style] if application.style else []), Style(list(PROMPT))]
    )


def let_end_of_input_interrupt(question: Asked) -> None:
    """Ctrl-D at a list or a yes-or-no question: questionary swallows it, a text prompt does not."""
    from prompt_toolkit.filters import Condition
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent, merge_key_bindings

    application = question.application
    bindings = KeyBindings()

    @bindings.add("c-d", eager=True, filter=Condition(lambda: not application.current_buffer.text))
    def end_of_input(event: KeyPressEvent) -> None:
        event.app.exit(exception=EOFError, style="class:aborting")

    application.key_bindings = merge_key_bindings([*_bindings(question), bindings])


def _bindings(question: Asked) -> list[KeyBindingsBase]:
    known = question.application.key_bindings
    return [known] if known else []


def let_esc_count_at_once(question: Asked) -> None:
    """Or what is typed a second later would be taken for the second half of a key."""
    question.application.ttimeoutlen = question.application.timeoutlen = SECONDS_OF_ONE_KEY


def let_lead_back(question: Asked) -> None:
    """Esc and Shift-Tab end the prompt. Esc is also how arrow keys and Alt begin, so it counts when
    nothing follows at once; while suggestions are open it closes them, and Shift-Tab walks through them."""
    from prompt_toolkit.filters import has_completions
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent, merge_key_bindings

    application = question.application
    bindings = KeyBindings()

    @bindings.add("escape", filter=~has_completions)
    @bindings.add("s-tab", filter=~has_completions)
    def back(event: KeyPressEvent) -> None:
        event.app.erase_when_done = True  # a question that was not answered leaves nothing behind
        event.app.exit(result=BACK)

    @bindings.add("escape", filter=has_completions)
    def close_suggestions(event: KeyPressEvent) -> None:
        event.current_buffer.cancel_completion()

    application.key_bindings = merge_key_bindings([*_bindings(question), bindings])


def let_capitals_count(question: Asked, letters: str) -> None:
    """Who types N and Enter must not be taken for somebody who typed Enter alone."""
    from prompt_toolkit.key_binding import KeyBindings, KeyPress, KeyPressEvent, merge_key_bindings

    bindings = KeyBindings()
    for letter in letters:

        @bindings.add(letter.upper(), eager=True)
        def small(event: KeyPressEvent, letter: str = letter) -> None:
            event.key_processor.feed(KeyPress(letter), first=True)

    question.application.key_bindings = merge_key_bindings([*_bindings(question), bindings])


def let_enter_take(question: Asked, offered: str) -> None:
    """Enter on an empty line types what stands there greyed, so that it stays on the screen as the answer."""
    from prompt_toolkit.filters import Condition
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent, merge_key_bindings

    application = question.application
    bindings = KeyBindings()

    @bindings.add("enter", eager=True, filter=Condition(lambda: not application.current_buffer.text))
    def take(event: KeyPressEvent) -> None:
        event.current_buffer.text = offered
        event.current_buffer.validate_and_handle()

    application.key_bindings = merge_key_bindings([*_bindings(question), bindings])


def show_below(question: Asked, hint: str) -> None:
    """A line below the prompt, which goes when it has been answered."""
    from prompt_toolkit.filters import Always, is_done
    from prompt_toolkit.layout import ConditionalContainer, FormattedTextControl, HSplit, Layout, Window

    layout = question.application.layout
    for window in layout.find_all_windows():
        window.dont_extend_height = Always()  # or the line would stand at the bottom of the screen
    text = FormattedTextControl(plain(hint))
    line = Window(text, style="dim", wrap_lines=True, dont_extend_height=True)
    rows = HSplit([layout.container, ConditionalContainer(line, filter=~is_done), Window()])
    question.application.layout = Layout(rows, layout.current_window)


def folding(question: Asked) -> Asked:
    """The question with long choices folded in narrow windows; questionary would cut them."""
    from prompt_toolkit.filters import Always

    for window in question.application.layout.find_all_windows():
        window.wrap_lines = Always()
    return question
