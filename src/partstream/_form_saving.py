"""A file of a form is saved under a name: all of it or nothing, whoever looks meanwhile."""

from __future__ import annotations

import errno
import io
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from ._form_spool import write_all
from ._later import Later

if TYPE_CHECKING:
    import secrets
else:
    secrets = Later("secrets")

__all__ = ["copy", "save"]

_BLOCK: Final = 1 << 20
_DIRECTORY: Final[int] = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_NEW: Final[int] = (
    os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)
#: Whether an open file without a name can be given one (Linux).
#: CPython on WebAssembly has a /proc and knows the flag, and has no links.
_LINKS: Final = hasattr(os, "O_TMPFILE") and hasattr(os, "link") and os.path.isdir("/proc/self/fd")


def save(file: Any, path: Any, filename: str, may_link: bool) -> bool:
    """Save a file.

    It is written under a name of its own beside ``path``, and renamed when it is whole; what was
    there before is replaced.  A symbolic link there is replaced too, never followed.

    Args:
        file: a BytesIO, or a file without a buffer; its position stays.
        path: where to.
        filename: as sent.
        may_link: whether the file itself may be given the name, where it is on disk without one,
            and on the same file system.  That costs nothing, and what is written onto it from
            then on is written onto what was saved.

    Returns:
        Whether it was given the name.

    Raises:
        OSError: where it cannot be saved; nothing is left then.
        ValueError: for a directory, and for a path that leaves its directory because the filename
            as sent was joined to it.
    """
    target = checked(path, filename)
    folder, name = os.path.split(target)
    beside = os.path.join(folder, f".{secrets.token_hex(12)}.part")
    linked = may_link and _linked(file, folder or os.curdir, os.path.basename(beside))
    if not linked:
        try:
            _write(file, beside)
        except OSError as error:
            if error.filename == beside:  # no folder there, or not ours: tell of the caller's name
                error.filename = target
            raise
    try:
        os.replace(beside, os.path.join(folder, name))
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise
    return linked


def checked(path: str | bytes | os.PathLike[str] | os.PathLike[bytes], filename: str) -> str:
    """Give a path as text.

    Raises:
        TypeError: for what is no path.
        ValueError: see :func:`save`.
    """
    target = os.fsdecode(os.fspath(path))
    if os.path.basename(target) in ("", ".", ".."):
        raise ValueError(f"{target!r} names a directory: join the safe_name of the file to it")
    parts = filename.replace("\\", "/").split("/")
    if (".." in parts and target.endswith(filename)) or (len(parts) > 1 and target == filename):
        raise ValueError(
            f"{target!r} leaves its directory, by the filename that was sent: join the safe_name "
            "of the file, never its filename"
        )
    return target


def copy(file: Any, onto: Any) -> None:
    """Copy all of a file; its position stays."""
    if isinstance(file, io.BytesIO):
        write_all(onto, [file.getvalue()])
        return
    place = file.tell()
    try:
        file.seek(0)
        while piece := file.read(_BLOCK):
            write_all(onto, [piece])
    finally:
        file.seek(place)


def _write(file: Any, path: str) -> None:
    """Write a copy under a name that is new."""
    with io.FileIO(os.open(path, _NEW, 0o666), "w") as onto:
        try:
            copy(file, onto)
        except BaseException:
            with suppress(OSError):
                os.unlink(path)
            raise


def _linked(file: Any, folder: str, name: str) -> bool:
    """Give a file without a name one; tell whether that is possible here (open(2), O_TMPFILE)."""
    if not _LINKS or os.fstat(file.fileno()).st_nlink:
        return False
    directory = os.open(folder, os.O_RDONLY | _DIRECTORY)
    try:
        # With the descriptor of a directory, Python follows the link that stands in /proc.
        os.link(f"/proc/self/fd/{file.fileno()}", name, dst_dir_fd=directory, follow_symlinks=True)
    except OSError as error:
        if error.errno in (errno.EXDEV, errno.ENOENT, errno.EPERM, errno.EACCES, errno.EOPNOTSUPP):
            return False  # another file system, or one without links: copying tells what is wrong
        raise
    finally:
        os.close(directory)
    return True
