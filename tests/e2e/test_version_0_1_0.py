"""A deployment that version 0.1.0 made and wrote down: today's commands know it.

`fixtures/state-0.1.0.json` is the file as that version wrote it. What it describes is built in this process
with plain calls, and the ids and the account that AWS rolls are put into it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import PROJECT
from tests.aws.in_process import ACCOUNT_ID, TOKEN, Account, FakeClock, leftovers, snapshot
from tests.aws.in_process.workspace import digest_of
from tests.aws.names import EMULATOR_ACCOUNT_ID, OPTIONAL, RETIRED
from tests.aws.tagger import THINGS
from wizard import package
from wizard.aws.client import Aws
from wizard.engine.apply import Engine
from wizard.engine.decide import Consent
from wizard.engine.plan import Plan, make_plan
from wizard.engine.progress import ChangeDone, Event
from wizard.engine.recover import recover
from wizard.identity import DeploymentId
from wizard.phase_titles import PHASE_TITLES
from wizard.phases import PHASES, RESOURCES
from wizard.resources.base import NAME_TAG, OWNER_TAG, Deployment
from wizard.settings.resolve import Said, from_saved, resolve
from wizard.settings.table import DEFAULT_NAME
from wizard.state.model import State, load
from wizard.state.store import Store

FIXTURE = PROJECT / "tests" / "e2e" / "fixtures" / "state-0.1.0.json"
AS_WRITTEN: dict[str, Any] = json.loads(FIXTURE.read_text())
Replacements = dict[str, str]
# How that version worded the gateway's answers; its file does not say it.
ERROR_TEMPLATE = '{"message": "$context.error.message"}'

# What has changed since: the resource, what the next setup does to it, and the facts that it changes.
# The code of the function is that of the version that runs. Tags were put, but not written down.
SINCE: dict[str, tuple[str, set[str]]] = {
    "bucket": ("nothing", {"tags"}),
    "role": ("update", {"trust", "tags"}),
    "bucket.policy": ("create", set()),
    "role.own_logs": ("create", set()),
    "role.basic_execution": ("delete", set()),
    "log_group": ("nothing", {"tags"}),
    "function": ("nothing", {"code_sha256", "tags"}),
    "api": ("nothing", {"tags"}),
    "function.environment": ("update", {"variables"}),
    "cors.gateway_errors": ("update", {"DEFAULT_4XX", "DEFAULT_5XX"}),
    "stage": ("update", {"deployed", "unshown"}),
    "stage.throttling": ("update", {"rate", "burst"}),
}

MIGRATION = {key: change for key, (change, _facts) in SINCE.items() if change != "nothing"}
NEW = set(MIGRATION) - set(AS_WRITTEN["records"])


class OldDeployment:
    """The file in a folder, and what it describes in AWS; every command begins with the file alone."""

    def __init__(self, account: Account, folder: Path, *, tagged_bucket: bool = True) -> None:
        self.account = account
        self.path = folder / "eventtrack-state.json"
        self.events: list[Event] = []
        text = self._with_our_account(FIXTURE.read_text())
        ids = Builder(account, json.loads(text), tagged_bucket=tagged_bucket).build()
        for old, new in ids.items():
            text = text.replace(old, new)
        self.path.write_text(text)
        account.calls.clear()

    @staticmethod
    def _with_our_account(text: str) -> str:
        """Account and token are those of this process."""
        [token] = AS_WRITTEN["tokens"]
        return text.replace(EMULATOR_ACCOUNT_ID, ACCOUNT_ID).replace(token["sha256"], digest_of(TOKEN).sha256)

    def open(self, flags: Mapping[str, str] | None = None) -> tuple[Deployment, Store]:
        """As a command opens it; with `flags`, as setup does, by the rules of today."""
        state = self.state
        saved = from_saved(state.settings, state.identity)
        if flags is not None:
            saved = resolve(state.identity, Said(flags=flags), saved=state.settings).settings
        store = Store(self.path, state)
        aws = self.account.aws(FakeClock())
        at = Deployment(aws, state.identity, saved, tuple(state.tokens), TOKEN, store.known())
        return at, store

    @property
    def state(self) -> State:
        state = load(self.path)
        assert state is not None
        return state

    def edit(self, change: Any) -> None:
        """Change the document."""
        document = json.loads(self.path.read_text())
        change(document)
        self.path.write_text(json.dumps(document))

    def status(self) -> Plan:
        at, store = self.open()
        return make_plan(at, store)

    def setup(self, **flags: str) -> Engine:
        at, store = self.open(flags)
        store.state.settings = {**store.state.settings, **at.settings.as_json()}
        engine = self._engine(at, store)
        engine.apply(engine.plan())
        return engine

    def rollback(self) -> Plan:
        return self._engine(*self.open()).roll_back()

    def _engine(self, at: Deployment, store: Store) -> Engine:
        self.events = []
        return Engine(at, store, self.events.append, consent=Consent())

    @property
    def changed(self) -> list[str]:
        """What the last command has changed."""
        done = [event for event in self.events if isinstance(event, ChangeDone)]
        return [event.resource for event in done if event.change != "check"]


class Builder:
    """Builds what a state file describes, with calls that the wizard has no part in."""

    def __init__(self, account: Account, document: dict[str, Any], *, tagged_bucket: bool) -> None:
        self._aws: Aws = account.aws(FakeClock())
        self._facts = {key: record["facts"] for key, record in document["records"].items()}
        self._identity = DeploymentId(**document["pins"])
        self._settings = document["settings"]
        self._tags = {OWNER_TAG: self._identity.id, NAME_TAG: self._identity.name}
        self._tagged_bucket = tagged_bucket

    def build(self) -> Replacements:
        """The ids in the file, and what they are here."""
        self._bucket()
        self._role()
        self._function()
        return self._api()

    def _bucket(self) -> None:
        s3, name = self._aws.s3, self._facts["bucket"]["name"]
        s3.create_bucket(Bucket=name)
        if self._tagged_bucket:
            tags: Any = [{"Key": key, "Value": value} for key, value in self._tags.items()]
            s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})
        s3.put_public_access_block(
            Bucket=name, PublicAccessBlockConfiguration=self._facts["bucket.public_access_block"]
        )
        rule = self._facts["bucket.encryption"]["rule"]
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})

    def _role(self) -> None:
        iam, facts = self._aws.iam, self._facts["role"]
        iam.create_role(
            RoleName=facts["name"],
            AssumeRolePolicyDocument=json.dumps(facts["trust"]),
            Tags=[{"Key": key, "Value": value} for key, value in self._tags.items()],
        )
        iam.attach_role_policy(RoleName=facts["name"], PolicyArn=self._facts["role.basic_execution"]["arn"])
        iam.put_role_policy(
            RoleName=facts["name"],
            PolicyName=self._settings["policy_name"],
            PolicyDocument=json.dumps(self._facts["policy"]["document"]),
        )

    def _function(self) -> None:
        group = self._facts["log_group"]["name"]
        self._aws.logs.create_log_group(logGroupName=group, tags=self._tags)
        self._aws.logs.put_retention_policy(
            logGroupName=group, retentionInDays=self._facts["log_group.retention"]["days"]
        )
        facts = self._facts["function"]
        self._aws.functions.create_function(
            FunctionName=facts["name"],
            Runtime=facts["runtime"],
            Role=facts["role"],
            Handler=facts["handler"],
            Code={"ZipFile": package.build().content},
            Architectures=[facts["architecture"]],
            Environment={"Variables": self._facts["function.environment"]["variables"]},
            MemorySize=self._facts["function.settings"]["memory_mb"],
            Timeout=self._facts["function.settings"]["timeout_seconds"],
            Tags=self._tags,
        )

    def _api(self) -> Replacements:
        gateway, facts = self._aws.apigateway, self._facts["api"]
        api: Any = gateway.create_rest_api(
            name=facts["name"], endpointConfiguration={"types": [facts["endpoint_type"]]}, tags=self._tags
        )
        path = gateway.create_resource(
            restApiId=api["id"], parentId=api["rootResourceId"], pathPart=self._settings["resource_path"]
        )
        self._post(api["id"], path["id"])
        self._preflight(api["id"], path["id"])
        for kind, headers in self._facts["cors.gateway_errors"].items():
            gateway.put_gateway_response(
                restApiId=api["id"],
                responseType=kind,
                responseParameters=headers,
                responseTemplates={"application/json": ERROR_TEMPLATE},
            )
        self._aws.functions.add_permission(
            FunctionName=self._facts["function"]["name"],
            StatementId=f"eventtrack-wizard-{api['id']}",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=self._facts["api.permission"]["statement"]["source"].replace(facts["id"], api["id"]),
        )
        deployment = self._deploy(api["id"])
        stage = self._facts["stage"]
        return {
            facts["id"]: api["id"],
            facts["root_id"]: api["rootResourceId"],
            self._facts["api.resource"]["id"]: path["id"],
            stage["deployment_id"]: deployment,
        }

    def _post(self, api_id: str, resource_id: str) -> None:
        gateway, facts = self._aws.apigateway, self._facts["api.method"]
        where: Any = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": "POST"}
        gateway.put_method(**where, **facts["method"])
        integration = dict(facts["integration"])
        integration["integrationHttpMethod"] = integration.pop("httpMethod")
        gateway.put_integration(**where, **integration)

    def _preflight(self, api_id: str, resource_id: str) -> None:
        gateway, facts = self._aws.apigateway, self._facts["cors.preflight"]
        where: Any = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": "OPTIONS"}
        gateway.put_method(**where, **facts["method"])
        gateway.put_integration(**where, **facts["integration"])
        names = {f"method.response.header.{name}": value for name, value in facts["headers"].items()}
        gateway.put_method_response(**where, statusCode="200", responseParameters=dict.fromkeys(names, True))
        gateway.put_integration_response(
            **where,
            statusCode="200",
            responseParameters=names,
            responseTemplates={"application/json": facts["template"]},
        )

    def _deploy(self, api_id: str) -> str:
        answer = self._aws.apigateway.create_deployment(
            restApiId=api_id,
            stageName=self._settings["stage_name"],
            stageDescription=self._settings["stage_description"],
            description=self._facts["stage"]["deployed"],
        )
        return answer["id"]


def _settings_today(identity: DeploymentId) -> dict[str, Any]:
    """Those of the file, and younger rows with their defaults."""
    return {**from_saved(AS_WRITTEN["settings"], identity).as_json(), "max_request_bytes": 4_500_000}


def _limits_of(found: dict[str, Any]) -> Any:
    """Takes the limits of the only stage out of a snapshot."""
    [api] = found["apis"]
    [stage] = api["stages"].values()
    return stage.pop("limits")


@pytest.fixture
def old(account: Account, folder: Path) -> OldDeployment:
    return OldDeployment(account, folder)


def test_the_file_is_read_whole_and_written_back_with_the_same_members(folder: Path) -> None:
    path = folder / "state.json"
    path.write_text(FIXTURE.read_text())
    state = load(path)
    assert state is not None
    Store(path, state).save()
    after = json.loads(path.read_text())
    assert after["serial"] == AS_WRITTEN["serial"] + 1
    for name in ("wizard_version", "serial"):
        after.pop(name)
    assert after.pop("announced_api") == AS_WRITTEN["records"]["api"]["facts"]["id"], "its URL was told"
    assert after == {key: value for key, value in AS_WRITTEN.items() if key in after}
    assert set(AS_WRITTEN) - set(after) == {"wizard_version", "serial"}


def test_every_key_of_the_file_is_known_today() -> None:
    assert set(AS_WRITTEN["records"]) == set(RESOURCES) - NEW - OPTIONAL
    assert set(AS_WRITTEN["phases"]) == set(PHASE_TITLES)
    assert set(AS_WRITTEN["checks"]) == {check.key for phase in PHASES for check in phase.checks}


@pytest.mark.parametrize("key", [key for key in AS_WRITTEN["records"] if key not in RETIRED])
def test_what_0_1_0_set_up_is_what_is_desired_today(account: Account, folder: Path, key: str) -> None:
    """Down to the digest of the deployed configuration, so that no endpoint is deployed anew for nothing."""
    path = folder / "state.json"
    path.write_text(FIXTURE.read_text())
    state = load(path)
    assert state is not None
    facts = {name: record.facts for name, record in state.records.items()}
    settings = from_saved(state.settings, state.identity)
    at = Deployment(account.look, state.identity, settings, tuple(state.tokens), known=facts)
    desired = RESOURCES[key].desired(at)
    assert desired is not None
    assert RESOURCES[key].difference(desired, facts[key]) <= SINCE.get(key, ("", set()))[1]


def test_status_names_what_has_changed_since_and_changes_nothing(old: OldDeployment) -> None:
    before = old.path.read_bytes()
    plan = old.status()
    kinds = {step.key: step.action.kind for step in plan.steps if step.action.kind != "nothing"}
    assert kinds == MIGRATION, [phase.sentences for phase in plan.phases]
    assert plan.unknown_keys == ()
    assert {phase.key: phase.seconds for phase in plan.phases if phase.key in PHASE_TITLES} == {
        key: AS_WRITTEN["phases"][key]["seconds"] for key in PHASE_TITLES
    }
    assert old.account.calls.changing() == []
    assert old.path.read_bytes() == before


def test_setup_makes_what_has_changed_since_and_nothing_else_and_then_has_nothing_to_do(
    old: OldDeployment,
) -> None:
    before = snapshot(old.account)
    old.setup()
    assert set(old.changed) == set(MIGRATION)
    after = snapshot(old.account)
    assert [_limits_of(found) for found in (before, after)] == [[None, None], [50, 100]]
    for kind in ("roles", "apis"):
        assert after.pop(kind) != before.pop(kind)
    [function], [function_before] = after["functions"].values(), before["functions"].values()
    function_before["Environment"]["Variables"] |= {
        "BUCKET_OWNER": ACCOUNT_ID,
        "MAX_REQUEST_BYTES": "4500000",
    }
    assert function == function_before
    for bucket in after["buckets"].values():
        assert bucket.pop("policy") is not None
    for bucket in before["buckets"].values():
        assert bucket.pop("policy") is None
    assert after == before
    assert set(old.state.records) == set(RESOURCES) - RETIRED - OPTIONAL
    assert old.status().in_order
    old.account.calls.clear()
    assert old.setup().changes == 0
    assert old.account.calls.changing() == []
    assert old.state.lifecycle == "deployed"


def test_the_function_may_write_its_logs_at_every_moment_of_the_change(old: OldDeployment) -> None:
    """Even where its log group was deleted, which only the managed policy lets it make anew."""
    old.account.look.logs.delete_log_group(logGroupName=AS_WRITTEN["records"]["log_group"]["facts"]["name"])
    old.setup()
    detached = old.account.calls.changing().index("iam.DetachRolePolicy")
    before = old.account.calls.changing()[:detached]
    assert {"iam.PutRolePolicy", "logs.CreateLogGroup"} <= set(before)


def test_a_managed_policy_that_an_adopted_role_had_before_stays(old: OldDeployment) -> None:
    def adopt(document: dict[str, Any]) -> None:
        for key in ("role", "role.basic_execution"):
            facts = {**document["records"][key]["facts"]}
            document["records"][key] |= {"origin": "adopted", "before": facts}

    old.edit(adopt)
    role = AS_WRITTEN["settings"]["role_name"]
    before = snapshot(old.account)["roles"][role]
    old.setup()
    assert "role.basic_execution" not in old.changed
    managed = snapshot(old.account)["roles"][role]["attached"]
    assert managed == [AS_WRITTEN["records"]["role.basic_execution"]["facts"]["arn"]]
    old.rollback()
    after = snapshot(old.account)["roles"][role]
    assert after == {**before, "inline": {}}


def test_rollback_after_the_change_leaves_nothing_of_ours(old: OldDeployment) -> None:
    old.setup()
    old.rollback()
    assert leftovers(old.account) == []
    assert old.state.records == {}


def test_setup_changes_what_a_flag_says_and_nothing_else(old: OldDeployment) -> None:
    name = AS_WRITTEN["settings"]["function_name"]
    old.setup()
    before = snapshot(old.account)
    old.setup(memory_mb="512")
    assert old.changed == ["function.settings"]
    after = snapshot(old.account)
    assert after["functions"][name].pop("MemorySize") == 512
    assert before["functions"][name].pop("MemorySize") == 128
    assert after == before
    assert old.state.settings == {**_settings_today(old.state.identity), "memory_mb": 512}
    assert old.status().in_order


def test_rollback_leaves_nothing_of_ours(old: OldDeployment) -> None:
    old.rollback()
    assert leftovers(old.account) == []
    assert (old.state.lifecycle, old.state.records) == ("rolled back", {})


def test_recover_brings_back_settings_and_tokens_from_the_tags_alone(old: OldDeployment) -> None:
    lost = old.state
    identity = replace(lost.identity, id=f"{lost.identity.id_prefix}ffffffff")
    settings = resolve(identity).settings
    at = Deployment(old.account.aws(FakeClock()), identity, settings)
    found = recover(at, {})
    assert found.state.identity == lost.identity
    assert found.state.settings == _settings_today(lost.identity)
    assert [(item.label, item.sha256) for item in found.state.tokens] == [
        (item.label, item.sha256) for item in lost.tokens
    ]
    assert set(found.state.records) == {*lost.records, "stage.throttling"}
    tags = {OWNER_TAG: lost.identity.id, NAME_TAG: lost.identity.name}
    facts = {key: dict(record.facts) for key, record in found.state.records.items()}
    assert [facts[key].pop("tags") for key in THINGS] == [tags] * len(THINGS)
    assert facts["stage"].pop("tags") == {}
    assert facts == {
        **{key: record.facts for key, record in lost.records.items()},
        "function": {**lost.records["function"].facts, "code_sha256": package.build().sha256},
        "bucket.encryption": {**lost.records["bucket.encryption"].facts, "bucket_key": False},
        "cors.gateway_errors": {
            kind: {"parameters": headers, "template": ERROR_TEMPLATE}
            for kind, headers in lost.records["cors.gateway_errors"].facts.items()
        },
        "stage": {**lost.records["stage"].facts, "unshown": []},
        "stage.throttling": {"rate": None, "burst": None},
    }
    assert found.left_out == ()
    assert old.account.calls.changing() == []


def test_a_deployment_that_a_reserved_concurrency_of_0_had_closed_is_closed_by_its_stage(
    old: OldDeployment,
) -> None:
    def close(document: dict[str, Any]) -> None:
        document["settings"]["reserved_concurrency"] = 0
        document["records"]["function.concurrency"]["facts"]["reserved"] = 0

    function = AS_WRITTEN["settings"]["function_name"]
    old.account.look.functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    old.edit(close)
    sentences = [sentence for phase in old.status().phases for sentence in phase.sentences]
    assert "reserved concurrency is 0, should be unset" in sentences
    assert any("limit of requests a second is unset" in said and "should be 0" in said for said in sentences)
    old.setup()
    assert _limits_of(snapshot(old.account)) == [0, 0]
    assert old.state.settings["closed"] is True
    assert old.state.settings["reserved_concurrency"] is None
    assert old.status().in_order
    old.rollback()
    assert leftovers(old.account) == []


# A bucket that stood there before.

OPEN = {"BlockPublicAcls": False, "IgnorePublicAcls": True, "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False}  # fmt: skip
FORMER_RULE = {
    "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/theirs"},
    "BucketKeyEnabled": True,
}


WITHOUT_BUCKET_KEY = {**FORMER_RULE, "BucketKeyEnabled": False}


@pytest.fixture
def with_adopted_bucket(account: Account, folder: Path) -> OldDeployment:
    return adopting_bucket(account, folder, FORMER_RULE)


def adopting_bucket(account: Account, folder: Path, rule: Mapping[str, Any]) -> OldDeployment:
    """As 0.1.0 wrote it down: what the bucket was before stands in `before`."""
    old = OldDeployment(account, folder, tagged_bucket=False)
    bucket = AS_WRITTEN["settings"]["bucket_name"]

    def adopt(document: dict[str, Any]) -> None:
        before = {
            "bucket": {"name": bucket, "owner": None},
            "bucket.public_access_block": OPEN,
            "bucket.encryption": {"algorithm": "aws:kms", "rule": rule},
            "bucket.versioning": {"enabled": True},
        }
        for key, facts in before.items():
            document["records"][key] |= {"origin": "adopted", "before": facts}
        document["records"]["bucket"]["facts"]["owner"] = None

    old.edit(adopt)
    return old


def test_an_adopted_bucket_of_0_1_0_is_in_order_without_a_new_consent(
    with_adopted_bucket: OldDeployment,
) -> None:
    plan = with_adopted_bucket.status()
    assert {step.key for step in plan.steps if step.action.kind != "nothing"} == set(MIGRATION)
    with_adopted_bucket.setup()
    assert set(with_adopted_bucket.changed) == set(MIGRATION)


def test_an_adopted_bucket_of_0_1_0_gets_its_former_settings_back_and_keeps_its_objects(
    with_adopted_bucket: OldDeployment,
) -> None:
    old, bucket = with_adopted_bucket, AS_WRITTEN["settings"]["bucket_name"]
    s3 = old.account.look.s3
    s3.put_object(Bucket=bucket, Key="theirs", Body=b"x")
    old.rollback()
    assert leftovers(old.account) == [f"buckets: {bucket}"]
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == OPEN
    answer: Any = s3.get_bucket_encryption(Bucket=bucket)
    assert answer["ServerSideEncryptionConfiguration"]["Rules"] == [FORMER_RULE]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert s3.get_object(Bucket=bucket, Key="theirs")["Body"].read() == b"x"
    assert old.state.records == {}


def test_the_bucket_key_that_setup_adds_to_a_deployment_with_kms_is_taken_back_from_an_adopted_bucket(
    account: Account, folder: Path
) -> None:
    """0.1.0 neither set one nor wrote down whether there was one; it kept the whole former rule."""
    old, bucket = adopting_bucket(account, folder, WITHOUT_BUCKET_KEY), AS_WRITTEN["settings"]["bucket_name"]
    s3: Any = old.account.look.s3
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [WITHOUT_BUCKET_KEY]})
    old.edit(lambda document: document["settings"].update(encryption="SSE-KMS"))
    assert "S3 Bucket Key is off, should be on" in old.status().phases[0].sentences

    old.setup()
    assert "bucket.encryption" in old.changed
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules == [FORMER_RULE], "their key stays"

    old.rollback()
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules == [WITHOUT_BUCKET_KEY]


def test_the_name_of_the_old_deployment_is_still_the_default() -> None:
    assert AS_WRITTEN["pins"]["name"] == DEFAULT_NAME
