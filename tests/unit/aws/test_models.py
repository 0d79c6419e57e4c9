"""The quick way to read botocore's models must not read anything else than botocore does."""

from __future__ import annotations

import json
from pathlib import Path

import botocore.session
import pytest

from wizard.aws.models import use_models
from wizard.aws.session import open_session

SERVICES = ("apigateway", "cloudwatch", "firehose", "iam", "lambda", "logs", "s3", "sns", "sts")


def session() -> botocore.session.Session:
    found = botocore.session.Session()
    use_models(found)
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_described_as_botocore_itself_describes_it(service: str) -> None:
    ours = session().get_component("data_loader")
    theirs = botocore.session.Session().get_component("data_loader")

    for kind in ("service-2", "paginators-1", "endpoint-rule-set-1"):
        assert ours.load_service_model(service, kind) == theirs.load_service_model(service, kind)


def test_models_of_the_operators_own_are_still_found_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "s3" / "2006-03-01"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text(json.dumps({"metadata": {"serviceId": "mine"}}))
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))

    model = session().get_component("data_loader").load_service_model("s3", "service-2")

    assert model["metadata"] == {"serviceId": "mine"}


def test_every_session_of_the_wizard_reads_them_so() -> None:
    loader = open_session(None, "eu-central-1")._session.get_component("data_loader")

    assert type(loader).__module__ == "wizard.aws.models"


def test_an_unknown_service_is_named_and_not_a_missing_file() -> None:
    with pytest.raises(botocore.session.UnknownServiceError, match="no-such-service"):
        session().get_component("data_loader").load_service_model("no-such-service", "service-2")


def test_the_folders_of_the_services_are_looked_through_once_for_all_clients() -> None:
    loader = session().get_component("data_loader")

    assert loader.list_available_services("service-2") is loader.list_available_services("paginators-1")
