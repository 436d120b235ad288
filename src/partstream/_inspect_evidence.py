"""What a diagnosis looks at, beside the fault itself."""

from __future__ import annotations

from typing import NamedTuple

from ._inspect_difference import quoted
from ._inspect_report import Report
from .errors import MultipartError
from .message import Delimiter
from .parameters import checked_boundary
from .policy import Policy

__all__ = ["Evidence"]


class Evidence(NamedTuple):
    """What is known when the reading stopped.

    Attributes:
        report: what was found so far.
        policy: what was tolerated.
        start: the first bytes of the body.
        end: its last bytes.
        delimiter: the first line of the body that looks like a delimiter.
        length: the Content-Length that counted, None where none did.
        chunks_ended: whether there were chunks, and the last one came.
        missing: what the framing of the message lacks, as a clause; empty for nothing.
        rest: how many bytes are known to follow the message in its file.
        size: how many bytes of the body were read.
        place: in or after which part that was.
        message: the error's.
    """

    report: Report
    policy: Policy
    start: bytes
    end: bytes
    delimiter: Delimiter | None
    length: int | None
    chunks_ended: bool
    missing: str
    rest: int
    size: int
    place: str
    message: str

    @property
    def boundary(self) -> bytes:
        """The boundary that was looked for, empty where there was none."""
        return self.report.boundary or b""

    def is_announced(self, boundary: bytes) -> bool:
        """Tell whether a delimiter line with this boundary is one of the announced boundary."""
        announced = self.boundary
        return boundary in (announced, announced + b"--", announced.removeprefix(b"--"))

    def first_line(self) -> str:
        """Give the first line that looks like a delimiter, in quotes."""
        return "" if self.delimiter is None else quoted(b"--" + self.delimiter.boundary)

    def hint(self) -> list[str]:
        """Say how the body can be read with the boundary that it has."""
        if self.delimiter is None:
            return []
        try:
            checked_boundary(self.delimiter.boundary)
        except MultipartError:
            return []
        return [f"--boundary {quoted(self.delimiter.boundary)} reads it as it is"]
