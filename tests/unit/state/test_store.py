"""The state file: never half-written, never readable by others, never with a secret in it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import PROJECT
from tests.aws.in_process import TOKEN, Account, Workspace
from wizard.errors import BusyError, ExitCode, NewerStateError, StateError
from wizard.identity import DeploymentId
from wizard.state.files import write_private_file
from wizard.state.lock import locked
from wizard.state.model import Lifecycle, State, TokenDigest, backup_path, further_up, load, required
from wizard.state.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "eventtrack-state.json"


@pytest.fixture
def store(path: Path) -> Store:
    identity = DeploymentId("x-1", "x", "123456789012", "aws", "us-east-1")
    return Store(
        path, State(identity, tokens=[TokenDigest("default", "ab" * 32, "2026-01-01T00:00:00+00:00")])
    )


def filled(store: Store) -> Store:
    """With a little of everything."""
    store.intend("bucket", "creating", origin="created", before=None)
    store.settle("bucket", {"name": "b"}, origin="created", before=None)
    store.pass_check("test.invoke", {"key": "k"})
    store.finish_phase("bucket", 1.234)
    store.enter("deployed")
    return store


def test_what_was_written_is_read_back(store: Store, path: Path) -> None:
    filled(store)
    assert load(path) == store.state


def test_what_was_announced_is_kept_until_the_operator_was_told_another_url(store: Store, path: Path) -> None:
    store.settle("api", {"id": "a1"}, origin="created", before=None)
    store.announce("a1")
    store.settle("api", {"id": "a2"}, origin="created", before=None)
    store.enter("deployed")
    found = load(path)
    assert found is not None
    assert found.announced_api == "a1"
    store.end_rollback()
    assert store.state.announced_api is None, "there is no URL that anybody would use"


def test_a_file_that_does_not_say_what_was_announced_means_what_a_setup_ended_with(
    store: Store, path: Path
) -> None:
    store.settle("api", {"id": "a1"}, origin="created", before=None)
    cases: list[tuple[Lifecycle, str | None]] = [("setting up", None), ("deployed", "a1")]
    for lifecycle, expected in cases:
        store.state.lifecycle = lifecycle
        store.save()
        document = json.loads(path.read_text())
        del document["announced_api"]
        path.write_text(json.dumps(document))
        found = load(path)
        assert found is not None
        assert found.announced_api == expected


def test_no_file_is_no_state(path: Path) -> None:
    assert load(path) is None


def test_only_the_owner_may_read_the_file_its_backup_and_its_holder(store: Store, path: Path) -> None:
    old_mask = os.umask(0)
    try:
        filled(store)
        with locked(path):
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(old_mask)
    assert set(modes.values()) == {0o600}, modes
    assert len(modes) == 4


def test_the_serial_grows_by_one_with_every_write(store: Store) -> None:
    store.save()
    store.save()
    assert store.state.serial == 2


def test_the_backup_is_what_the_file_held_before_the_last_write(store: Store, path: Path) -> None:
    store.save()
    before = path.read_bytes()
    store.enter("deployed")
    assert backup_path(path).read_bytes() == before
    assert path.read_bytes() != before


def test_what_is_already_so_is_not_written_again(store: Store, path: Path) -> None:
    filled(store)
    before = path.read_bytes()
    store.settle("bucket", {"name": "b"}, origin="created", before=None)
    store.enter("deployed")
    store.forget(["nothing"])
    store.flush()
    assert path.read_bytes() == before


def test_an_intent_keeps_what_was_known_and_ends_the_proofs_that_it_outdates(
    store: Store, path: Path
) -> None:
    filled(store)
    store.pass_check("other", {})
    store.intend("bucket", "updating", origin="created", before=None, outdates=["test.invoke"])
    state = load(path)
    assert state is not None
    assert state.records["bucket"].status == "updating"
    assert state.records["bucket"].facts == {"name": "b"}
    assert list(state.checks) == ["other"]


def written(path: Path) -> State:
    state = load(path)
    assert state is not None
    return state


def test_an_intent_is_on_disk_before_the_change_that_it_announces(store: Store, path: Path) -> None:
    """A kill during the change must find it there."""
    store.intend("bucket", "creating", origin="created", before=None)
    assert written(path).records["bucket"].status == "creating"


def test_an_outcome_waits_for_the_next_intent_because_a_kill_that_loses_it_costs_nothing(
    store: Store, path: Path
) -> None:
    store.intend("bucket", "creating", origin="created", before=None)
    before = path.read_bytes()
    store.settle("bucket", {"name": "b"}, origin="created", before=None)
    store.forget(["bucket.versioning"])
    store.pass_check("test.invoke", {"key": "k"})
    store.finish_phase("bucket", 1.0)
    assert path.read_bytes() == before
    store.intend("role", "creating", origin="created", before=None)
    state = written(path)
    assert state.records["bucket"].status == "present"
    assert list(state.checks) == ["test.invoke"]
    assert list(state.phases) == ["bucket"]


@pytest.mark.parametrize("end", [Store.flush, lambda store: store.enter("deployed")], ids=["flush", "enter"])
def test_the_last_outcomes_of_a_run_are_on_disk_at_its_end(
    store: Store, path: Path, end: Callable[[Store], None]
) -> None:
    store.intend("bucket", "creating", origin="created", before=None)
    store.settle("bucket", {"name": "b"}, origin="created", before=None)
    end(store)
    assert written(path).records["bucket"].facts == {"name": "b"}


def test_an_end_without_anything_new_writes_nothing(store: Store, path: Path) -> None:
    filled(store)
    serial = store.state.serial
    store.flush()
    store.enter("deployed")
    assert store.state.serial == serial


def test_intents_of_several_threads_are_all_on_disk_when_they_return(store: Store, path: Path) -> None:
    """Whoever comes while another one writes waits for a file that holds its own intent, too."""
    missing: list[str] = []

    def intend(number: int) -> None:
        for step in range(20):
            key = f"thread {number}, step {step}"
            store.intend(key, "creating", origin="created", before=None)
            if key not in written(path).records:
                missing.append(key)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(intend, range(8)))
    assert missing == []
    assert len(written(path).records) == 160
    assert written(path).serial <= 160


def test_no_temporary_file_is_left(store: Store, path: Path) -> None:
    filled(store)
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name, path.name + ".backup"]


def test_a_link_in_the_place_of_the_temporary_file_is_not_followed_to_another_mode(tmp_path: Path) -> None:
    target = tmp_path / "secret"
    write_private_file(target, "x")
    target.chmod(0o644)
    write_private_file(target, "y")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "corrupt"),
        (b"{", "corrupt"),
        (b"[]", "corrupt"),
        (b"null", "corrupt"),
        (b'"text"', "corrupt"),
        (b"{}", "corrupt"),
        (b'{"schema": 1}', "corrupt"),
        (b'{"schema": 0}', "another version"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b'{"schema": 1, "identity": {"id": 1, "unknown": 2}}', "corrupt"),
    ],
)
def test_a_file_that_is_not_ours_is_named_and_left_as_it_is(path: Path, content: bytes, words: str) -> None:
    path.write_bytes(content)
    with pytest.raises(StateError) as caught:
        load(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert caught.value.next_step
    assert path.read_bytes() == content


@pytest.mark.parametrize(("local", "command"), [(True, "recover --local`"), (False, "recover`")])
def test_a_corrupt_file_leads_to_where_its_deployment_is(path: Path, local: bool, command: str) -> None:
    identity = DeploymentId(
        "x-1", "x", "1" * 12, "aws", "us-east-1", "http://127.0.0.1:1" if local else None, local
    )
    path.write_text(State(identity).as_text()[:-20])
    with pytest.raises(StateError) as caught:
        load(path)
    assert caught.value.next_step.endswith(f"{command}.")


@pytest.mark.parametrize("content", ["[]", "null", '"text"'])
def test_what_python_says_of_a_wrong_file_is_not_told_to_people(path: Path, content: str) -> None:
    path.write_text(content)
    with pytest.raises(StateError) as caught:
        load(path)
    assert caught.value.why == "It is no state file."


def test_a_file_of_a_newer_version_is_not_called_corrupt_or_somebody_would_throw_it_away(path: Path) -> None:
    path.write_text('{"schema": 2, "wizard_version": "9.1.0"}')
    with pytest.raises(NewerStateError) as caught:
        load(path)
    assert "corrupt" not in str(caught.value)
    assert "9.1.0" in caught.value.why
    assert "Upgrade" in caught.value.next_step


@pytest.mark.parametrize(
    "member", ["pins", "settings", "records", "checks", "phases", "tokens", "serial", "stage"]
)
@pytest.mark.parametrize("value", [None, 7, "x", [1], {"a": 1}], ids=repr)
def test_a_member_of_the_wrong_kind_is_a_message_and_never_a_traceback(
    store: Store, path: Path, member: str, value: object
) -> None:
    filled(store)
    document = json.loads(path.read_text())
    document[member] = value
    path.write_text(json.dumps(document))
    try:
        load(path)
    except StateError:
        return
    assert member not in ("pins", "records", "tokens", "stage") or value in ({}, [])


def test_a_truncated_file_comes_with_the_last_good_copy(store: Store, path: Path) -> None:
    filled(store)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StateError) as caught:
        load(path)
    assert f"cp {backup_path(path)} {path}" in caught.value.next_step
    backup_path(path).replace(path)
    assert load(path) is not None


def test_a_damaged_backup_is_not_offered(store: Store, path: Path) -> None:
    filled(store)
    path.write_text("{")
    backup_path(path).write_text("{")
    with pytest.raises(StateError) as caught:
        load(path)
    assert "cp " not in caught.value.next_step
    assert "recover" in caught.value.next_step


def test_a_folder_in_the_place_of_the_file_is_a_message(path: Path) -> None:
    path.mkdir()
    with pytest.raises(StateError, match="cannot be read"):
        load(path)


def run_python(code: str, *arguments: str, under: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """A process of its own, for limits and kills."""
    return subprocess.run(
        [*under, sys.executable, "-c", textwrap.dedent(code), *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("action", ["store.save()", "locked(path).__enter__()"])
def test_a_folder_that_cannot_be_written_is_a_message_that_says_nothing_was_changed(
    store: Store, path: Path, action: str
) -> None:
    filled(store)
    before = path.read_bytes()
    path.parent.chmod(0o500)
    # Root writes everywhere, unless that right is taken away.
    under = (
        ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override") if os.geteuid() == 0 else ()
    )
    if under and shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed, so root cannot be kept from writing")
    try:
        done = run_python(
            f"""
            import sys
            from pathlib import Path
            from wizard.errors import NewerStateError, StateError
            from wizard.state.lock import locked
            from wizard.state.model import load
            from wizard.state.store import Store

            path = Path(sys.argv[1])
            store = Store(path, load(path))
            try:
                {action}
            except StateError as error:
                print(error, error.next_step)
            """,
            str(path),
            under=under,
        )
    finally:
        path.parent.chmod(0o700)
    assert "cannot be written. Permission denied" in done.stdout, done.stderr
    assert "Nothing more was changed" in done.stdout
    assert path.read_bytes() == before


def test_a_full_disk_leaves_the_old_file_whole_and_says_so(store: Store, path: Path) -> None:
    filled(store)
    before = path.read_bytes()
    done = run_python(
        """
        import resource, signal, sys
        from pathlib import Path
        from wizard.errors import NewerStateError, StateError
        from wizard.state.model import load
        from wizard.state.store import Store

        path = Path(sys.argv[1])
        store = Store(path, load(path))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        try:
            store.enter("rolling back")
        except StateError as error:
            print(error)
        """,
        str(path),
    )
    assert "cannot be written" in done.stdout, done.stderr
    assert path.read_bytes() == before
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name, path.name + ".backup"]


@pytest.mark.parametrize("step", ["fsync", "replace", "link"])
def test_a_kill_at_any_step_of_a_write_leaves_the_old_file_or_the_new_one(
    store: Store, path: Path, step: str
) -> None:
    filled(store)
    done = run_python(
        """
        import os, signal, sys
        from pathlib import Path
        from wizard.state.model import load
        from wizard.state.store import Store

        path = Path(sys.argv[1])
        store = Store(path, load(path))
        def die(event, arguments):
            if event == {"fsync": "os.listdir", "replace": "os.rename", "link": "os.link"}[sys.argv[2]]:
                os.kill(os.getpid(), signal.SIGKILL)
        if sys.argv[2] == "fsync":
            os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(die)
        store.enter("rolling back")
        """,
        str(path),
        step,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    state = load(path)
    assert state is not None
    assert state.lifecycle == "deployed"
    Store(path, state).enter("rolling back")
    after = load(path)
    assert after is not None
    assert after.lifecycle == "rolling back"


HOLD = """
import sys, time
from pathlib import Path
from wizard.state.lock import locked

with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(path: Path) -> subprocess.Popen[str]:
    """Another process that holds the state file."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    """Kill it, so that it cleans nothing up."""
    process.kill()
    process.wait(60)
    assert process.stdout is not None
    process.stdout.close()


def test_a_second_process_is_told_who_holds_the_file(path: Path, holder: subprocess.Popen[str]) -> None:
    try:
        begun = time.monotonic()
        with pytest.raises(BusyError, match=f"process {holder.pid} ") as caught, locked(path):
            pass
        assert caught.value.exit_code == ExitCode.BUSY
        assert time.monotonic() - begun < 20, "it was not waited for"
    finally:
        end(holder)


def test_the_lock_of_a_killed_process_is_taken_over(path: Path, holder: subprocess.Popen[str]) -> None:
    end(holder)
    with locked(path):
        pass
    with locked(path):
        pass


def test_only_what_runs_of_this_file_had_half_written_is_removed_because_others_are_still_writing(
    path: Path,
) -> None:
    ours = [path, path.with_suffix(".token"), path.with_suffix(".rotation")]
    ours += [path.with_name(path.name + suffix) for suffix in (".backup", ".holder")]
    others = [path.with_name(path.name + ".eu"), path.with_name("other.json")]
    for kept in (*ours, *others):
        kept.with_name(f".{kept.name}.123.tmp").touch()

    with locked(path):
        pass

    left = {file.name for file in path.parent.glob(".*.tmp")}
    assert left == {f".{other.name}.123.tmp" for other in others}


def test_a_run_leaves_no_lock_behind_because_a_folder_of_refused_runs_shall_stay_empty(path: Path) -> None:
    with pytest.raises(StateError), locked(path):
        raise StateError(what="Refused.", why="", next_step="")
    assert list(path.parent.iterdir()) == []


def test_who_is_refused_leaves_the_lock_of_the_holder_alone(
    path: Path, holder: subprocess.Popen[str]
) -> None:
    try:
        for _ in range(2):
            with pytest.raises(BusyError), locked(path):
                pass
    finally:
        end(holder)


def test_a_lock_that_was_removed_while_it_was_taken_locks_nothing_and_is_taken_again(path: Path) -> None:
    done = run_python(
        """
        import sys
        from pathlib import Path
        from wizard.state.lock import locked

        path, taken = Path(sys.argv[1]), []
        lock_path = path.with_name(path.name + ".lock")

        def remove_once(event, arguments):
            # As a run that ends between our opening and our locking of the file.
            if event == "fcntl.flock" and not taken:
                taken.append(event)
                lock_path.unlink()

        sys.addaudithook(remove_once)
        with locked(path):
            print(taken, lock_path.exists())
        """,
        str(path),
    )
    assert done.stdout == "['fcntl.flock'] True\n", done.stderr


def test_the_folder_of_the_state_file_is_made_if_need_be(tmp_path: Path) -> None:
    with locked(tmp_path / "a" / "b" / "state.json"):
        assert (tmp_path / "a" / "b").is_dir()


def test_a_whole_deployment_leaves_no_secret_in_the_file_or_its_backup(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    for file in workspace.path.parent.iterdir():
        text = file.read_text()
        assert TOKEN not in text
        assert "aws_secret" not in text.casefold()
    assert account.endpoint.requests


def test_a_deployment_further_up_is_mentioned_because_people_go_into_subfolders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "eventtrack-state.json").write_text("{}")
    (tmp_path / "a b" / "c").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a b" / "c")
    with pytest.raises(StateError) as caught:
        required(Path("eventtrack-state.json"))
    assert caught.value.why == "There is one further up, in ../../eventtrack-state.json."
    assert "--state ../../eventtrack-state.json" in caught.value.next_step

    assert further_up(Path("other.json")) is None
    assert further_up(Path("x/eventtrack-state.json")) is None, "who names a folder means it"
