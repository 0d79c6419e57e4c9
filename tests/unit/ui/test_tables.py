"""The tables before and after a run: review, plan, status, rollback."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

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
from wizard.engine.plan import PhasePlan, Plan
from wizard.phase_titles import PHASE_TITLES
from wizard.phases import PHASES
from wizard.settings.table import SETTINGS
from wizard.state.model import Record
from wizard.ui.plan_table import plan_table
from wizard.ui.review_table import review
from wizard.ui.rollback_table import rollback_table
from wizard.ui.status_table import offline_table, status_table

WITHOUT_TLS = replace(step("policy"), note="no policy: this endpoint speaks plain HTTP")
WITH_A_NOTE = Plan((PhasePlan("bucket", "S3 bucket", "done", (WITHOUT_TLS,)),))


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
        PhasePlan("test", "Function test", "incomplete", (), ("invoke with TestEventAPI",)),
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
            "  ~ adopt encryption",
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
            "1 to create, 1 to change, 1 to adopt, 2 as they should be, 1",
            "in the way, 1 unknown, and 1 check to run",
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

    def test_a_deployment_in_order_lists_no_differences(self) -> None:
        assert "Function settings:" not in shown(status_table(IN_ORDER, None))

    def test_what_the_operator_cannot_have_is_said_though_all_is_in_order(self) -> None:
        text = shown(status_table(WITH_A_NOTE, None))
        assert "1 of 1 phases are as they should be.\nNo policy: this endpoint speaks plain HTTP." in text

    def test_without_an_endpoint_there_is_no_line_for_it(self) -> None:
        assert "Endpoint" not in shown(status_table(PLAN, None))

    def test_forty_columns_leave_out_the_times_before_they_fold_titles(self) -> None:
        assert "1 S3 bucket         ≠ drift\n" in shown(status_table(PLAN, None), 40)


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
    assert [(phase.key, phase.title) for phase in PHASES] == list(PHASE_TITLES.items())


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

    def test_a_part_whose_parent_was_taken_by_an_earlier_run_is_listed_for_itself(self) -> None:
        plan = removal(step("bucket.versioning", "delete", "was made by this deployment"))
        assert "- delete bucket.versioning" in shown(rollback_table(plan))

    def test_what_another_version_made_is_named_so_that_nobody_believes_it_gone(self) -> None:
        plan = replace(removal(), unknown_keys=("stream.firehose",))
        text = shown(rollback_table(plan), 120)
        assert "= keep stream.firehose" in text
        assert "the version that made it can remove it" in text

    def test_afterwards_it_says_what_was_done(self) -> None:
        plan = removal(step("function", "delete", "ours"), step("role", "forget", "is no longer there"))
        text = shown(rollback_table(plan, finished=True))
        assert "- deleted      function" in text
        assert "· already gone role" in text
        assert text.endswith("1 deleted and 1 already gone")

    def test_with_nothing_left_it_says_so(self) -> None:
        assert shown(rollback_table(removal())).strip() == "Nothing is left to remove."
