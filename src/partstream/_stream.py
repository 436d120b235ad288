"""One source, and the flow of events that comes out of it, with what all its readers share."""

from __future__ import annotations

from ._backend import PartBegin
from ._flow import Flow
from ._settings import Settings, SizeError, latin
from .deviations import Deviation
from .limits import Limits
from .parameters import Header, boundary_of
from .parser import MultipartParser
from .policy import Policy

__all__ = ["Stream"]


class Stream(Flow):
    """One source, and the flow of events that comes out of it.

    Attributes:
        current: the event that the newest part began with.
        charset: what the leading field ``_charset_`` of a form said, None where there was none.
    """

    __slots__ = ("boundary", "charset", "current", "delimiter", "settings", "subtype")

    def __init__(
        self, value: str, limits: Limits, policy: Policy, size_error: SizeError | None
    ) -> None:
        essence = value.partition(";")[0].strip(" \t").lower()
        self.subtype = essence.removeprefix("multipart/")
        form = self.subtype == "form-data"
        self.settings = settings = Settings(limits, policy, form, size_error)
        self.boundary = boundary_of(Header(latin(value), None, settings.mask, form))
        self.delimiter = b"--" + self.boundary
        parser = MultipartParser(
            self.boundary, subtype=self.subtype, nested=True, limits=limits, policy=policy
        )
        super().__init__(parser, drain=not settings.mask & Deviation.EPILOGUE.bit)
        self.current: PartBegin | None = None
        self.charset: str | None = None
