"""The live table as a picture, on consoles of fixed width."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tests.unit.ui.screens import (
    BUCKET_DONE,
    FAILURE,
    ROLE_BEGUN,
    FakeClock,
    lines,
    plain_lines,
    walked,
)
from wizard.engine.progress import (
    ChangeDone,
    Kept,
    Noticed,
    PhaseDone,
    PhaseFailed,
    PhaseStarted,
    Waiting,
)
from wizard.phase_titles import PHASE_TITLES
from wizard.ui.frame import frame


class TestTable:
    def test_every_state_has_a_sign_and_a_word_so_that_colour_is_not_needed(self) -> None:
        picture = lines(walked(*BUCKET_DONE, *ROLE_BEGUN))
        assert picture[1].split() == ["1", "S3", "bucket", "✓", "done", "1.2", "s", "3", "changes"]
        assert picture[2].split()[3:] == ["⠋", "working", "0", "s", "creating", "execution", "role", "r"]
        assert picture[3].split()[-2:] == ["·", "queued"]

    def test_nine_phases_stand_under_a_header(self) -> None:
        picture = lines(walked())
        assert [line[1] for line in picture] == ["#", *"123456789"]
        assert all(title in line for title, line in zip(PHASE_TITLES.values(), picture[1:], strict=True))

    def test_a_phase_without_changes_is_unchanged(self) -> None:
        picture = lines(walked(PhaseStarted("iam"), PhaseDone("iam", 0, 0.04)))
        assert picture[3].endswith("✓ done          0.0 s unchanged")

    def test_a_phase_whose_check_ran_is_verified_because_unchanged_sounds_like_nothing_was_done(self) -> None:
        check = ChangeDone("test", "check", "check", "invoke", 0.1)
        assert lines(walked(PhaseStarted("test"), check, PhaseDone("test", 0, 0.1)))[6].endswith("verified")
        assert plain_lines(PhaseStarted("test"), check, PhaseDone("test", 0, 0.1)) == [
            "[6/9] Function test: done (verified, 0.1 s)"
        ]

    def test_a_wait_tells_its_reason_and_its_time_moves_on_by_itself(self) -> None:
        """Minutes pass between two events; a still picture looks like a dead program."""
        clock = FakeClock()
        walk = walked(*ROLE_BEGUN, Waiting("lambda", "IAM is slow", 4, 60), clock=clock)
        assert "IAM is slow (4 s, at most 60 s)" in lines(walk)[2]
        clock.now += 7
        assert "IAM is slow (11 s, at most 60 s)" in lines(walk)[2]
        assert " 7 s " in lines(walk)[2]

    def test_the_spinner_turns(self) -> None:
        clock = FakeClock()
        walk = walked(*ROLE_BEGUN, clock=clock)
        before = lines(walk)[2]
        clock.now += 0.125
        assert lines(walk)[2] != before

    def test_after_a_failure_the_last_picture_tells_what_happened_and_what_was_not_begun(self) -> None:
        walk = walked(*BUCKET_DONE, *ROLE_BEGUN, PhaseFailed("lambda", FAILURE, 3.0))
        walk.stop()
        picture = lines(walk, height=None)
        assert picture[2].endswith("✗ failed        3.0 s Could not create the role [x].")
        assert all(line.endswith("· not started") for line in picture[3:])

    def test_an_interrupted_phase_is_stopped_and_does_not_spin_for_ever(self) -> None:
        clock = FakeClock()
        walk = walked(*ROLE_BEGUN, clock=clock)
        clock.now += 2.5
        walk.stop()
        clock.now += 100
        assert lines(walk, height=None)[2].endswith("■ stopped       2.5 s while creating execution role r")

    def test_a_phase_that_begins_again_after_a_retry_has_forgotten_its_failure(self) -> None:
        walk = walked(*ROLE_BEGUN, PhaseFailed("lambda", FAILURE, 3.0), PhaseStarted("lambda"))
        assert lines(walk)[2].endswith("⠋ working         0 s looking at what is there")

    def test_a_rollback_goes_from_nine_to_one_and_says_what_went_and_what_was_kept(self) -> None:
        walk = walked(
            PhaseStarted("deploy"),
            PhaseDone("deploy", 2, 1),
            PhaseStarted("settings"),
            PhaseDone("settings", 0, 1),
            PhaseStarted("lambda"),
            ChangeDone("lambda", "role", "restore", "role", 1),
            PhaseDone("lambda", 3, 1),
            PhaseStarted("bucket"),
            Kept("bucket", "bucket", "S3 bucket x"),
            PhaseDone("bucket", 0, 1),
            reverse=True,
        )
        picture = lines(walk)
        assert [line[1] for line in picture[1:10]] == list("987654321")
        assert picture[1].endswith("2 removed")
        assert picture[5].split() == ["5", "Function", "settings", "✓", "done", "1.0", "s"], (
            "what went with the function is not its own"
        )
        assert picture[8].endswith("2 removed, 1 restored")
        assert picture[9].endswith("1 kept")
        assert not any("stays" in line for line in picture), "the plan says it before, the report afterwards"


class TestTableInSmallWindows:
    walk = walked(*BUCKET_DONE, *ROLE_BEGUN, Noticed("bucket", "a notice " * 20))

    def test_forty_columns_keep_title_changes_and_time_and_tell_the_activity_below(self) -> None:
        picture = lines(self.walk, 40, 24)
        assert picture[1] == " 1 S3 bucket      ✓ 3 changes     1.2 s"
        assert picture[4] == " 4 Environment v… · queued"
        assert picture[10] == "→ creating execution role r"

    def test_a_long_reason_is_cut_before_the_seconds_of_the_wait(self) -> None:
        walk = walked(*ROLE_BEGUN, Waiting("lambda", "IAM does not know the new role yet", 4, 60))
        assert lines(walk, 40)[10] == "→ IAM does not know… (4 s, at most 60 s)"
        assert lines(walk, 80)[10] == "→ IAM does not know the new role yet (4 s, at most 60 s)"

    def test_eighty_columns_tell_the_outcome_with_the_state(self) -> None:
        assert lines(self.walk, 80)[1] == f" 1 S3 bucket              ✓ done, 3 changes{'1.2 s':>36}"

    def test_ten_rows_have_room_for_nine_phases_and_the_activity(self) -> None:
        picture = lines(self.walk, 40, 10)
        assert len(picture) == 10
        assert picture[0].startswith(" 1 S3 bucket")
        assert picture[9] == "→ creating execution role r"

    def test_fewer_rows_than_phases_show_the_current_phase_and_a_count(self) -> None:
        assert lines(self.walk, 60, 4) == [
            "2 Lambda function  ⠋ working  0 s",
            "1 of 9 phases done",
            "creating execution role r",
        ]

    def test_before_the_first_phase_a_small_window_shows_the_count(self) -> None:
        assert lines(walked(), 60, 4) == ["0 of 9 phases done"]

    @pytest.mark.parametrize("width", [1, 2, 5, 10, 20, 35, 36, 40, 60, 71, 72, 80, 200])
    @pytest.mark.parametrize("height", [1, 2, 3, 8, 9, 10, 11, 12, 24])
    def test_no_picture_is_larger_than_its_window(self, width: int, height: int) -> None:
        """One row too many and the terminal scrolls: the next picture would leave the last one behind."""
        file = io.StringIO()
        console = Console(file=file, width=width, height=height, color_system=None)
        drawn = console.render_lines(frame(self.walk, width, height), pad=False)
        assert len(drawn) <= height
        assert all(sum(segment.cell_length for segment in line) <= width for line in drawn)

    def test_the_last_picture_of_a_narrow_window_tells_the_failure_in_full_below(self) -> None:
        walk = walked(*ROLE_BEGUN, PhaseFailed("lambda", FAILURE, 3.0))
        walk.stop()
        picture = lines(walk, 40, None)
        assert picture[-2:] == ["✗ Lambda function: Could not create the", "role [x]."]
