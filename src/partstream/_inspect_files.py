"""Bodies written to files, under names that a peer cannot turn against whoever asks for them.

A name is the part's number and what is left of its filename: the last component, whichever
separator was used, in letters, digits and a few signs.  The number in front makes it unique, keeps
it from being hidden, and from being a device of Windows (``CON``).  A file is only ever created,
never opened: nothing is overwritten, and no link is followed.
"""

from __future__ import annotations

import os
from typing import BinaryIO, Final

from ._inspect_report import Part

__all__ = ["Extraction", "safe_name"]

_SIGNS: Final = "._-+ ()[]@,="
_MAX_NAME: Final = 120  # bytes; file systems end at 255, and a copy gets a suffix
_MAX_ENDING: Final = 16
_MAX_COPIES: Final = 1000


class Extraction:
    """A sink that writes each body to a file of its own.

    Args:
        directory: where; it is made if it is not there.

    Raises:
        OSError: from every method, where the system does not let it write.
    """

    def __init__(self, directory: str) -> None:
        os.makedirs(directory, exist_ok=True)
        self._directory = directory
        self._file: BinaryIO | None = None

    def begin(self, part: Part) -> None:
        """Create the file of a part, and note its path in the part."""
        part.path, self._file = _created(self._directory, safe_name(part))

    def data(self, data: bytes) -> None:
        """Write some of the body."""
        if self._file is not None:
            self._file.write(data)

    def end(self, part: Part) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close what is open, on whatever way out."""
        file, self._file = self._file, None
        if file is not None:
            file.close()


def safe_name(part: Part) -> str:
    """Give the name of the file for a part."""
    name = _last_component(part.filename or "") or _last_component(part.name or "") or "part"
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode()) > _MAX_ENDING:
        stem, dot, ending = name, "", ""
    room = _MAX_NAME - len(dot + ending)
    cut = stem.encode()[:room].decode("utf-8", "ignore")
    number = part.number if len(part.number) < _MAX_NAME else part.number[:_MAX_NAME] + "_"
    return _encodable(f"{number}-{cut}{dot}{ending}")


def _encodable(name: str) -> str:
    """Give a name that the file system can write, whatever its encoding is."""
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return "".join(char if char.isascii() else "_" for char in name)
    return name


def _last_component(path: str) -> str:
    # 300 characters are more than will be kept, and a megabyte of them is not worth a look.
    name = path[-300:].replace("\\", "/").rstrip("/").rpartition("/")[2]
    safe = "".join(char if char.isalnum() or char in _SIGNS else "_" for char in name)
    return safe.strip(" .")


def _created(directory: str, name: str) -> tuple[str, BinaryIO]:
    stem, ending = os.path.splitext(name)
    for copy in range(_MAX_COPIES):
        path = os.path.join(directory, f"{stem}-{copy}{ending}" if copy else name)
        try:
            return path, open(path, "xb")
        except FileExistsError:
            continue
    path = os.path.join(directory, name)
    raise FileExistsError(f"{_MAX_COPIES} files like this one exist: {path}")
