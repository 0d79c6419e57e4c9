"""The environment variables, and what happens when they are unusable."""

from __future__ import annotations

import json

import pytest
from configuration import Configuration, ConfigurationError
from lambda_function import build_handler

from tests.lambda_code.doubles import DIGEST, Context, request


def test_the_defaults_are_the_documented_ones() -> None:
    configuration = Configuration.from_environment({"BUCKET_NAME": "events"})
    assert configuration.allowed_origins == ("*",)
    assert configuration.event_format == "json"
    assert configuration.allow_beacon is False
    assert configuration.maximum_request_bytes == 4_500_000
    assert configuration.maximum_events == 100_000
    assert configuration.bucket_owner == configuration.endpoint == configuration.firehose_endpoint == ""
    assert configuration.streams == ()


def test_every_variable_is_read() -> None:
    configuration = Configuration.from_environment(
        {
            "BUCKET_NAME": "events",
            "BUCKET_OWNER": "123456789012",
            "AUTH_TOKEN_SHA256": f"{DIGEST.upper()}, {'0' * 64}",
            "AUTH_TOKEN_LABELS": "shop,, app ",
            "CORS_ALLOW_ORIGIN": "https://a.example , https://b.example",
            "EVENT_FORMAT": "jsonl.gz",
            "ALLOW_BEACON": "True",
            "MAX_REQUEST_BYTES": "10",
            "MAX_EVENTS": "2",
            "AWS_REGION": "eu-west-3",
            "AWS_ACCESS_KEY_ID": "id",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_SESSION_TOKEN": "session",
            "AWS_ENDPOINT_URL_S3": "http://s3",
            "AWS_ENDPOINT_URL": "http://other",
            "FIREHOSE_STREAMS": "one, two,",
            "AWS_CA_BUNDLE": "/roots.pem",
        }
    )
    assert configuration.bucket_owner == "123456789012"
    assert configuration.token_digests == (DIGEST, "0" * 64)
    assert configuration.token_labels == ("shop", "", "app"), (
        "an empty label keeps the others in their places"
    )
    assert configuration.allowed_origins == ("https://a.example", "https://b.example")
    assert (configuration.event_format, configuration.allow_beacon) == ("jsonl.gz", True)
    assert (configuration.maximum_request_bytes, configuration.maximum_events) == (10, 2)
    assert (configuration.region, configuration.access_key) == ("eu-west-3", "id")
    assert (configuration.secret_key, configuration.session_token) == ("secret", "session")
    assert configuration.endpoint == "http://s3", "the setting for S3 goes before the one for all services"
    assert configuration.firehose_endpoint == "http://other"
    assert configuration.streams == ("one", "two")
    assert configuration.certificate_bundle == "/roots.pem"


BAD_VARIABLES = [
    ({"BUCKET_NAME": ""}, "BUCKET_NAME"),
    ({"BUCKET_OWNER": "me"}, "BUCKET_OWNER"),
    ({"BUCKET_OWNER": "1234"}, "BUCKET_OWNER"),
    ({"EVENT_FORMAT": "csv"}, "EVENT_FORMAT"),
    ({"FIREHOSE_STREAMS": "one", "EVENT_FORMAT": "jsonl"}, "EVENT_FORMAT"),
    ({"ALLOW_BEACON": "perhaps"}, "ALLOW_BEACON"),
    ({"MAX_EVENTS": "many"}, "MAX_EVENTS"),
    ({"MAX_EVENTS": "0"}, "MAX_EVENTS"),
    ({"MAX_REQUEST_BYTES": "-1"}, "MAX_REQUEST_BYTES"),
]


@pytest.mark.parametrize(("variables", "name"), BAD_VARIABLES)
def test_an_unusable_variable_is_named(variables: dict[str, str], name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        Configuration.from_environment({"BUCKET_NAME": "events"} | variables)


@pytest.mark.parametrize(
    ("variables", "name"), [*BAD_VARIABLES, ({"AWS_ENDPOINT_URL": "http://host:port"}, "port")]
)
def test_an_unusable_environment_answers_500_with_the_reason_in_the_log_instead_of_failing_to_start(
    variables: dict[str, str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = build_handler({"BUCKET_NAME": "events", "AWS_SECRET_ACCESS_KEY": "secret"} | variables)
    answer = handler(request({"a": 1}), Context())
    assert answer["statusCode"] == 500
    assert json.loads(answer["body"]) == {"message": "Internal error, retry later", "code": "Internal"}
    assert answer["headers"]["Access-Control-Allow-Origin"] == "*"
    logged = capsys.readouterr().out
    assert name in json.loads(logged)["reason"]
    assert "secret" not in logged


def test_without_any_token_configured_everybody_is_refused() -> None:
    handler = build_handler({"BUCKET_NAME": "events"})
    for token in (None, "", "x", "0" * 64):
        assert handler(request({"a": 1}, token), Context())["statusCode"] == 401
