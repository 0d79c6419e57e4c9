"""The tables before and after a run: review, plan, status, rollback."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console, Group

from tests import PROJECT
from tests.unit.ui.screens import (
    IDENTITY,
    IN_ORDER,
    RESOLVED,
    removal,
    saved_state,
    shown,
    step,
)
from wizard.endpoint.traffic import Traffic
from wizard.engine.decide import Seen
from wizard.engine.plan import PhasePlan, Plan
from wizard.errors import WizardError
from wizard.phase_titles import TITLES
from wizard.phases import PHASES, RESOURCES
from wizard.settings.resolve import Said, defaults, resolve
from wizard.settings.table import SETTINGS
from wizard.state.model import Record, TokenDigest
from wizard.tokens.use import Use, Uses
from wizard.ui.brief import brief
from wizard.ui.plan_table import plan_table
from wizard.ui.review_table import review
from wizard.ui.rollback_table import rollback_table
from wizard.ui.status_table import WHOLES, head_of, offline_table, status_table
from wizard.ui.styles import ATTENTION, BAD, bold
from wizard.ui.token_table import token_table
from wizard.ui.traffic_lines import traffic_lines

WITHOUT_TLS = replace(step("policy"), note="no policy: this endpoint speaks plain HTTP")
WITH_A_NOTE = Plan((PhasePlan("bucket", "S3 bucket", "done", (WITHOUT_TLS,)),))


def test_before_a_change_what_goes_back_to_its_default_is_named_because_it_is_a_change() -> None:
    saved = {**defaults(IDENTITY).as_json(), "memory_mb": 512, "throttle_rate": 20}
    said = resolve(IDENTITY, Said(flags={"memory_mb": "128"}), saved=saved)
    screen = shown(brief(said, IDENTITY, Path("state.json"), IN_ORDER, saved))

    assert "Settings    Memory (MB): 128 (flag)\n" in screen
    assert "20 (" not in screen, "what stands was agreed to before"


class TestReview:
    def test_every_value_stands_under_its_phase_with_its_source(self) -> None:
        text = shown(review(RESOLVED, IDENTITY, {"State file": "./state.json"}), 100)
        rows = [line.split() for line in text.splitlines()]
        assert rows[:4] == [
            ["Deployment", "tracker"],
            ["Account", "123456789012"],
            ["Region", "eu-central-1"],
            ["State", "file", "./state.json"],
        ]
        assert ["Memory", "(MB)", "256", "flag"] in rows
        assert ["Stage", "name", "dev", "environment"] in rows
        assert ["Runtime", "python3.14", "saved", "state"] in rows
        assert ["Stage", "description", "[red]a[/red]", "saved", "state"] in rows
        assert ["Timeout", "(seconds)", "10", "default"] in rows
        assert rows.index(["5", "Function", "settings"]) < rows.index(["Memory", "(MB)", "256", "flag"])

    def test_a_limit_stands_beside_what_it_can_cost(self) -> None:
        rows = shown(review(RESOLVED, IDENTITY), 40)
        assert "50 (used all month by an attacker: about 1,197 USD)" in " ".join(rows.split())

    def test_bytes_stand_beside_the_unit_that_people_think_in(self) -> None:
        assert "4500000 (= 4.5 MB)" in shown(review(RESOLVED, IDENTITY), 120)

    def test_no_setting_is_missing(self) -> None:
        text = shown(review(RESOLVED, IDENTITY), 40)
        assert all(setting.question.split()[0] in text for setting in SETTINGS)
        assert text.count(" (default)") + text.count("(default)\n") >= len(SETTINGS) - 4

    @pytest.mark.parametrize("width", [20, 40, 49, 50, 60, 80, 140])
    def test_no_value_is_cut_at_any_width(self, width: int) -> None:
        text = shown(review(RESOLVED, IDENTITY), width)
        assert "…" not in text
        # One word of a value may be folded in its column: its pieces stand below each other.
        if width not in (50, 60):
            together = "".join(text.split())
            assert RESOLVED.settings.bucket_name in together
            assert RESOLVED.settings.role_name in together

    def test_sixty_columns_hold_every_line(self) -> None:
        assert all(len(line) <= 60 for line in shown(review(RESOLVED, IDENTITY), 60).splitlines())
        assert "X-Amz-Security-Token," in shown(review(RESOLVED, IDENTITY), 60)


CHECK = "invoke with TestEventAPI"
PLAN = Plan(
    (
        PhasePlan(
            "bucket",
            "S3 bucket",
            "drift",
            (
                step("bucket"),
                step("versioning", "update", "versioning is off, should be on"),
                step("encryption", "adopt", "algorithm [x] is y"),
            ),
            finished_at="2026-01-02T03:04:05+00:00",
            seconds=1.24,
        ),
        PhasePlan(
            "lambda",
            "Lambda function",
            "unknown",
            (
                step("role", "create", "role is missing"),
                step("logs", "conflict", "There is already a log group."),
                step("function", "unknown", "You may not see it."),
            ),
        ),
        PhasePlan("test", "Function test", "incomplete", (), (CHECK,), checks_to_run=(CHECK,)),
        PhasePlan("settings", "Function settings", "done", (step("memory"),)),
    )
)


class TestPlanTable:
    def test_says_per_phase_what_would_happen_to_each_resource_and_why(self) -> None:
        assert shown(plan_table(PLAN), 60).splitlines() == [
            "1 S3 bucket",
            "  = leave bucket",
            "  ~ change versioning",
            "      versioning is off, should be on",
            "  = adopt unchanged encryption",
            "      algorithm [x] is y",
            "2 Lambda function",
            "  + create role",
            "  ! in the way: logs",
            "      There is already a log group.",
            "  ? unknown: function",
            "      You may not see it.",
            "6 Function test",
            "  → check: invoke with TestEventAPI",
            "5 Function settings",
            "  = leave memory",
            "",
            "1 to create, 1 to change, 1 to adopt unchanged, 2 as they",
            "should be, 1 in the way, 1 unknown, and 1 check to run",
        ]

    def test_a_deployment_in_order_has_nothing_but_resources_as_they_should_be(self) -> None:
        assert shown(plan_table(IN_ORDER)).splitlines()[-1] == "1 as they should be"

    def test_what_the_operator_cannot_have_is_said(self) -> None:
        assert "· no policy: this endpoint speaks plain HTTP" in shown(plan_table(WITH_A_NOTE))

    def test_an_empty_plan_says_so(self) -> None:
        assert shown(plan_table(Plan(()))).strip() == "nothing to do"


class TestStatusTable:
    url = "https://abc.execute-api.eu-central-1.amazonaws.com/prod/events"

    def test_shows_state_and_time_of_every_phase_the_drift_in_words_and_the_endpoint(self) -> None:
        text = shown(status_table(PLAN, self.url))
        assert "1 S3 bucket         ≠ drift      2026-01-02 03:04 UTC, took 1.2 s" in text
        assert "5 Function settings ✓ done" in text
        assert "S3 bucket:\n  versioning is off, should be on\n  algorithm [x] is y" in text
        assert "1 of 4 phases are as they should be." in text
        assert text.endswith(f"Endpoint:\n{self.url}")

    def test_says_which_deployment_it_is_and_what_stands_by_its_name(self) -> None:
        absent = replace(step("function"), title="Lambda function f", seen=Seen())
        phase = PhasePlan("bucket", "S3 bucket", "done", (step("bucket"), absent))
        text = shown(status_table(Plan((phase,)), self.url, head=head_of(saved_state())))
        assert text.startswith("tracker: setting up, in account 111111111111, region eu-central-1\n\n# ")
        assert f"as they should be.\nbucket\n\nEndpoint:\n{self.url}" in text

    def test_a_deployment_in_order_lists_no_differences(self) -> None:
        assert "Function settings:" not in shown(status_table(IN_ORDER, None))

    def test_what_the_operator_cannot_have_is_said_though_all_is_in_order(self) -> None:
        text = shown(status_table(WITH_A_NOTE, None))
        assert "1 of 1 phases are as they should be.\nNo policy: this endpoint speaks plain HTTP." in text

    def test_without_an_endpoint_there_is_no_line_for_it(self) -> None:
        assert "Endpoint" not in shown(status_table(PLAN, None))

    def test_forty_columns_leave_out_the_times_before_they_fold_titles(self) -> None:
        assert "1 S3 bucket         ≠ drift\n" in shown(status_table(PLAN, None), 40)


class TestTrafficLines:
    DAY = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))

    def lines(self, width: int = 80, **figures: Any) -> list[str]:
        return shown(Group(*traffic_lines(Traffic(*self.DAY, **figures), str.upper)), width).splitlines()

    def test_says_how_many_came_how_they_ended_and_how_long_they_took(self) -> None:
        errors = {"client_errors": 12, "server_errors": 0}
        assert self.lines(requests=1234, **errors, throttled=3, p50=4.123, p95=1712.4) == [
            "Last 24 hours:",
            "  1,234 requests: 12 refused (4XX), 0 failed (5XX)",
            "  function: p50 4.1 ms, p95 1,712 ms, 3 throttled",
        ]

    def test_says_how_long_streams_held_an_event(self) -> None:
        assert self.lines(requests=1, delivery=1312.4)[2:] == ["  streams: an event waited 1,312 s at most"]

    def test_what_is_not_known_is_no_zero(self) -> None:
        assert self.lines(requests=1) == ["Last 24 hours:", "  1 request: ? refused (4XX), ? failed (5XX)"]
        assert self.lines(p50=20.0)[1:] == [
            "  requests: CloudWatch has no figures",
            "  function: p50 20 ms",
        ]
        local = Group(*traffic_lines(Traffic(*self.DAY, p50=20.0), str, local=True))
        assert "requests: not counted by the local AWS" in shown(local)

    def test_no_traffic_is_said_in_a_sentence(self) -> None:
        assert self.lines() == ["No traffic in the last 24 hours."]

    def test_says_why_nothing_is_known_with_the_next_command_as_this_run_needs_it(self) -> None:
        problem = WizardError(what="Could not.", why="Because.", next_step="Do this.")
        assert self.lines(problem=problem) == [
            "Last 24 hours: not known.",
            "  Could not. Because. DO THIS.",
        ]

    def test_failures_stand_out_and_zeros_do_not(self) -> None:
        def styles(**figures: Any) -> set[str]:
            found = Group(*traffic_lines(Traffic(*self.DAY, requests=1, **figures), str))
            return {str(segment.style) for segment in Console(width=80).render(found)}

        assert bold(BAD) in styles(server_errors=1) and ATTENTION in styles(throttled=1)
        assert not {bold(BAD), ATTENTION} & styles(server_errors=0, throttled=0, client_errors=9)

    def test_stand_between_what_there_is_and_the_endpoint(self) -> None:
        traffic = traffic_lines(Traffic(*self.DAY), str)
        text = shown(status_table(IN_ORDER, "https://x/events", traffic=traffic))
        assert text.endswith("\n\nNo traffic in the last 24 hours.\n\nEndpoint:\nhttps://x/events")


class TestOfflineTable:
    def test_shows_what_the_file_remembers_and_says_that_nothing_was_checked(self) -> None:
        state = saved_state(bucket={"finished_at": "2026-01-02T03:04:05+00:00", "seconds": 1.24})
        text = shown(offline_table(state, "https://x/events"))
        assert "tracker: setting up, in account 111111111111, region eu-central-1" in text
        assert "1 S3 bucket             ✓ done        2026-01-02 03:04 UTC, took 1.2 s" in text
        assert "2 Lambda function       · not started" in text
        assert "AWS was not asked" in text
        assert text.endswith("Endpoint:\nhttps://x/events")

    def test_after_a_rollback_it_names_what_was_kept(self) -> None:
        state = saved_state()
        state.lifecycle = "rolled back"
        state.records = {
            "bucket": Record("present", "created", {"name": "b"}),
            "bucket.versioning": Record("present", "created"),
        }
        assert "\nStill there: S3 bucket b.\n" in shown(offline_table(state))

    def test_shows_what_a_killed_run_was_about_to_do(self) -> None:
        state = saved_state()
        state.records = {"role": Record("creating", "created"), "bucket": Record("present", "created")}
        text = shown(offline_table(state))
        assert "role was being created when the last run ended" in text
        assert "bucket was being" not in text

    @pytest.mark.parametrize(
        "ran", [{}, None, 7, {"finished_at": "[/x]", "seconds": "y"}, {"finished_at": 3}]
    )
    def test_an_edited_file_cannot_break_it(self, ran: object) -> None:
        assert "S3 bucket" in shown(offline_table(saved_state(bucket=ran)))

    def test_loads_no_boto3_so_that_it_is_there_at_once(self) -> None:
        screens = "wizard.ui.status_table, wizard.ui.error_panel, wizard.ui.output"
        loaded = f"import sys, {screens}; print({{'boto3', 'botocore', 'questionary'}} & set(sys.modules))"
        result = subprocess.run(
            [sys.executable, "-c", loaded], cwd=PROJECT, capture_output=True, text=True, check=True
        )
        assert result.stdout.strip() == "set()"


def test_titles_and_order_of_the_phases_are_those_of_the_engine() -> None:
    assert [(phase.key, phase.title) for phase in PHASES] == list(TITLES.items())


class TestRollbackTable:
    def test_parts_are_named_with_what_takes_them_along(self) -> None:
        plan = removal(
            step("function.environment", "delete", "goes with what it is part of", with_parent=True),
            step("function", "delete", "was made by this deployment"),
            step("role", "restore", "stood there before; its former settings come back"),
        )
        assert shown(rollback_table(plan)).splitlines() == [
            "- delete  function",
            "            with function.environment",
            "~ restore role",
            "            stood there before; its former settings come back",
            "",
            "1 to delete and 1 to restore",
        ]

    def test_parts_of_what_stays_stay_too_and_are_not_listed(self) -> None:
        plan = removal(
            step("bucket.versioning", "keep", "stays with what it is part of", with_parent=True),
            step("bucket", "keep", "holds 12 objects with events"),
        )
        assert shown(rollback_table(plan)).splitlines() == [
            "= keep bucket",
            "         holds 12 objects with events",
            "",
            "1 to keep",
        ]

    def test_a_part_of_which_there_is_none_is_not_named(self) -> None:
        unset = step("function.concurrency", "delete", "goes with what it is part of", with_parent=True)
        whole = step("function", "delete", "was made by this deployment")
        assert "with" not in shown(rollback_table(removal(replace(unset, is_unset=True), whole)))
        assert "with function.concurrency" in shown(rollback_table(removal(unset, whole)))

    def test_a_part_whose_parent_was_taken_by_an_earlier_run_is_listed_for_itself(self) -> None:
        plan = removal(step("bucket.versioning", "delete", "was made by this deployment"))
        assert "- delete bucket.versioning" in shown(rollback_table(plan))

    def test_what_another_version_made_is_named_so_that_nobody_believes_it_gone(self) -> None:
        plan = replace(removal(), unknown_keys=("stream.firehose",))
        text = shown(rollback_table(plan), 120)
        assert "= keep stream.firehose" in text
        assert "the version that made it can remove it" in text

    def test_with_nothing_left_it_says_so(self) -> None:
        assert shown(rollback_table(removal())).strip() == "Nothing is left to remove."


class TestTokenTable:
    NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
    TOKENS = (
        TokenDigest("default", "a1", "2026-01-01T10:11:12+00:00"),
        TokenDigest("web", "b2", "2026-01-01T12:11:12+02:00"),
    )

    def lines(self, uses: Uses | None, width: int = 80, note: str = "") -> list[str]:
        return shown(token_table(self.TOKENS, ["a1"], uses, note), width).splitlines()

    def test_says_when_each_was_used_and_which_is_the_wizards_own(self) -> None:
        uses = Uses({"default": Use(1234, self.NOON)}, self.NOON - timedelta(days=1), is_all=True)
        assert self.lines(uses) == [
            "Label    Made (UTC)        Events, 24 h  Last use (UTC)",
            "default  2026-01-01 10:11         1,234  2026-01-02 12:00",
            "web      2026-01-01 10:11             0  not in the last 24 hours",
            "",
            "default is this wizard's own.",
        ]

    def test_of_a_part_of_the_day_it_promises_no_more_than_it_knows(self) -> None:
        uses = Uses({"web": Use(5, self.NOON)}, self.NOON - timedelta(hours=1), is_all=False)
        text = self.lines(uses, 120, "Not all.")
        assert "?  not since 11:00 UTC" in text[1]
        assert "5+  2026-01-02 12:00" in text[2]
        assert text[-1] == "Not all."

    def test_a_narrow_window_leaves_out_when_they_were_made_before_it_folds(self) -> None:
        lines = self.lines(Uses({}, self.NOON, is_all=True), 60)
        assert lines[0] == "Label    Events, 24 h  Last use (UTC)"
        assert lines[2] == "web                 0  not in the last 24 hours"

    def test_without_an_answer_of_aws_there_are_no_columns_for_it(self) -> None:
        assert self.lines(None)[0] == "Label    Made (UTC)"

    def test_labels_that_no_token_has_any_more_are_named(self) -> None:
        uses = Uses({"gone": Use(2, self.NOON), "": Use(1, self.NOON)}, self.NOON, is_all=True)
        last = self.lines(uses)[-2:]
        assert " ".join(last) == (
            "Events in the last 24 hours of labels that no token has now: (unknown) 1 and gone 2."
        )

    def test_an_edited_file_cannot_break_it(self) -> None:
        assert "[/x]" in shown(token_table([TokenDigest("[/x]", "", "yesterday")], [], None))


def test_what_stands_for_itself_is_what_has_no_parent_or_a_rollback_would_hide_what_it_keeps() -> None:
    assert list(WHOLES) == [key for key, resource in RESOURCES.items() if resource.parent is None]
