"""The questions, answered on a real pseudo-terminal with real keys."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests import PROJECT
from tests.tools.terminal import Terminal
from wizard.settings.table import SETTINGS
from wizard.ui.output import is_interactive

ENTER, DOWN, BACKSPACE, CTRL_C, CTRL_D, CTRL_U = "\r", "\x1b[B", "\x7f", "\x03", "\x04", "\x15"
ESCAPE, SHIFT_TAB, LEFT, ALT_B = "\x1b", "\x1b[Z", "\x1b[D", "\x1bb"

PROGRAM = """
import json
from rich.console import Console
from wizard.errors import Interrupted
from wizard.ui.prompts import Prompts
from wizard.settings import questions
from wizard.settings.interview import always
from wizard.settings.table import SETTINGS, as_text
from wizard.identity import DeploymentId
identity = DeploymentId("id", "tracker", "123456789012", "aws", "eu-central-1")
offered = {{row.key: as_text(row.default_at(identity)) for row in SETTINGS}}
known = {{asked.key: asked for asked in questions.setting_questions(SETTINGS, lambda row: always)}}
known["region"] = questions.region(always)
prompts = Prompts(Console(stderr=True))
def ask(key, default=None, **more):
    return prompts.ask(known[key], offered.get(key, "") if default is None else default, **more)
try:
    print(json.dumps({expression}))
except Interrupted:
    print('"interrupted"')
"""


def questions(expression: str, *, columns: int = 80, rows: int = 24, **environment: str) -> Terminal:
    return Terminal(PROGRAM.format(expression=expression), columns=columns, rows=rows, **environment)


def answer(terminal: Terminal) -> object:
    """What the program made of the keys: the last and only thing on standard output."""
    code, output = terminal.finish()
    assert code == 0, terminal.text
    return json.loads(output)


class TestAskingForSettings:
    def test_enter_takes_what_is_offered_and_returns_it_as_the_operator_would_type_it(self) -> None:
        with questions("[ask('memory_mb'), ask('cors_methods'), ask('reserved_concurrency')]") as terminal:
            for question in ("Memory (MB) 128", "Allowed methods POST,OPTIONS", "or none) none"):
                terminal.see(f"{question}\nEnter takes what is grey")
                terminal.type(ENTER)
            assert answer(terminal) == ["128", "POST,OPTIONS", "none"]
            assert "Memory (MB) 128\n" in terminal.text, "the answer stays on the screen"
            assert "what is grey" not in terminal.text, "the hint does not"

    def test_what_is_offered_is_greyed_and_typing_replaces_it(self) -> None:
        with questions("ask('bucket_name')") as terminal:
            terminal.see("Bucket name tracker-")
            assert b"2mtracker-" in terminal.raw, "dim"
            terminal.type("foo")
            terminal.see("Bucket name foo\n")
            terminal.type(BACKSPACE * 3)
            terminal.see("Bucket name tracker-")
            terminal.type("mine" + ENTER)
            assert answer(terminal) == "mine"

    def test_a_word_empties_an_answer_that_may_be_empty_because_enter_takes_what_is_offered(self) -> None:
        with questions("ask('reserved_concurrency', '5')") as terminal:
            terminal.see("Enter takes what is grey; none empties")
            terminal.type("none" + ENTER)
            assert answer(terminal) == "none"

    def test_what_was_refused_is_there_for_correction(self) -> None:
        with questions("ask('bucket_name', typed='my.bucket')", columns=40, rows=10) as terminal:
            terminal.see("Bucket name my.bucket")
            terminal.type(BACKSPACE * 7 + "-bucket" + ENTER)
            assert answer(terminal) == "my-bucket"

    def test_why_an_answer_is_refused_is_said_in_full(self) -> None:
        with questions(
            "prompts.refuse('one two three four five six seven eight nine ten')", columns=20
        ) as seen:
            seen.see("✗ one two three four")
            seen.see("ten")
            answer(seen)

    def test_a_limit_stands_beside_what_it_can_cost(self) -> None:
        with questions("ask('throttle_rate')", columns=100) as terminal:
            terminal.see("at most (50 used all month by an attacker: about 1,197 USD) 50")
            terminal.type("200" + ENTER)
            assert answer(terminal) == "200"

    def test_choices_stand_in_a_list_with_their_remarks_and_the_offered_one_is_pointed_at(self) -> None:
        with questions("ask('runtime')") as terminal:
            terminal.see("python3.14: supported until June 2029")
            assert "» python3.13: supported until June 2029" in terminal.text
            terminal.type(DOWN + ENTER)
            assert answer(terminal) == "python3.14"

    def test_a_switch_is_a_yes_or_no_question(self) -> None:
        with questions("[ask('versioning'), ask('block_public_access')]") as terminal:
            terminal.see("Keep old versions of objects (y/N)")
            terminal.type("y" + ENTER)
            terminal.see("Block all public access to the bucket (Y/n)")
            terminal.type(ENTER)
            assert answer(terminal) == ["yes", "yes"]

    def test_a_heading_comes_once_when_the_phase_changes(self) -> None:
        with questions("[ask('memory_mb'), ask('timeout_seconds'), ask('stage_name')]") as terminal:
            for question in ("Memory", "Timeout", "Stage name"):
                terminal.see(question)
                terminal.type(ENTER)
            answer(terminal)
            headings = [line for line in terminal.lines if "/9 " in line]
            assert headings == ["5/9 Function settings", "9/9 Deployment"]

    @pytest.mark.parametrize("size", [(80, 24), (40, 10)])
    def test_every_question_of_a_setup_can_be_answered_with_enter_in_any_window(
        self, size: tuple[int, int]
    ) -> None:
        with questions("[ask(key) for key in known]", columns=size[0], rows=size[1]) as terminal:
            for setting in SETTINGS:
                for text in filter(None, (setting.asked_if, setting.question)):
                    terminal.see(text[:30])
                    terminal.type(ENTER)
            terminal.see("Region")
            terminal.type(ENTER)
            assert isinstance(answers := answer(terminal), list)
            assert len(answers) > len(SETTINGS)


class TestGoingBack:
    """Esc is also how arrow keys begin, so it counts when nothing follows it at once."""

    @pytest.mark.parametrize("key", [ESCAPE, SHIFT_TAB], ids=["Esc", "Shift-Tab"])
    @pytest.mark.parametrize(
        ("setting", "text"), [("memory_mb", "Memory"), ("runtime", "python3.14"), ("versioning", "(y/N)")]
    )
    def test_every_kind_of_question_leads_back_and_says_how(self, setting: str, text: str, key: str) -> None:
        with questions(f"ask({setting!r}, back=True)") as terminal:
            terminal.see(text)
            terminal.see("Esc or Shift-Tab: back")
            terminal.type(key)
            assert answer(terminal) is None
            assert text not in terminal.text, "a question that was not answered leaves nothing behind"

    def test_arrow_keys_and_alt_still_work_where_esc_leads_back(self) -> None:
        with questions("[ask('runtime', back=True), ask('api_name', 'x', back=True)]") as terminal:
            terminal.see("python3.14")
            terminal.type(DOWN + ENTER)
            terminal.see("API name x")
            terminal.type("two words" + ALT_B + "2 " + LEFT * 2 + "!" + ENTER)
            assert answer(terminal) == ["python3.14", "two !2 words"]

    @pytest.mark.parametrize("key", [ESCAPE, SHIFT_TAB], ids=["Esc", "Shift-Tab"])
    def test_where_there_is_no_way_back_the_keys_do_nothing(self, key: str) -> None:
        with questions("ask('memory_mb')") as terminal:
            terminal.see("Memory (MB) 128")
            terminal.type(key)
            terminal.settle()
            # On a busy machine Esc and what follows may still be read as one key; Alt-q is none, Alt-2 is.
            terminal.type("q")
            terminal.see("Memory (MB) q")
            assert "back" not in terminal.text
            terminal.type(BACKSPACE + "256" + ENTER)
            assert answer(terminal) == "256"

    def test_while_suggestions_are_open_the_keys_are_theirs(self) -> None:
        with questions("ask('region', back=True)") as terminal:
            terminal.see("Region")
            terminal.type("south")
            terminal.see("Mumbai")
            terminal.type(SHIFT_TAB)
            terminal.see("Tab) ap-southeast-2\n")
            assert "Mumbai" in terminal.text
            terminal.type(ESCAPE)
            terminal.wait(
                lambda: "Tab) south\n" in terminal.text and "Mumbai" not in terminal.text,
                "what was typed without suggestions",
            )
            terminal.type(ESCAPE)
            assert answer(terminal) is None


class TestOtherQuestions:
    def test_the_name_must_be_one_that_all_other_names_can_be_derived_from(self) -> None:
        with questions("prompts.ask_name('tracker')") as terminal:
            terminal.see("Name of the deployment tracker")
            terminal.type("_X" + ENTER)
            terminal.see("✗ a deployment name has 3 to 36")
            terminal.see("begins with a letter\n? Name of the deployment _X")
            terminal.type(BACKSPACE * 2 + "tracker-2" + ENTER)
            assert answer(terminal) == "tracker-2"

    def test_regions_are_suggested_by_any_part_of_their_name(self) -> None:
        with questions("ask('region')") as terminal:
            terminal.see("Region")
            terminal.type("south")
            terminal.see("Mumbai")
            assert "Frankfurt" not in terminal.text
            terminal.type(CTRL_U + "eu-central-1" + ENTER)
            assert answer(terminal) == "eu-central-1"

    def test_a_region_that_is_not_suggested_may_be_typed(self) -> None:
        with questions("ask('region', 'us-east-1')") as terminal:
            terminal.see("us-east-1")
            terminal.type("il-central-1" + ENTER)
            assert answer(terminal) == "il-central-1"

    def test_choosing_returns_the_key_and_shows_only_texts(self) -> None:
        with questions("prompts.choose('What now?', [('a', 'Try again'), ('b', 'Stop here')])") as terminal:
            terminal.see("Stop here")
            terminal.type(DOWN + ENTER)
            assert answer(terminal) == "b"

    def test_a_letter_picks_a_choice_and_enter_takes_it(self) -> None:
        asked = "prompts.choose(question, [('go', 'yes'), ('stop', 'no')], letters='yn')"
        with questions(f"[{asked} for question in ('Begin?', 'Go on?', 'Once more?')]") as terminal:
            for question, keys in (("Begin?", "n"), ("Go on?", "y"), ("Once more?", "N")):
                terminal.see(f"{question} (arrow keys, Enter)")
                terminal.type(keys + ENTER)
            assert answer(terminal) == ["stop", "go", "stop"]

    def test_one_of_many_is_found_by_a_part_of_it_or_none_is_wanted(self) -> None:
        asked = "prompts.search(question, [(f'k{n}', f'setting {n}: {n}') for n in range(40)])"
        with questions(f"[{asked} for question in ('Change what?', 'What else?')]") as terminal:
            terminal.see("setting 0: 0")
            terminal.see("Esc or Shift-Tab: back")
            terminal.type("g 33")
            terminal.see("» setting 33: 33")
            terminal.type(ENTER)
            terminal.see("What else?")
            terminal.type(ESCAPE)
            assert answer(terminal) == ["k33", None]

    def test_keys_pressed_before_a_choice_was_shown_decide_nothing(self) -> None:
        """An Enter in the middle of a run must not start a rollback."""
        slow = "__import__('time').sleep(2) or prompts.choose('What now?', [('a', 'Retry'), ('b', 'Stop')])"
        with questions(slow) as terminal:
            terminal.type(ENTER)
            terminal.see("Stop")
            terminal.settle()
            assert terminal.process.poll() is None
            terminal.type(DOWN + ENTER)
            assert answer(terminal) == "b"

    def test_confirm_takes_its_default_on_enter(self) -> None:
        with questions("[prompts.confirm('Go?', True), prompts.confirm('Delete?', False)]") as terminal:
            terminal.see("Go? (Y/n)")
            terminal.type(ENTER)
            terminal.see("Delete? (y/N)")
            terminal.type(ENTER)
            assert answer(terminal) == [True, False]

    def test_y_without_enter_decides_nothing_because_a_slip_must_not(self) -> None:
        with questions("prompts.confirm('Delete?', False)") as terminal:
            terminal.see("Delete? (y/N)")
            terminal.type("y")
            terminal.settle()
            assert terminal.process.poll() is None
            terminal.type(ENTER)
            assert answer(terminal) is True

    def test_what_cannot_be_had_again_is_agreed_to_by_name_alone(self) -> None:
        asked = "prompts.confirm_by_name('Type shop to delete', 'shop')"
        with questions(f"[{asked}, {asked}]") as terminal:
            terminal.see("Type shop to delete")
            terminal.type("shpo" + ENTER)
            terminal.see("✗ that is not shop")
            terminal.type("shop" + ENTER)
            terminal.settle()
            terminal.type(ENTER)
            assert answer(terminal) == [True, False]

    def test_press_enter_waits(self) -> None:
        with questions("prompts.press_enter('Press Enter when you have read this')") as terminal:
            terminal.see("when you have read this")
            terminal.settle()
            assert terminal.process.poll() is None
            terminal.type(ENTER)
            assert answer(terminal) is None


class TestInterruption:
    @pytest.mark.parametrize("key", [CTRL_C, CTRL_D], ids=["Ctrl-C", "Ctrl-D"])
    @pytest.mark.parametrize(
        ("expression", "question"),
        [
            ("ask('reserved_concurrency')", "Reserved concurrency"),
            ("ask('runtime')", "python3.14"),
            ("ask('versioning')", "(y/N)"),
            ("ask('region')", "Region"),
            ("prompts.choose('What now?', [('a', 'Retry')])", "Retry"),
            ("prompts.press_enter('Press Enter')", "Press Enter"),
        ],
    )
    def test_every_kind_of_question_can_be_left(self, expression: str, question: str, key: str) -> None:
        with questions(expression) as terminal:
            terminal.see(question)
            terminal.type(key)
            assert answer(terminal) == "interrupted"
            assert not terminal.screen.cursor.hidden

    def test_ctrl_c_leaves_a_question_with_text_in_it(self) -> None:
        with questions("ask('memory_mb')") as terminal:
            terminal.see("128")
            terminal.type(CTRL_C)
            assert answer(terminal) == "interrupted"


class TestSurroundings:
    def test_standard_output_stays_free_for_results(self) -> None:
        """`setup --json > result.json` may ask questions."""
        with questions("[ask('memory_mb'), ask('runtime'), ask('versioning')]") as terminal:
            for question in ("Memory", "Runtime", "Keep old versions"):
                terminal.see(question)
                terminal.type(ENTER)
            assert answer(terminal) == ["128", "python3.13", "no"]

    def test_a_terminal_without_unicode_gets_a_pointer_that_it_can_show(self) -> None:
        with questions("ask('runtime')", PYTHONIOENCODING="ascii", PYTHONUTF8="0") as terminal:
            terminal.see("> python3.13")
            terminal.type(ENTER)
            assert answer(terminal) == "python3.13"

    def test_no_color_is_respected(self) -> None:
        with questions("[ask('memory_mb'), ask('runtime')]", NO_COLOR="1") as terminal:
            terminal.see("Memory")
            terminal.type(ENTER)
            terminal.see("python3.14")
            terminal.type(ENTER)
            answer(terminal)
            colours = {cell.fg for row in terminal.screen.buffer.values() for cell in row.values()}
            assert colours == {"default"}

    def test_control_characters_in_a_question_are_shown_and_not_obeyed(self) -> None:
        with questions(r"prompts.confirm('Delete \x1b[2J[bold]x[/bold]?', True)") as terminal:
            terminal.see(r"Delete \x1b[2J[bold]x[/bold]?")
            terminal.type("n" + ENTER)
            assert answer(terminal) is False

    def test_questionary_is_loaded_only_when_something_is_asked(self) -> None:
        """It takes a tenth of a second, which `status` and `--yes` need not wait for."""
        loaded = "import sys, wizard.ui.prompts; print({'questionary', 'prompt_toolkit'} & set(sys.modules))"
        result = subprocess.run(
            [sys.executable, "-c", loaded], cwd=PROJECT, capture_output=True, text=True, check=True
        )
        assert result.stdout.strip() == "set()"


class TestIsInteractive:
    program = "from wizard.ui.output import is_interactive; print(is_interactive())"

    @pytest.mark.parametrize(
        ("environment", "expected"),
        [
            ({}, True),
            ({"CI": "true"}, False),
            ({"CI": "false"}, True),
            ({"CI": ""}, True),
            ({"TERM": "dumb"}, False),
        ],
    )
    def test_a_terminal_that_somebody_looks_at(self, environment: dict[str, str], expected: bool) -> None:
        with Terminal(self.program, columns=80, rows=24, **environment) as terminal:
            assert terminal.finish() == (0, f"{expected}\n")

    def test_a_pipe_answers_no_questions(self) -> None:
        with Terminal(
            "import sys, io\nsys.stdin = io.StringIO()\n" + self.program, columns=80, rows=24
        ) as terminal:
            assert terminal.finish() == (0, "False\n")

    @pytest.mark.parametrize("stream", ["stdin", "stderr"])
    def test_a_missing_stream_is_no_terminal(self, stream: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, stream, None)
        assert not is_interactive()
