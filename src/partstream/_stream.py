"""One source, and the flow of events that comes out of it, with what all its readers share."""

from __future__ import annotations

from typing import Any, Final

from ._backend import PartBegin
from ._flow import Flow
from ._settings import Settings, SizeError, latin
from .deviations import Deviation
from .limits import Limits
from .parameters import Header, boundary_of, usual_multipart
from .parser import MultipartParser
from .policy import Policy

__all__ = ["Stream"]

_EPILOGUE: Final = Deviation.EPILOGUE.bit


class Stream(Flow):
    """One source, and the flow of events that comes out of it.

    Attributes:
        current: the event that the newest part began with.
        charset: what the leading field ``_charset_`` of a form said, None where there was none.
        part_cls: the driver's own class of parts.
    """

    __slots__ = ("boundary", "charset", "current", "delimiter", "part_cls", "subtype")

    def __init__(
        self, value: str, limits: Limits, policy: Policy, size_error: SizeError | None
    ) -> None:
        usual = usual_multipart(value)
        if usual is not None:
            self.subtype = usual[0]
        else:
            essence = value.partition(";")[0].strip(" \t").lower()
            self.subtype = essence.removeprefix("multipart/")
        form = self.subtype == "form-data"
        settings = Settings(limits, policy, form, size_error)
        mask = settings.mask
        if usual is not None:
            self.boundary = usual[1]
        else:
            self.boundary = boundary_of(Header(latin(value), None, mask, form))
        self.delimiter = b"--" + self.boundary
        parser = MultipartParser(
            self.boundary, subtype=self.subtype, nested=True, limits=limits, policy=policy
        )
        Flow.__init__(self, parser, settings, not mask & _EPILOGUE)
        self.current: PartBegin | None = None
        self.charset: str | None = None
        self.part_cls: Any = None
