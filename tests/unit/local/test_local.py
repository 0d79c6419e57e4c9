"""The embedded local AWS, each test with its own data folder and its own real process."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path, PosixPath
from typing import Any, Self

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests import PROJECT
from tests.tools.ministack_server import free_port
from wizard import local
from wizard.extras import install_command
from wizard.local.folder import LOG_LIMIT_BYTES, DataFolder, Record
from wizard.local.losses import ended_unsaved
from wizard.local.process import end, launch, require_installed, wait_until_gone

pytestmark = pytest.mark.local


@pytest.fixture
def data_folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder of the test's own; whatever runs on it is ended afterwards."""
    path = tmp_path / "local-aws"
    yield path
    local.stop(path)


@pytest.fixture
def port() -> int:
    """A free port, each test its own."""
    return free_port()


def client(running: local.LocalAws, service: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]  # any service: the tests name it
        endpoint_url=running.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "path"}, proxies={}, retries={"total_max_attempts": 1}),
    )


def bucket_names(running: local.LocalAws) -> list[str]:
    return [bucket["Name"] for bucket in client(running, "s3").list_buckets()["Buckets"]]


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@contextmanager
def other_program_on(port: int) -> Iterator[None]:
    with closing(socket.socket()) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        yield


def wait_until_dead(folder: Path) -> None:
    assert wait_until_gone(DataFolder.at(folder), 5.0), "still alive"


def test_starting_twice_returns_the_same_process_because_every_command_asks_for_it(
    data_folder: Path, port: int
) -> None:
    first = local.start(data_folder, port)
    second = local.start(data_folder, preferred_port=port + 1)

    assert first == second == local.find(data_folder)
    assert first.url == f"http://127.0.0.1:{port}"


def test_nothing_is_found_stopped_or_created_before_the_first_start(data_folder: Path) -> None:
    assert local.find(data_folder) is None
    assert local.stop(data_folder) is False
    local.reset(data_folder)
    found = local.status(data_folder)

    assert (found.running, found.url, found.process_id, found.memory_bytes) == (False, None, None, None)
    assert not data_folder.exists()


def test_a_bucket_its_object_and_a_role_are_there_again_after_stop_and_start_on_the_same_port(
    data_folder: Path, port: int
) -> None:
    before = local.start(data_folder, port)
    client(before, "s3").create_bucket(Bucket="kept")
    client(before, "s3").put_object(Bucket="kept", Key="events/1.json", Body=b"[]")
    client(before, "iam").create_role(RoleName="kept", AssumeRolePolicyDocument="{}")

    assert local.stop(data_folder) is True
    assert local.find(data_folder) is None
    assert local.status(data_folder).killed is False
    after = local.start(data_folder)

    assert after.url == before.url, "saved URLs keep working"
    assert client(after, "s3").get_object(Bucket="kept", Key="events/1.json")["Body"].read() == b"[]"
    assert client(after, "iam").get_role(RoleName="kept")["Role"]["RoleName"] == "kept"


def test_a_killed_ministack_is_not_found_and_starts_again_with_what_was_saved(
    data_folder: Path, port: int
) -> None:
    client(local.start(data_folder, port), "s3").create_bucket(Bucket="saved")
    local.stop(data_folder)
    killed = local.start(data_folder)
    os.kill(killed.process_id, signal.SIGKILL)
    wait_until_dead(data_folder)

    assert local.find(data_folder) is None
    found = local.status(data_folder)
    assert (found.running, found.killed) == (False, True)
    again = local.start(data_folder)

    assert again.process_id != killed.process_id
    assert bucket_names(again) == ["saved"]


def test_a_taken_port_moves_it_and_the_new_port_is_remembered_so_that_urls_change_only_once(
    data_folder: Path, port: int
) -> None:
    with other_program_on(port):
        moved = local.start(data_folder, preferred_port=port)
        assert moved.port != port
        local.stop(data_folder)
    again = local.start(data_folder)

    assert again.port == moved.port


def test_a_remembered_port_that_another_program_took_meanwhile_does_not_stop_the_start(
    data_folder: Path, port: int
) -> None:
    local.start(data_folder, port)
    local.stop(data_folder)
    with other_program_on(port):
        moved = local.start(data_folder)

        assert moved.port != port
        assert local.find(data_folder) == moved


def test_a_program_that_has_the_port_for_a_moment_only_does_not_stop_the_start(
    data_folder: Path, port: int
) -> None:
    def be_in_the_way_once() -> None:
        log = DataFolder.at(data_folder).log_path
        while not log.exists():
            time.sleep(0.001)
        with other_program_on(port):
            while "already in use" not in log.read_text():
                time.sleep(0.001)

    with ThreadPoolExecutor() as pool:
        in_the_way = pool.submit(be_in_the_way_once)
        running = local.start(data_folder, port)
        in_the_way.result()

    assert local.find(data_folder) == running


def test_another_ministack_on_the_remembered_port_is_never_taken_for_ours(tmp_path: Path, port: int) -> None:
    ours, other = tmp_path / "ours", tmp_path / "other"
    try:
        local.start(ours, port)
        local.stop(ours)
        foreign = local.start(other, port)

        assert foreign.port == port
        assert local.find(ours) is None
        assert local.start(ours).process_id != foreign.process_id
    finally:
        local.stop(ours)
        local.stop(other)


def test_a_stale_process_id_that_now_belongs_to_another_program_is_not_signalled(
    data_folder: Path, port: int
) -> None:
    killed = local.start(data_folder, port)
    os.kill(killed.process_id, signal.SIGKILL)
    wait_until_dead(data_folder)
    with subprocess.Popen(["sleep", "60"]) as bystander:
        DataFolder.at(data_folder).process_id_path.write_text(str(bystander.pid))

        assert local.find(data_folder) is None
        assert local.stop(data_folder) is False
        local.start(data_folder)
        local.stop(data_folder)
        assert bystander.poll() is None, "the bystander was killed"
        bystander.kill()


def test_a_wrong_process_id_of_a_living_one_is_refused_in_words_and_not_signalled(
    data_folder: Path, port: int
) -> None:
    running = local.start(data_folder, port)
    id_path = DataFolder.at(data_folder).process_id_path
    with subprocess.Popen(["sleep", "60"]) as bystander:
        id_path.write_text(str(bystander.pid))

        with pytest.raises(local.LocalAwsError, match="does not stop"):
            local.stop(data_folder)

        assert bystander.poll() is None, "the bystander was killed"
        bystander.kill()
    id_path.write_text(str(running.process_id))


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"port": "x", "instance": 1, "started_at": null}'])
def test_a_damaged_record_costs_only_the_remembered_port(data_folder: Path, damage: str) -> None:
    folder = DataFolder.at(data_folder)
    folder.prepare()
    folder.record_path.write_text(damage)

    assert folder.read_record() is None
    assert local.find(data_folder) is None


def test_reset_of_a_running_one_forgets_everything_also_after_a_restart(data_folder: Path, port: int) -> None:
    running = local.start(data_folder, port)
    client(running, "s3").create_bucket(Bucket="gone")
    client(running, "s3").put_object(Bucket="gone", Key="k", Body=b"1")

    local.reset(data_folder)

    assert bucket_names(running) == []
    local.stop(data_folder)
    again = local.start(data_folder)
    assert bucket_names(again) == []

    local.reset(data_folder)
    client(again, "s3").create_bucket(Bucket="lost")
    os.kill(again.process_id, signal.SIGKILL)
    wait_until_dead(data_folder)
    assert local.status(data_folder).killed, "a save that the reset has deleted is none"


def test_reset_of_a_stopped_one_deletes_its_data_but_keeps_port_and_log(data_folder: Path, port: int) -> None:
    client(local.start(data_folder, port), "s3").create_bucket(Bucket="gone")
    local.stop(data_folder)

    local.reset(data_folder)

    assert not (data_folder / "state").exists()
    assert not (data_folder / "objects").exists()
    assert (data_folder / "ministack.log").stat().st_size > 0
    again = local.start(data_folder)
    assert (again.port, bucket_names(again)) == (port, [])


def test_reset_and_start_refuse_a_folder_with_other_files_because_they_delete_in_it(tmp_path: Path) -> None:
    precious = tmp_path / "state" / "thesis.txt"
    precious.parent.mkdir()
    precious.write_text("years of work")

    local.reset(tmp_path)
    with pytest.raises(local.LocalAwsError, match="already holds other files"):
        local.start(tmp_path)

    assert precious.read_text() == "years of work"


def test_whoever_looks_in_the_middle_of_a_start_never_takes_it_for_a_killed_one(
    data_folder: Path, port: int
) -> None:
    looks = []

    class LookedAt(DataFolder):
        def write_record(self, record: Record) -> None:
            super().write_record(record)
            looks.append(ended_unsaved(self))

    local.start(data_folder, port)
    local.stop(data_folder)
    folder = LookedAt(data_folder)
    folder.empty_temporary()
    launch(folder, Record(port, "eventtrack-wizard/x", time.time(), saved_before=folder.saved_at()))

    assert looks == [False]


class PreparedMeanwhile(PosixPath):
    """A folder that another start prepares just before this one lists it."""

    def iterdir(self) -> Generator[Self, None, None]:
        DataFolder(Path(self)).prepare()
        yield from super().iterdir()


def test_a_folder_that_another_start_prepares_at_the_same_time_is_not_taken_for_somebody_elses(
    tmp_path: Path,
) -> None:
    folder = DataFolder(PreparedMeanwhile(tmp_path))

    folder.prepare()

    assert folder.is_ours()


def _start_and_tell(data_folder: Path, port: int, answers: multiprocessing.Queue[int]) -> None:
    answers.put(local.start(data_folder, port).process_id)


def test_starts_at_the_same_time_make_one_process(data_folder: Path, port: int) -> None:
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    starters = [context.Process(target=_start_and_tell, args=(data_folder, port, answers)) for _ in range(3)]
    for starter in starters:
        starter.start()
    process_ids = {answers.get(timeout=120) for _ in starters}
    for starter in starters:
        starter.join(timeout=120)
    answers.close()
    answers.join_thread()

    assert len(process_ids) == 1


@pytest.mark.parametrize("delay_seconds", [0.0, 0.03, 0.08, 0.15])
def test_a_start_that_is_killed_half_way_leaves_one_process_that_the_next_start_takes_over(
    data_folder: Path, port: int, delay_seconds: float
) -> None:
    code = (
        f"from pathlib import Path; from wizard import local; local.start(Path({str(data_folder)!r}), {port})"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT) as starter:
        record_path = DataFolder.at(data_folder).record_path
        while not record_path.exists() and starter.poll() is None:
            time.sleep(0.001)
        time.sleep(delay_seconds)
        starter.kill()

    running = local.start(data_folder, port)

    assert running.port == port, "a second process would have had to move"
    assert local.stop(data_folder) is True
    with closing(socket.socket()) as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0, "something is left on the port"


def test_folder_and_files_are_the_owners_alone_because_they_hold_keys_and_events(
    data_folder: Path, port: int
) -> None:
    client(local.start(data_folder, port), "s3").create_bucket(Bucket="private")
    local.stop(data_folder)

    assert mode(data_folder) == 0o700
    for path in data_folder.rglob("*"):
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path


def test_the_log_has_content_and_is_moved_aside_when_it_grew_too_large(data_folder: Path, port: int) -> None:
    local.start(data_folder, port)
    local.stop(data_folder)
    log = local.status(data_folder).log_path
    assert "Ready" in log.read_text()
    with log.open("a") as file:
        file.write("x" * LOG_LIMIT_BYTES)

    local.start(data_folder)

    assert log.stat().st_size < LOG_LIMIT_BYTES
    assert log.with_suffix(".log.1").stat().st_size > LOG_LIMIT_BYTES


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads the environment from /proc")
def test_the_operators_aws_settings_and_token_do_not_leak_into_it(
    data_folder: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "AWS_PROFILE",
        "AWS_ENDPOINT_URL",
        "AWS_SECRET_ACCESS_KEY",
        "EVENTTRACK_TOKEN",
        "GATEWAY_PORT",
    ):
        monkeypatch.setenv(name, "leaked")

    running = local.start(data_folder, port)

    environment = Path(f"/proc/{running.process_id}/environ").read_text()
    assert "leaked" not in environment
    assert "AUTH=true" in environment


def test_it_listens_on_the_loopback_address_only(data_folder: Path, port: int) -> None:
    running = local.start(data_folder, port)
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; tells the address of this machine
        except OSError:
            pytest.skip("this machine has no way to others")
        own_address = probe.getsockname()[0]
    if own_address.startswith("127."):
        pytest.skip("this machine has no other address")

    with closing(socket.socket()) as outside:
        outside.settimeout(1)
        assert outside.connect_ex((own_address, running.port)) != 0


def test_iam_is_enforced_because_the_wizard_works_there_with_its_real_policy(
    data_folder: Path, port: int
) -> None:
    running = local.start(data_folder, port)
    iam = client(running, "iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    s3 = boto3.client(
        "s3", endpoint_url=running.url, region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"],
    )  # fmt: skip

    with pytest.raises(ClientError, match="AccessDenied"):
        s3.list_buckets()


def test_status_tells_what_runs_where_since_when_and_with_how_much_memory(
    data_folder: Path, port: int
) -> None:
    running = local.start(data_folder, port)
    found = local.status(data_folder)

    assert (found.running, found.url, found.port) == (True, running.url, port)
    assert (found.process_id, found.data_folder) == (running.process_id, data_folder)
    assert found.version is not None and found.version[0].isdigit()
    assert found.started_at is not None and found.started_at.tzinfo is not None
    assert found.uptime_seconds is not None and 0 <= found.uptime_seconds < 60
    assert found.memory_bytes is not None and found.memory_bytes > 10_000_000


def test_the_environment_names_the_data_folder(
    data_folder: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENTTRACK_LOCAL_HOME", str(data_folder))

    assert local.start(preferred_port=port).data_folder == data_folder
    assert local.stop() is True


def test_without_the_optional_extra_the_error_says_what_why_and_what_to_type() -> None:
    with pytest.raises(local.LocalAwsError) as caught:
        require_installed(find_spec=lambda name: None)

    assert "not installed" in caught.value.what
    assert "extra `local`" in caught.value.why
    assert caught.value.next_step == f"Add it with: {install_command('local')}"


def test_a_process_that_ends_at_once_is_an_error_with_the_end_of_its_log(
    data_folder: Path, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken" / "ministack"
    broken.mkdir(parents=True)
    (broken / "__init__.py").touch()
    (broken / "__main__.py").write_text("raise SystemExit('it is broken on purpose')")
    monkeypatch.setenv("PYTHONPATH", str(broken.parent))

    with pytest.raises(local.LocalAwsError) as caught:
        local.start(data_folder, port)

    assert caught.value.what == "The embedded local AWS does not start."
    assert "it is broken on purpose" in caught.value.why
    assert "local reset" in caught.value.next_step


def test_a_frozen_one_is_not_found_within_seconds_and_is_ended_by_force(data_folder: Path, port: int) -> None:
    running = local.start(data_folder, port)
    os.kill(running.process_id, signal.SIGSTOP)

    assert local.find(data_folder) is None
    end(DataFolder.at(data_folder), timeout_seconds=0.2)
    assert local.start(data_folder).process_id != running.process_id


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_an_error_in_words(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(local.LocalAwsError, match="Permission denied"):
        local.start(tmp_path / "local-aws")


def test_a_file_in_place_of_the_folder_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(local.LocalAwsError) as caught:
        local.start(tmp_path / "file")

    assert "EVENTTRACK_LOCAL_HOME" in caught.value.next_step


def test_a_function_of_two_modules_runs_with_the_role_and_the_url_but_nothing_of_the_operator(
    data_folder: Path, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENTTRACK_TOKEN", "secret")
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("lambda_function.py", "from sibling import answer\nlambda_handler = answer\n")
        archive.writestr(
            "sibling.py", "import os\ndef answer(event, context):\n    return dict(os.environ)\n"
        )
    running = local.start(data_folder, port)
    trust = {"Version": "2012-10-17", "Statement": []}
    role = client(running, "iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))[
        "Role"
    ]
    functions = client(running, "lambda")
    functions.create_function(
        FunctionName="f", Runtime="python3.13", Role=role["Arn"],
        Handler="lambda_function.lambda_handler", Code={"ZipFile": package.getvalue()},
    )  # fmt: skip

    environment = json.loads(functions.invoke(FunctionName="f")["Payload"].read())

    assert environment["AWS_ENDPOINT_URL"] == running.url
    assert environment["AWS_REGION"] == "us-east-1"
    assert environment["AWS_ACCESS_KEY_ID"].startswith("ASIA"), "a session of the role, not root"
    assert "EVENTTRACK_TOKEN" not in environment
