"""Read ``multipart/*`` streams: forms, batches, byte ranges, camera streams."""

from __future__ import annotations

from . import hdrs
from ._backend import BACKEND, PartBegin
from ._version import __version__
from .batch import HttpMessage
from .deviations import Deviation
from .disposition import (
    BadContentDispositionHeader,
    BadContentDispositionParam,
    content_disposition_filename,
    parse_content_disposition,
    parse_content_type,
)
from .errors import (
    IncompleteBody,
    LimitExceeded,
    MultipartError,
    ParseError,
    UnsupportedEncoding,
)
from .events import PartEnd
from .indexing import PartIndex, index
from .limits import Limits
from .parser import MultipartParser
from .policy import Policy
from .ranges import ContentRange
from .reader import BodyPartReader, MultipartReader, MultipartResponseWrapper

__all__ = [
    "BACKEND",
    "BadContentDispositionHeader",
    "BadContentDispositionParam",
    "BodyPartReader",
    "ContentRange",
    "Deviation",
    "HttpMessage",
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
    "PartIndex",
    "Policy",
    "UnsupportedEncoding",
    "__version__",
    "content_disposition_filename",
    "hdrs",
    "index",
    "parse_content_disposition",
    "parse_content_type",
]
