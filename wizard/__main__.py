"""`python -m wizard`, and the entry point of `eventtrack-wizard`."""

import gc
import sys

from wizard import __version__


def main() -> None:
    """Run the command line. Its version alone is said without loading any of it."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"eventtrack-wizard {__version__}\n")
        return
    # Loading and help make next to no garbage, and looking for it takes a tenth of their time;
    # every command switches it on again.
    gc.disable()
    from wizard.cli.app import main as run

    run()


if __name__ == "__main__":
    main()
