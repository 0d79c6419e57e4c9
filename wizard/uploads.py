"""What may be uploaded as the function's code: this version's, or what was uploaded before it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from wizard import package
from wizard.package import Package
from wizard.state.files import beside, write_private_file
from wizard.state.model import unwritable

# This version's code, the one before, and one more for a run that was killed before its upload.
KEPT = 3


class Uploads:
    """The packages that were uploaded, the newest last, in a folder beside the state file.

    Args:
        folder: made when it is needed; None keeps nothing.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    @classmethod
    def beside(cls, state_path: Path) -> Uploads:
        """Of the deployment with this state file: `eventtrack-state.json` has `eventtrack-state.code/`."""
        return cls(beside(state_path, ".code"))

    def former(self) -> Package | None:
        """The newest that is not of this version; None where none is kept."""
        ours = package.build().sha256
        for path in reversed(self._files()):
            with suppress(FileNotFoundError):  # who only looks may do so while a rollback removes them
                kept = package.packed(path.read_bytes())
                if kept.sha256 != ours:
                    return kept
        return None

    def keep(self, uploaded: Package) -> None:
        """Write down what is about to be uploaded; only the newest few stay.

        Raises:
            StateError: the disk is full, the folder is read-only, …
        """
        if self._folder is None:
            return
        known = self._files()
        number = max(map(_number, known), default=0) + 1
        others = [path for path in known if path.read_bytes() != uploaded.content]
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            write_private_file(self._folder / f"{number}.zip", uploaded.content)
        except OSError as error:
            raise unwritable(self._folder, error) from error
        for path in set(known) - set(others[-(KEPT - 1) :]):
            path.unlink()

    def remove(self) -> None:
        """Forget them all."""
        if self._folder is not None and self._folder.is_dir():
            for path in self._folder.iterdir():
                path.unlink()
            self._folder.rmdir()

    def _files(self) -> list[Path]:
        if self._folder is None:
            return []
        try:
            return sorted((path for path in self._folder.glob("*.zip") if path.stem.isdigit()), key=_number)
        except FileNotFoundError:  # the folder is removed at this moment
            return []


def _number(path: Path) -> int:
    return int(path.stem)
