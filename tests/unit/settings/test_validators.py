"""AWS's rules for names, as tables: what is taken, what is refused and why."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.settings import validators as names


def test_tags_are_key_and_value_in_their_order_and_one_without_a_value_is_taken_off() -> None:
    assert names.tags(" cost-centre=4711, team=Straße 1 @ web ,off=") == {
        "cost-centre": "4711",
        "team": "Straße 1 @ web",
        "off": None,
    }
    assert names.tags("url=https://a.example/x=1") == {"url": "https://a.example/x=1"}
    assert names.tags("") == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("team", "KEY=VALUE puts one, KEY= takes it off"),
        ("=web", "KEY=VALUE"),
        ("aws:team=web", "AWS's or the wizard's own"),
        ("AWS:team=web", "AWS's or the wizard's own"),
        ("eventtrack-wizard:deployment=other", "AWS's or the wizard's own"),
        ("team=a,Team=b", "only one case"),
        ("team=a;b", "not ';'"),
        ("team=a\nb", "not '\\n'"),
        (f"{'k' * 129}=v", "at most 128"),
        (f"k={'v' * 257}", "256"),
        (",".join(f"k{number}=v" for number in range(41)), "at most 40"),
    ],
)
def test_tags_that_aws_or_we_cannot_take(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        names.tags(text)
    assert words in str(caught.value)


def test_the_longest_tags_and_the_most_of_them() -> None:
    assert names.tags(f"{'k' * 128}={'v' * 256}")
    most = ",".join(f"k{number}=v" for number in range(40))
    assert len(names.tags(f"{most},off=")) == 41


@pytest.mark.parametrize(
    "name",
    ["abc", "a" * 63, "1abc", "my-events-2026", "a--b", "xn-a", "x-an-y", "sthree"],
)  # fmt: skip
def test_good_bucket_names(name: str) -> None:
    assert names.bucket_name(name) == name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "3 to 63 characters"),
        ("ab", "3 to 63 characters"),
        ("a" * 64, "3 to 63 characters"),
        ("Abc", "lower-case"),
        ("my_bucket", "lower-case"),
        ("my bucket", "lower-case"),
        ("bücket", "lower-case"),
        ("abc\n", "lower-case"),
        ("-abc", "begins and ends"),
        ("abc-", "begins and ends"),
        ("my.bucket", "dots"),
        ("a..b", "dots"),
        ("192.168.5.4", "dots"),
        ("xn--abc", "'xn--' are reserved"),
        ("sthree-abc", "'sthree-' are reserved"),
        ("amzn-s3-demo-abc", "'amzn-s3-demo-' are reserved"),
        ("abc-s3alias", "'-s3alias' are reserved"),
        ("abc--ol-s3", "'--ol-s3' are reserved"),
        ("abc--x-s3", "'--x-s3' are reserved"),
        ("abc--table-s3", "'--table-s3' are reserved"),
        ("abc-an", "'-an' are reserved"),
    ],
)
def test_bucket_names_that_s3_refuses_are_refused_here_with_the_rule(name: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        names.bucket_name(name)


@given(st.text(alphabet=string.ascii_lowercase + string.digits + "-._A\n", max_size=66))
def test_whatever_passes_as_a_bucket_name_obeys_the_documented_rules(text: str) -> None:
    try:
        name = names.bucket_name(text)
    except ValueError:
        return
    assert 3 <= len(name) <= 63
    assert set(name) <= set(string.ascii_lowercase + string.digits + "-")
    assert name[0] != "-" != name[-1]


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        (names.deployment_name, ["abc", "a" * 36, "a1-b"], ["ab", "a" * 37, "1ab", "Abc", "ab-", "a_b", ""]),
        (names.region_name, ["us-east-1", "eu-central-2", "us-gov-west-1", "ap-southeast-5"], ["us-east", "useast1", "US-EAST-1", "us-east-1a", "us-east-\u0661", ""]),
        (names.function_name, ["f", "a_b-C9", "x" * 64], ["", "a b", "a.b", "x" * 65, "arn:aws:x"]),
        (names.role_name, ["r", "a_b+=,.@-", "x" * 64], ["", "a b", "a/b", "x" * 65, "röle", "r\n"]),
        (names.policy_name, ["LambdaS3EventTracking"], ["", "a b", "x" * 129]),
        (names.api_name, ["a", "my api"], ["", " a", "x" * 256]),
        (names.resource_path, ["events", "v1.2_a-b"], ["", "a/b", "{id}", "x" * 65, "a b"]),
        (names.stage_name, ["prod", "v_1"], ["", "a-b", "a b", "$default"]),
        (names.test_event_name, ["TestEventAPI"], ["", "a b", "x" * 26]),
        (names.description, ["", "Production environment."], ["two\nlines", "x" * 1025]),
    ],
)  # fmt: skip
def test_other_names(rule: object, good: list[str], bad: list[str]) -> None:
    assert callable(rule)
    for text in good:
        assert rule(text) == text
    for text in bad:
        with pytest.raises(ValueError, match=r"\w"):
            rule(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("128", 128), ("10240", 10240), ("127", None), ("10241", None), ("", None), ("1.5", None), ("١٢٨", None), ("9" * 20, None)],
)  # fmt: skip
def test_whole_numbers_keep_to_their_bounds(text: str, value: int | None) -> None:
    parse = names.whole_number(128, 10_240, "MB")
    if value is None:
        with pytest.raises(ValueError, match="from 128 to 10240"):
            parse(text)
    else:
        assert parse(text) == value


@pytest.mark.parametrize(("text", "value"), [("", None), ("unset", None), ("None", None), ("0", 0), ("7", 7)])
def test_a_number_may_be_unset_and_zero_is_not_unset(text: str, value: int | None) -> None:
    assert names.optional(names.whole_number(0, 100, "executions"))(text) == value


def test_only_the_retentions_that_cloudwatch_knows_are_taken() -> None:
    assert names.log_retention_days("30") == 30
    for text in ("2", "0", "-1", "thirty", "³", ""):
        with pytest.raises(ValueError, match="1, 3, 5, 7"):
            names.log_retention_days(text)


@pytest.mark.parametrize("text", ["yes", "Y", "true", "ON", "1"])
def test_words_for_yes(text: str) -> None:
    assert names.yes_or_no(text) is True


@pytest.mark.parametrize("text", ["no", "N", "False", "off", "0"])
def test_words_for_no(text: str) -> None:
    assert names.yes_or_no(text) is False


@pytest.mark.parametrize("text", ["", "perhaps", "2"])
def test_other_words_are_neither(text: str) -> None:
    with pytest.raises(ValueError, match="yes or no"):
        names.yes_or_no(text)


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("*", ("*",)),
        ("https://a.example", ("https://a.example",)),
        (" https://a.example , http://localhost:3000,", ("https://a.example", "http://localhost:3000")),
        ("https://a.example,https://a.example", ("https://a.example",)),
    ],
)
def test_origins(text: str, origins: tuple[str, ...]) -> None:
    assert names.cors_origins(text) == origins


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "a.example",
        "https://a.example/",
        "https://a.example/x",
        "ftp://a",
        "*,https://a.example",
        "https://*.a",
    ],
)
def test_what_no_browser_sends_as_origin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"origin|at least one"):
        names.cors_origins(text)


def test_methods_are_those_that_the_endpoint_answers() -> None:
    assert names.http_methods("post, options") == ("POST", "OPTIONS")
    for text in ("GET", "OPTIONS", "POST,PUT", ""):
        with pytest.raises(ValueError, match=r"POST|at least"):
            names.http_methods(text)


def test_headers_are_header_names() -> None:
    assert names.http_headers("Content-Type,x-auth-token") == ("Content-Type", "x-auth-token")
    for text in ("a b", "a:b", "'", ""):
        with pytest.raises(ValueError, match=r"header|at least"):
            names.http_headers(text)


def test_a_boundary_is_the_arn_of_a_managed_policy_or_nothing() -> None:
    assert names.optional(names.policy_arn)("") is None
    for arn in ("arn:aws:iam::123456789012:policy/x", "arn:aws-cn:iam::aws:policy/a/b"):
        assert names.optional(names.policy_arn)(arn) == arn
    for text in ("x", "arn:aws:iam::123456789012:role/x", "arn:aws:iam::12:policy/x"):
        with pytest.raises(ValueError, match="managed policy"):
            names.optional(names.policy_arn)(text)


def test_an_address_is_one_that_sns_takes_or_nothing() -> None:
    assert names.optional(names.email)("") is names.optional(names.email)("None") is None
    for address in ("me@example.com", "first.last+alarms@mail.example.co.uk"):
        assert names.optional(names.email)(address) == address
    for text in ("me", "me@", "@example.com", "me@example", "a b@example.com", "a@b.example,c@d.example"):
        with pytest.raises(ValueError, match="looks like me@"):
            names.optional(names.email)(text)


def test_a_topic_is_the_arn_of_a_standard_one_because_no_alarm_can_tell_another() -> None:
    arn = "arn:aws-cn:sns:cn-north-1:123456789012:pager_1"
    assert names.optional(names.topic_arn)("none") is None
    assert names.optional(names.topic_arn)(arn) == arn
    for text in ("pager", f"{arn}.fifo", arn.replace(":sns:", ":sqs:"), f"{arn}:0a1b"):
        with pytest.raises(ValueError, match="standard topic"):
            names.optional(names.topic_arn)(text)


def test_a_choice_is_taken_in_any_case_and_given_in_its_own() -> None:
    parse = names.one_of("SSE-S3", "SSE-KMS")
    assert parse("sse-s3") == "SSE-S3"
    with pytest.raises(ValueError, match="one of SSE-S3, SSE-KMS"):
        parse("AES")


def test_the_slash_before_a_path_may_be_typed_because_the_url_shows_it() -> None:
    assert names.resource_path("/track") == names.resource_path("track") == "track"
    with pytest.raises(ValueError, match="one path part"):
        names.resource_path("//track")
