"""Where ``upload_server.py`` keeps what it receives, and how far each upload has come.

All of it is files: where there are several workers, the one that receives an upload is seldom the
one that is asked how far it has come.

- The files of an upload arrive in a directory of their own, ``.<id>.part``, which is renamed to
  ``<id>`` when all are whole.  So nobody ever sees half an upload, nothing is overwritten, and
  where an upload fails there is one thing to remove.  Its process has it locked: what nobody holds
  any more is left of one that was killed, and goes when the next one starts.
- What is known of it is ``<id>.json``, replaced as a whole twenty times a second.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import os
import re
import shutil
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from starlette.concurrency import run_in_threadpool

from partstream import FilePart

try:
    import fcntl
except ImportError:  # on Windows: there, nobody tells what was left by whom, and it stays
    fcntl = None  # type: ignore[assignment]

#: Seconds between two reports.
PACE = 0.05
#: Bytes that go to the disk at once, on a thread: one for each chunk made uploads half as fast.
BATCH = 1 << 20
#: How many samples of the throughput there are at most.  When there are more, every other one goes,
#: and from then on they are taken half as often.
SAMPLES = 240
#: Seconds after which a report is forgotten.
KEPT = 3600
#: What directories of files that arrive are called.
ARRIVING = re.compile(r"\.[0-9a-f]{32}\.part")
#: How much is reported of what a client may make thousands of characters long.
SHOWN = 200


@dataclass
class PartReport:
    """How far a file has come.  ``saved`` is its name here; ``sha256`` comes when it is whole."""

    name: str
    filename: str
    content_type: str | None
    saved: str
    size: int = 0
    seconds: float = 0.0
    sha256: str | None = None


@dataclass
class Report:
    """How far an upload has come.

    Attributes:
        id: of the upload.
        length: of the body that was announced, None if none was.
        worker: the process that receives it.
        backend: the twin of partstream that reads it.
        phase: ``"receiving"``, ``"done"``, or ``"failed"``: then nothing of it was kept.
        error: why it failed.
        size: bytes of all files, so far.
        seconds: since it began.
        samples: seconds, and bytes so far.
    """

    id: str
    length: int | None
    backend: str
    worker: int = field(default_factory=os.getpid)
    phase: str = "receiving"
    error: str | None = None
    size: int = 0
    seconds: float = 0.0
    parts: list[PartReport] = field(default_factory=list[PartReport])
    samples: list[tuple[float, int]] = field(default_factory=lambda: [(0.0, 0)])

    def json(self) -> bytes:
        """Give it to a program."""
        return json.dumps(asdict(self)).encode()

    def text(self) -> str:
        """Give it to a person without a page."""
        if self.phase != "done":
            return f"The upload failed: {self.error}\n"
        lines = [f"{part.sha256}  {part.size:>12,}  {part.saved}" for part in self.parts]
        files = "1 file" if len(lines) == 1 else f"{len(lines)} files"
        return "\n".join([*lines, f"{files}, {self.size:,} bytes"]) + "\n"


class Upload:
    """An upload while it arrives: with ``async with``, all of it is kept at the end, or nothing.

    Args:
        arriving: a directory for its files.
        kept: what that is renamed to.
        saved: the file for its report.
        report: as it is at the beginning.
    """

    def __init__(self, arriving: Path, kept: Path, saved: Path, report: Report) -> None:
        self.report = report
        self._lock = _locked(arriving)
        self._arriving = arriving
        self._kept = kept
        self._saved = saved
        self._started = time.perf_counter()
        self._every = 1  # how many reports there are to a sample

    async def __aenter__(self) -> Upload:
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Nothing is awaited here: a task that was cancelled might not come back.
        self._watching.cancel()
        try:
            if error is None and self.report.parts:
                self._arriving.rename(self._kept)
        except OSError as failure:
            error = failure
            raise
        finally:
            shutil.rmtree(self._arriving, ignore_errors=True)
            if self._lock is not None:
                os.close(self._lock)  # not before: who gets the lock removes what has this name
            self.report.phase = "done" if error is None else "failed"
            self.report.error = None if error is None else reason(error)
            self._sample()
            self._save()

    async def take(self, part: FilePart) -> None:
        """Take a file away while it arrives: into a hash, and onto the disk."""
        with _created(self._arriving, part.safe_name) as file:
            kind = part.content_type and part.content_type[:SHOWN]
            seen = PartReport(part.name[:SHOWN], part.filename[:SHOWN], kind, Path(file.name).name)
            self.report.parts.append(seen)
            digest = hashlib.sha256()
            begun = time.perf_counter()
            pieces: list[bytes] = []
            held = 0
            async for chunk in part:
                pieces.append(chunk)
                held += len(chunk)
                seen.size += len(chunk)
                self.report.size += len(chunk)
                seen.seconds = time.perf_counter() - begun
                if held >= BATCH:
                    await run_in_threadpool(_write, file, digest, pieces)
                    pieces, held = [], 0
            await run_in_threadpool(_write, file, digest, pieces)
            seen.seconds = time.perf_counter() - begun
            seen.sha256 = digest.hexdigest()

    async def _watch(self) -> None:
        for number in itertools.count(1):
            await asyncio.sleep(PACE)
            if number % self._every == 0:
                self._sample()
            with suppress(OSError):  # the next one may do better
                self._save()

    def _sample(self) -> None:
        report, samples = self.report, self.report.samples
        report.seconds = time.perf_counter() - self._started
        if len(samples) > 1 and report.seconds - samples[-1][0] < PACE * self._every / 2:
            samples.pop()  # the last one comes early; what a moment brings would be a spike
        samples.append((report.seconds, report.size))
        if len(samples) > SAMPLES:
            del samples[1::2]
            self._every *= 2

    def _save(self) -> None:
        # A few kilobytes, which are not worth a thread.
        self.report.seconds = time.perf_counter() - self._started
        new = self._saved.with_suffix(".new")
        new.write_bytes(self.report.json())
        new.replace(self._saved)  # so that nobody reads half of it


def _write(file: BinaryIO, digest: Any, pieces: list[bytes]) -> None:
    for piece in pieces:
        digest.update(piece)
    file.writelines(pieces)


def _locked(directory: Path) -> int | None:
    """Lock a directory until its handle is closed, or the process ends, and give the handle.

    It is None where another process has it, or nothing can be locked.
    """
    if fcntl is None:
        return None
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


class Store:
    """Uploads, and reports of them, which all workers share.

    Args:
        directory: where files are kept.
        reports: a directory for reports.
    """

    def __init__(self, directory: Path, reports: Path) -> None:
        self._directory = directory
        self._reports = reports

    def upload(self, id: str, length: int | None, backend: str) -> Upload:  # noqa: A002
        """Begin an upload.

        Args:
            id: of the upload: letters and digits.
            length: of its body, if it is known.
            backend: of what reads it.

        Raises:
            FileExistsError: where there is one of this id.
            OSError: where the disk will not.
        """
        self._forget()
        saved = self._reports / f"{id}.json"
        saved.touch(exist_ok=False)
        arriving = self._directory / f".{id}.part"
        try:
            arriving.mkdir()
        except OSError:
            saved.unlink()
            raise
        return Upload(arriving, self._directory / id, saved, Report(id, length, backend))

    def clean(self) -> None:
        """Remove what processes that were killed left of uploads.

        Others may be at work in the same directory.  What they have is locked, but for the moment
        in which it is made: so what is new stays.
        """
        now = time.time()
        for path in self._directory.iterdir():
            with suppress(OSError):  # no directory, or another process is faster
                if ARRIVING.fullmatch(path.name) and path.lstat().st_mtime < now:
                    lock = _locked(path)
                    if lock is not None:
                        shutil.rmtree(path, ignore_errors=True)
                        os.close(lock)

    def report(self, id: str) -> bytes | None:  # noqa: A002
        """Give the report of an upload as JSON; None where nothing is known of it."""
        with suppress(OSError):
            return (self._reports / f"{id}.json").read_bytes() or None
        return None

    def _forget(self) -> None:
        before = time.time() - KEPT
        for path in self._reports.iterdir():
            with suppress(OSError):  # another worker may be faster
                if path.stat().st_mtime < before:
                    path.unlink()


def reason(error: BaseException) -> str:
    """Say what went wrong, to whoever uploads."""
    if isinstance(error, OSError):
        return error.strerror or "the disk will not"  # without the paths of this machine
    return str(error) or "the connection was closed amid the upload"


def _created(directory: Path, name: str) -> BinaryIO:
    """Make a file that was not there, of this name or one like it."""
    path, number = directory / name, 1
    while True:
        try:
            return path.open("xb")
        except FileExistsError:
            number += 1
            path = directory / f"{Path(name).stem} ({number}){Path(name).suffix}"
