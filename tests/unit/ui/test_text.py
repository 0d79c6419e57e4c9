"""Any content in any output: errors, pipes, odd texts."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from tests.unit.ui.screens import (
    FAILURE,
    IDENTITY,
    IN_ORDER,
    RESOLVED,
    removal,
    saved_state,
    shown,
    step,
    walked,
)
from wizard.endpoint.traffic import Traffic
from wizard.engine.plan import PhasePlan, Plan
from wizard.engine.progress import (
    ChangeStarted,
    Noticed,
    PhaseFailed,
    PhaseStarted,
    Waiting,
)
from wizard.errors import ConflictError, WizardError
from wizard.identity import DeploymentId
from wizard.state.model import Record, TokenDigest
from wizard.tokens.use import Use, Uses
from wizard.ui.brief import brief
from wizard.ui.error_panel import error_panel, print_error
from wizard.ui.frame import frame
from wizard.ui.plan_table import plan_table
from wizard.ui.review_table import review
from wizard.ui.rollback_table import rollback_table
from wizard.ui.status_table import offline_table, status_table
from wizard.ui.text import Printable
from wizard.ui.token_table import token_table
from wizard.ui.traffic_lines import traffic_lines

DAY = datetime(2026, 1, 1, tzinfo=UTC)


class TestErrorPanel:
    error = ConflictError(
        what="There is already a role [x].",
        why="It is\nnot ours \x1b[31m.",
        next_step="Use `--adopt` " + "or wait " * 20,
        link="https://docs.aws.amazon.com/[x]",
    )

    def test_off_a_terminal_it_is_plain_lines_that_are_neither_folded_nor_cut(
        self, output: io.StringIO
    ) -> None:
        print_error(Console(file=output, width=40), self.error)
        assert output.getvalue().splitlines() == [
            "error: There is already a role [x].",
            r"why: It is not ours \x1b[31m.",
            f"next: Use `--adopt` {'or wait ' * 20}".rstrip(),
            "more: https://docs.aws.amazon.com/[x]",
        ]

    def test_on_a_terminal_rules_stand_above_and_below_but_not_at_the_sides(self) -> None:
        """Commands are copied from here."""
        text = shown(error_panel(self.error), 60, terminal=True).splitlines()
        assert set(text[0].strip()) == set(text[-1].strip()) == {"─"}
        assert text[1].strip() == "error: There is already a role [x]."

    def test_without_a_link_there_is_no_line_for_it(self) -> None:
        assert "more:" not in shown(error_panel(FAILURE))

    def test_printed_like_anything_else_it_is_folded_and_loses_nothing(self) -> None:
        assert "".join(shown(error_panel(self.error), 30).split()).count("orwait") == 20


def everything(odd: str) -> Iterator[RenderableType]:
    """Every screen with the same odd text wherever a text can be."""
    error = WizardError(what=odd, why=odd, next_step=odd, link=odd)
    resource = step(odd, "update", odd)
    phase = PhasePlan("bucket", odd, "drift", (resource,), (odd,), odd, 1.0, (odd,))
    walk = walked(
        PhaseStarted(odd),
        ChangeStarted("bucket", odd, "create", odd, (odd,)),
        Waiting("bucket", odd, 1, 2),
        Noticed("bucket", odd),
        PhaseFailed("bucket", error, 1),
    )
    yield from (Printable(frame(walk, 40, 24)), Printable(frame(walk, 100, 24)), error_panel(error))
    yield plan_table(Plan((phase,)))
    traffic = traffic_lines(Traffic(DAY, DAY, problem=error), str)
    yield status_table(Plan((phase,)), odd, traffic=traffic)
    yield rollback_table(replace(removal(step(odd, "keep", odd)), unknown_keys=(odd,)))
    yield review(RESOLVED, DeploymentId(odd, odd, odd, odd, odd), {odd: odd})
    for kind in ("create", "update"):
        planned = PhasePlan(odd, odd, "drift", (step(odd, kind, odd),), checks_to_run=(odd,))
        yield brief(RESOLVED, replace(IDENTITY, endpoint_url=odd), Path(odd), Plan((planned,)), {})
    state = saved_state(bucket={"finished_at": odd})
    state.records = {odd: Record("creating", "created")}
    yield offline_table(state, odd)
    uses = Uses({odd: Use(1, DAY), f"{odd} 2": Use(1, DAY)}, DAY, is_all=False)
    yield token_table([TokenDigest(odd, odd, odd)], [odd], uses, odd)


class TestOffATerminal:
    """Pipes and logs: consoles that wrap nothing, whatever width they believe to have."""

    long = "a sentence of many words " * 20 + "with an end"

    @pytest.mark.parametrize("width", [30, 80])
    def test_no_sentence_is_cut_or_folded_and_no_line_ends_in_blanks(self, width: int) -> None:
        for content in everything(self.long):
            output = io.StringIO()
            Console(file=output, width=width, soft_wrap=True).print(content)
            assert not any(line.endswith(" ") for line in output.getvalue().splitlines())
        for content in (
            status_table(Plan((PhasePlan("test", "t", "drift", (), (self.long,)),)), None),
            plan_table(Plan((PhasePlan("test", "t", "drift", (), checks_to_run=(self.long,)),))),
            rollback_table(removal(step("bucket", "keep", self.long))),
        ):
            output = io.StringIO()
            Console(file=output, width=width, soft_wrap=True).print(content)
            assert self.long in output.getvalue()

    def test_a_narrow_terminal_gets_whole_sentences_too(self) -> None:
        output = io.StringIO()
        plan = Plan((PhasePlan("test", "t", "drift", (), (self.long,)),))
        Console(file=output, width=30, soft_wrap=True, force_terminal=True, color_system=None).print(
            status_table(plan, None)
        )
        assert self.long in output.getvalue()


class TestOddContent:
    # Other work on the machine is no failure of the screens.
    @settings(deadline=None)
    @given(st.text(st.characters(exclude_categories=()), max_size=40))
    def test_no_text_breaks_a_screen_or_reaches_the_terminal_as_a_control_character(self, odd: str) -> None:
        for content in everything(odd):
            text = shown(content, 60)
            assert all(character.isprintable() for character in text.replace("\n", ""))

    @pytest.mark.parametrize(
        "odd", ["[/bold]", "[link=x]", "\x1b]0;title\x07", "a\r\nb", "\ud800", "\u202eevil"]
    )
    def test_known_attacks_are_shown_as_text(self, odd: str) -> None:
        for content in everything(odd):
            assert "\x1b" not in shown(content, 60)

    @pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
    def test_a_terminal_without_unicode_gets_the_nearest_signs(self, encoding: str) -> None:
        """`LC_ALL=C eventtrack-wizard status > file` must not end in a UnicodeEncodeError."""
        for content in everything("é → 漢 ✓"):
            shown(content, 60, encoding=encoding)
        assert "v done" in shown(status_table(IN_ORDER, None), encoding=encoding)
