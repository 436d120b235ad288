"""Read ``multipart/*`` streams: forms, batches, byte ranges, camera streams."""

from __future__ import annotations

from . import hdrs
from ._backend import BACKEND, PartBegin
from ._version import __version__
from .deviations import Deviation
from .errors import IncompleteBody, LimitExceeded, MultipartError, ParseError
from .events import PartEnd
from .limits import Limits
from .parser import MultipartParser
from .policy import Policy
from .reader import BodyPartReader, MultipartReader, MultipartResponseWrapper

__all__ = [
    "BACKEND",
    "BodyPartReader",
    "Deviation",
    "IncompleteBody",
    "LimitExceeded",
    "Limits",
    "MultipartError",
    "MultipartParser",
    "MultipartReader",
    "MultipartResponseWrapper",
    "ParseError",
    "PartBegin",
    "PartEnd",
    "Policy",
    "__version__",
    "hdrs",
]
