"""`python -m wizard`, and the entry point of `eventtrack-wizard`."""

import gc
import os
import sys

from wizard import __version__


def main() -> None:
    """Run the command line; standard streams that are closed, full or gone are survived."""
    _open_what_is_closed()
    try:
        _run()
    except OSError as error:
        from wizard.ui.output import is_of_output

        if not is_of_output(error):
            raise
        sys.exit(_end_without_output(error))
    finally:
        # At its end Python would look through all of it once more; that takes a tenth of a `status`.
        gc.freeze()


def _run() -> None:
    """The version alone is said without loading the command line."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"eventtrack-wizard {__version__}\n")
        sys.stdout.flush()
        return
    # Loading and help make next to no garbage, and looking for it takes a tenth of their time;
    # every command switches it on again.
    gc.disable()
    from wizard.cli.app import main as run

    run()


def _open_what_is_closed() -> None:
    """A standard stream that was closed by whoever started us (`>&-`) becomes the null device.

    Otherwise Python has None for it, and the next file or connection that is opened gets its number."""
    for number, (name, flags) in enumerate(
        (("stdin", os.O_RDONLY), ("stdout", os.O_WRONLY), ("stderr", os.O_WRONLY))
    ):
        if getattr(sys, name) is None:
            # The lowest free number is given out, and those before are open by now.
            os.open(os.devnull, flags)
            setattr(sys, name, os.fdopen(number, "w" if flags else "r", encoding="utf-8"))


def _end_without_output(error: OSError) -> int:
    """Say it where that is possible. What is still to be written goes to the null device, or Python would
    try once more at exit and complain."""
    message = f"error: The output could not be written: {error.strerror}. What was done is saved.\n"
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is sys.stderr:
                stream.write(message)
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return 1


if __name__ == "__main__":
    main()
