"""Where each value comes from, and what is said about values that cannot be used."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.aws.in_process.workspace import make_identity, make_settings
from wizard.errors import StateError, UsageError
from wizard.phases import PHASES
from wizard.settings.resolve import Said, from_saved, merge, no_longer_usable, objections, resolve, usable
from wizard.settings.table import SETTINGS, Setting, as_text
from wizard.state.model import State, load

IDENTITY = make_identity(region="us-east-1")
every_setting = pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)


def test_flags_win_over_environment_over_saved_state_over_default() -> None:
    flags = {"memory_mb": "1000"}
    environment = {"EVENTTRACK_MEMORY_MB": "2000", "EVENTTRACK_TIMEOUT_SECONDS": "20"}
    saved = {"memory_mb": 3000, "timeout_seconds": 30, "log_retention_days": 7}
    resolved = resolve(IDENTITY, Said(flags=flags, environment=environment), saved=saved)
    settings, sources = resolved.settings, resolved.sources
    assert (settings.memory_mb, sources["memory_mb"]) == (1000, "flag")
    assert (settings.timeout_seconds, sources["timeout_seconds"]) == (20, "environment")
    assert (settings.log_retention_days, sources["log_retention_days"]) == (7, "saved state")
    assert (settings.runtime, sources["runtime"]) == ("python3.13", "default")


def test_given_tags_join_the_saved_ones_and_one_without_a_value_is_taken_off_and_stays_off() -> None:
    saved = {"tags": {"cost-centre": "1", "team": "web", "gone": None}}
    flags = {"tags": "cost-centre=2,team=,new=x"}
    resolved = resolve(IDENTITY, Said(flags=flags, environment={"EVENTTRACK_TAGS": "a=b"}), saved=saved)
    after = {"cost-centre": "2", "team": None, "gone": None, "new": "x"}
    assert (resolved.settings.tags, resolved.sources["tags"]) == (after, "flag")
    assert list(resolved.settings.tags) == list(after)
    assert resolve(IDENTITY, saved={"tags": after}).settings.tags == after
    from_environment = resolve(IDENTITY, Said(environment={"EVENTTRACK_TAGS": "a=b"}), saved=saved)
    assert from_environment.settings.tags == {**saved["tags"], "a": "b"}


def test_the_sum_of_saved_and_given_tags_obeys_the_rules_too() -> None:
    saved = {"tags": {f"k{number}": "v" for number in range(40)}}
    with pytest.raises(UsageError, match="at most 40 tags"):
        resolve(IDENTITY, Said(flags={"tags": "one-more=v"}), saved=saved)


def test_the_defaults_are_the_documented_ones() -> None:
    settings = make_settings()
    assert settings.function_name == "saas-event-tracking-processor"
    assert settings.policy_name == "LambdaS3EventTracking"
    assert settings.api_name == "saas-event-tracking-api"
    assert (settings.memory_mb, settings.timeout_seconds, settings.reserved_concurrency) == (128, 10, None)
    assert (settings.stage_name, settings.stage_description) == ("prod", "Production environment.")
    assert (settings.resource_path, settings.endpoint_type) == ("events", "REGIONAL")
    assert settings.test_event_name == "TestEventAPI"
    assert settings.max_request_bytes == 4_500_000
    assert settings.block_public_access
    assert not settings.versioning
    assert settings.encryption == "SSE-S3"
    assert "x-auth-token" in settings.cors_headers


@every_setting
def test_every_default_is_a_value_that_the_row_itself_takes(setting: Setting) -> None:
    default = setting.default_at(IDENTITY)
    assert setting.parse(as_text(default)) == default


@every_setting
def test_every_choice_is_a_value_that_the_row_takes(setting: Setting) -> None:
    for choice in setting.choices:
        assert setting.parse(choice) == choice


# Of Lambda and API Gateway, but for requests: Lambda takes 6 MB of the whole event, in which the body is a
# JSON text with its quotes escaped.
BOUNDS = {
    "memory_mb": (128, 10_240),
    "timeout_seconds": (1, 900),
    "max_request_bytes": (1024, 5_000_000),
    "throttle_rate": (1, 10_000),
    "throttle_burst": (1, 5_000),
}


@pytest.mark.parametrize("key", BOUNDS)
def test_a_number_that_aws_would_refuse_in_the_midst_of_a_setup_is_refused_before_it(key: str) -> None:
    setting = next(setting for setting in SETTINGS if setting.key == key)
    smallest, largest = BOUNDS[key]
    assert (setting.parse(str(smallest)), setting.parse(str(largest))) == (smallest, largest)
    for beyond in (smallest - 1, largest + 1):
        with pytest.raises(ValueError, match=r"\d"):
            setting.parse(str(beyond))


@every_setting
def test_every_row_belongs_to_a_phase(setting: Setting) -> None:
    assert setting.phase in {phase.key for phase in PHASES}


def test_a_name_derives_all_names_so_that_deployments_live_side_by_side() -> None:
    one, two = make_settings(), make_settings("second")
    for key in ("bucket_name", "function_name", "role_name", "api_name"):
        assert getattr(one, key) != getattr(two, key)
        assert getattr(two, key).startswith("second-")


def test_the_longest_deployment_name_gives_names_that_aws_takes() -> None:
    make_settings("a" * 36)


def test_the_bucket_name_is_the_same_at_every_run_and_differs_by_account_and_region() -> None:
    bucket = next(setting for setting in SETTINGS if setting.key == "bucket_name")
    assert bucket.default_at(IDENTITY) == bucket.default_at(IDENTITY)
    others = {
        bucket.default_at(replace(IDENTITY, account="999999999999")),
        bucket.default_at(replace(IDENTITY, region="eu-west-1")),
    }
    assert len(others | {bucket.default_at(IDENTITY)}) == 3


def test_settings_survive_the_state_file() -> None:
    settings = make_settings(
        cors_origins=("https://a.example", "https://b.example"),
        reserved_concurrency=3,
        versioning=True,
        tags={"cost-centre": "4711", "team": None},
    )
    saved = json.loads(json.dumps(settings.as_json()))
    assert from_saved(saved, IDENTITY) == settings


def test_a_deployment_that_a_reserved_concurrency_of_0_closed_stays_closed_free_of_charge() -> None:
    saved = {**make_settings().as_json(), "reserved_concurrency": 0}
    del saved["closed"]
    for settings in (
        from_saved(saved, IDENTITY),
        resolve(IDENTITY, saved=saved).settings,
    ):
        assert (settings.reserved_concurrency, settings.closed) == (None, True)


def test_a_reserved_concurrency_of_0_is_refused_with_the_flag_that_closes() -> None:
    with pytest.raises(UsageError, match="--closed closes free of charge"):
        resolve(IDENTITY, Said(flags={"reserved_concurrency": "0"}))


@pytest.mark.parametrize(
    ("seconds", "saved", "doubtful"), [(29, {}, False), (30, {}, True), (30, {"timeout_seconds": 30}, False)]
)
def test_a_timeout_above_the_gateways_needs_insisting_unless_it_stands_already(
    seconds: int, saved: dict[str, object], doubtful: bool
) -> None:
    found = objections(make_settings(timeout_seconds=seconds), saved)
    assert [(item.key, item.can_insist) for item in found] == [("timeout_seconds", True)] * doubtful
    assert not found or ("waits 29 s" in found[0].error.why and "504" in found[0].error.why)


def test_a_row_that_is_younger_than_the_state_file_gets_its_default() -> None:
    saved = make_settings().as_json()
    del saved["max_events"]
    assert from_saved(saved, IDENTITY).max_events == 100_000


@pytest.mark.parametrize(
    ("flags", "environment", "where"),
    [
        ({"memory_mb": "lots"}, {}, "--memory-mb"),
        ({}, {"EVENTTRACK_MEMORY_MB": "lots"}, "EVENTTRACK_MEMORY_MB"),
        ({"cors_origins": "a.example"}, {}, "--cors-origins"),
        ({"bucket_name": "My.Bucket"}, {}, "--bucket-name"),
    ],
)
def test_a_bad_value_is_named_with_the_flag_or_variable_that_it_came_from(
    flags: dict[str, str], environment: dict[str, str], where: str
) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(IDENTITY, Said(flags=flags, environment=environment))
    assert where in caught.value.next_step
    assert caught.value.exit_code == 2
    assert "The rule:" in caught.value.why


@pytest.mark.parametrize("setting", [item for item in SETTINGS if item.fixed], ids=lambda item: item.key)
def test_what_names_a_thing_in_aws_cannot_be_renamed_later(setting: Setting) -> None:
    saved = make_settings().as_json()
    other = "EDGE" if setting.key == "endpoint_type" else "another"
    with pytest.raises(UsageError, match="AWS cannot rename it"):
        resolve(IDENTITY, Said(flags={setting.key: other}), saved=saved)
    same = as_text(saved[setting.key])
    assert resolve(IDENTITY, Said(flags={setting.key: same}), saved=saved).settings.as_json() == saved


def test_headers_without_the_token_header_are_refused_because_no_page_could_send() -> None:
    with pytest.raises(UsageError, match="x-auth-token"):
        resolve(IDENTITY, Said(flags={"cors_headers": "Content-Type"}))
    assert resolve(IDENTITY, Said(flags={"cors_headers": "X-AUTH-TOKEN"}))


def test_an_answer_comes_first_because_only_who_wants_another_value_is_asked_for_one() -> None:
    flags, environment = {"timeout_seconds": "5"}, {"EVENTTRACK_VERSIONING": "yes"}
    asked = {"timeout_seconds": "6", "versioning": "no", "memory_mb": "256", "runtime": "python3.13"}
    resolved = resolve(IDENTITY, Said(asked=asked, flags=flags, environment=environment))
    settings, sources = resolved.settings, resolved.sources
    assert (settings.timeout_seconds, settings.versioning, settings.memory_mb) == (6, False, 256)
    assert [sources[key] for key in ("timeout_seconds", "versioning", "memory_mb")] == ["asked"] * 3
    assert sources["runtime"] == "default", "who answers what it is anyway has changed nothing"


def test_an_answers_file_comes_after_the_environment_and_before_the_state() -> None:
    answers = {"memory_mb": "256", "timeout_seconds": "6", "log_retention_days": "7"}
    environment = {"EVENTTRACK_TIMEOUT_SECONDS": "20"}
    saved = {"memory_mb": 512, "log_retention_days": 14, "versioning": True}
    resolved = resolve(
        IDENTITY,
        Said(flags={"log_retention_days": "3"}, environment=environment, answers=answers),
        saved=saved,
    )
    settings, sources = resolved.settings, resolved.sources
    assert (settings.log_retention_days, sources["log_retention_days"]) == (3, "flag")
    assert (settings.timeout_seconds, sources["timeout_seconds"]) == (20, "environment")
    assert (settings.memory_mb, sources["memory_mb"]) == (256, "answers file")
    assert (settings.versioning, sources["versioning"]) == (True, "saved state")


def test_tags_of_a_flag_join_those_of_the_answers_file_which_join_the_saved_ones() -> None:
    resolved = resolve(
        IDENTITY,
        Said(flags={"tags": "c=flag"}, answers={"tags": "b=file,c=file"}),
        saved={"tags": {"a": "saved", "b": "saved"}},
    )
    assert resolved.settings.tags == {"a": "saved", "b": "file", "c": "flag"}


def test_a_bad_value_of_an_answers_file_is_named_with_its_key() -> None:
    with pytest.raises(UsageError, match="from answers file cannot be used") as caught:
        resolve(IDENTITY, Said(answers={"memory_mb": "64"}))
    assert caught.value.next_step == "Give another value for memory_mb in the answers file."


RETIRED = {"runtime": "python3.9", "log_retention_days": 30}
LARGEST_OF_0_1_0 = {"max_request_bytes": 6_291_456}


def test_a_retired_value_opens_its_deployment_because_that_must_stay_visible_and_removable() -> None:
    assert from_saved(RETIRED, IDENTITY).runtime == "python3.9"
    assert merge(IDENTITY, saved=RETIRED).settings.runtime == "python3.9"
    assert from_saved(LARGEST_OF_0_1_0, IDENTITY).max_request_bytes == 6_291_456


@pytest.mark.parametrize(
    ("saved", "advice"),
    [
        (RETIRED, "--runtime python3.13"),
        ({"memory_mb": 64}, "--memory-mb 128"),
        ({"max_request_bytes": 20_000_000}, "--max-request-bytes 4500000"),
        ({"cors_origins": ["a.example"]}, "--cors-origins '*'"),
        ({**RETIRED, "memory_mb": 64}, "--runtime python3.13 --memory-mb 128"),
    ],
)
def test_what_wants_to_change_things_refuses_a_retired_value_and_says_all_flags_that_cure_it(
    saved: dict[str, object], advice: str
) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(IDENTITY, saved=saved)
    assert advice in caught.value.next_step


NOTHING_SAID = Said({}, {}, {}, {})


def test_a_former_default_that_was_retired_becomes_todays_because_nobody_chose_it() -> None:
    resolved = resolve(IDENTITY, saved=LARGEST_OF_0_1_0)
    assert resolved.settings.max_request_bytes == 4_500_000
    assert resolved.sources["max_request_bytes"] == "default"
    assert no_longer_usable(NOTHING_SAID, LARGEST_OF_0_1_0) == {}, "nobody is asked either"


def test_a_flag_or_a_variable_cures_a_retired_value() -> None:
    for flags, environment in (
        ({"runtime": "python3.12"}, {}),
        ({}, {"EVENTTRACK_RUNTIME": "python3.12"}),
    ):
        resolved = resolve(IDENTITY, Said(flags=flags, environment=environment), saved=RETIRED)
        assert resolved.settings.runtime == "python3.12"


def test_of_a_deployment_that_stands_only_what_cannot_stay_needs_another_value() -> None:
    assert list(no_longer_usable(NOTHING_SAID, RETIRED)) == ["runtime"]
    assert usable(NOTHING_SAID, RETIRED) == {"log_retention_days": 30}
    assert no_longer_usable(Said({}, {"runtime": "python3.12"}, {}, {}), RETIRED) == {}


def test_the_name_of_what_stands_is_held_against_no_new_rule_because_nothing_could_cure_it() -> None:
    saved = {"bucket_name": "xn--taken-when-it-was-allowed"}
    resolved = resolve(IDENTITY, saved=saved)
    assert resolved.settings.bucket_name == saved["bucket_name"]


def test_saved_values_that_contradict_each_other_still_open_their_deployment() -> None:
    saved = {"cors_headers": ["Content-Type"]}
    assert from_saved(saved, IDENTITY).cors_headers == ("Content-Type",)
    with pytest.raises(UsageError, match="x-auth-token"):
        resolve(IDENTITY, saved=saved)


def test_a_key_without_a_row_is_passed_over_because_another_version_may_have_written_it() -> None:
    assert from_saved({"from_tomorrow": {"a": 1}}, IDENTITY) == from_saved({}, IDENTITY)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("memory_mb", "lots"),
        ("memory_mb", True),
        ("memory_mb", None),
        ("memory_mb", 128.5),
        ("versioning", 1),
        ("runtime", None),
        ("runtime", ["python3.13"]),
        ("reserved_concurrency", "3"),
        ("cors_origins", "*"),
        ("cors_origins", [1]),
    ],
)
def test_a_value_of_another_type_makes_the_file_a_corrupt_one_which_recover_rebuilds(
    key: str, value: object, tmp_path: Path
) -> None:
    path = tmp_path / "state.json"
    state = State(IDENTITY, settings={**make_settings().as_json(), key: value})
    path.write_text(json.dumps(state.as_json()))
    with pytest.raises(StateError) as caught:
        load(path)
    assert f"{path} is corrupt" in caught.value.what
    assert key in caught.value.why
    assert "recover" in caught.value.next_step


def test_settings_as_json_are_what_comes_back_from_a_file_so_that_both_can_be_compared() -> None:
    settings = make_settings().as_json()
    assert json.loads(json.dumps(settings)) == settings
