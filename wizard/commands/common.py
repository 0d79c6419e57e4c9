"""What all commands share: when they stop, how they say what went wrong."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Literal

from wizard.errors import CredentialsError, ExitCode, Interrupted, UsageError, WizardError
from wizard.options import Options
from wizard.ui.output import discard_output, is_of_output, messages, missing_for_questions, print_json

if TYPE_CHECKING:
    from wizard.clock import SystemClock

# After the first Ctrl-C a call in flight has this many seconds to end; the state file is right either way.
# With the way out it is to be less than two seconds, also on a busy machine.
SECONDS_TO_FINISH = 1.0

# What `--json` makes of a command: nothing where it was not given, one document, or one line an event.
JsonForm = Literal["none", "document", "lines"]


@contextmanager
def stoppable(clock: SystemClock) -> Iterator[None]:
    """Let the first Ctrl-C, SIGTERM or closed window finish the call in flight, the second one stop at once.

    Raises:
        Interrupted: from inside the block.
    """

    def stop_now(_number: int, _frame: FrameType | None) -> None:
        raise Interrupted

    def stop_soon(number: int, frame: FrameType | None) -> None:
        if clock.stop.is_set():
            stop_now(number, frame)
        # First the alarm: in the middle of a wait for `stop` its own lock would hold up `set` for ever.
        signal.setitimer(signal.ITIMER_REAL, SECONDS_TO_FINISH)
        clock.stop.set()

    handlers = {signal.SIGINT: stop_soon, signal.SIGTERM: stop_soon, signal.SIGALRM: stop_now}
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # or it runs under nohup
        handlers[signal.SIGHUP] = stop_soon
    former = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in former.items():
            signal.signal(number, handler)


def nobody_answers(what: str, command: str, *, as_json: bool = False) -> UsageError:
    """A command that would have to ask, where nobody can answer; `command` is the one that asks nothing."""
    return UsageError(
        what=what,
        why="With --json nothing is asked." if as_json else missing_for_questions(),
        next_step=f"Run `eventtrack-wizard {command}`.",
    )


def complete(error: WizardError, options: Options) -> None:
    """Complete the commands that an error names with the options of this run, which it cannot know."""
    error.next_step = options.complete(error.next_step)
    profile = options.profile or os.environ.get("AWS_PROFILE")
    if not profile or not isinstance(error, CredentialsError):
        return
    for command in ("aws sso login", "aws login", "aws configure"):
        error.next_step = error.next_step.replace(f"`{command}`", f"`{command} --profile {profile}`")
    error.next_step = error.next_step.replace("--profile NAME", f"--profile {profile}")


def say(text: str, options: Options) -> None:
    """Print a message; commands that it quotes are completed with the options of this run."""
    messages().print(options.complete(text), markup=False)


def guarded(action: Callable[[], ExitCode], options: Options, *, form: JsonForm = "none") -> ExitCode:
    """Run a command; whatever goes wrong becomes a message and a known exit code, never a traceback."""
    saved_before = _written_at(options.state)
    try:
        return action()
    except WizardError as error:
        return _show(error, options, form)
    except (Interrupted, KeyboardInterrupt):
        stopped = _stopped(changed=_written_at(options.state) != saved_before)
        messages().print(f"{stopped.what} {stopped.why}")
        if form == "lines":
            _tell(stopped, options)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        discard_output()
        return ExitCode.DONE
    except Exception as error:
        if is_of_output(error) or os.environ.get("EVENTTRACK_DEBUG"):
            raise
        return _show(_unexpected(error), options, form)


def _stopped(*, changed: bool) -> WizardError:
    """What to say after Ctrl-C; the state file is written ahead of every change, so it tells of any."""
    saved = "What was done is saved; run the same command again to continue."
    return WizardError(
        what="Stopped.",
        why=saved if changed else "Nothing was changed.",
        next_step="Run the same command again.",
        exit_code=ExitCode.INTERRUPTED,
    )


def _written_at(path: Path) -> int | None:
    """When the file was last written, in nanoseconds; None when there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def _show(error: WizardError, options: Options, form: JsonForm) -> ExitCode:
    from wizard.ui.error_panel import print_error

    complete(error, options)
    print_error(messages(), error)
    if form == "document":
        print_json({"error": error.as_dict()})
    elif form == "lines":
        _tell(error, options)
    return error.exit_code


def _tell(error: WizardError, options: Options) -> None:
    from wizard.ui import ndjson

    ndjson.teller(options.complete)(ndjson.failed(error))


def _unexpected(error: Exception) -> WizardError:
    """AWS's errors that no place expected are explained; anything else is a fault of ours."""
    from wizard.aws.errors import AWS_ERRORS
    from wizard.aws.retry import explained

    if isinstance(error, AWS_ERRORS):
        return explained(error, "finish")
    return WizardError(
        what=f"The wizard itself failed: {type(error).__name__}.",
        why="This is a fault in eventtrack-wizard. What was done is in the state file.",
        next_step="Run the same command again with EVENTTRACK_DEBUG=1 and report what it prints.",
    )
