"""Read and write ``multipart/*`` streams: forms, batches, byte ranges, camera streams."""

from __future__ import annotations

from . import hdrs
from ._backend import BACKEND, PartBegin
from ._byteranges import RangeResponse, byteranges, range_response
from ._passes import Progress
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
    UnsupportedMediaType,
)
from .events import PartEnd
from .form import FilePart, Form, UploadedFile, parse_form
from .indexing import PartIndex, index
from .limits import Limits
from .parser import MultipartParser
from .payloads import (
    PAYLOAD_REGISTRY,
    AsyncFilePayload,
    AsyncIterablePayload,
    BodyPartReaderPayload,
    BufferedReaderPayload,
    BytesIOPayload,
    BytesPayload,
    IOBasePayload,
    IterablePayload,
    JsonBytesPayload,
    JsonPayload,
    Order,
    PathPayload,
    Payload,
    StringIOPayload,
    StringPayload,
    TextIOPayload,
    get_payload,
    payload_type,
    register_payload,
)
from .policy import Policy
from .ranges import ContentRange, parse_range
from .reader import BodyPartReader, MultipartReader, MultipartResponseWrapper
from .writer import MultipartWriter

__all__ = [
    "BACKEND",
    "PAYLOAD_REGISTRY",
    "AsyncFilePayload",
    "AsyncIterablePayload",
    "BadContentDispositionHeader",
    "BadContentDispositionParam",
    "BodyPartReader",
    "BodyPartReaderPayload",
    "BufferedReaderPayload",
    "BytesIOPayload",
    "BytesPayload",
    "ContentRange",
    "Deviation",
    "FilePart",
    "Form",
    "HttpMessage",
    "IOBasePayload",
    "IncompleteBody",
    "IterablePayload",
    "JsonBytesPayload",
    "JsonPayload",
    "LimitExceeded",
    "Limits",
    "MultipartError",
    "MultipartParser",
    "MultipartReader",
    "MultipartResponseWrapper",
    "MultipartWriter",
    "Order",
    "ParseError",
    "PartBegin",
    "PartEnd",
    "PartIndex",
    "PathPayload",
    "Payload",
    "Policy",
    "Progress",
    "RangeResponse",
    "StringIOPayload",
    "StringPayload",
    "TextIOPayload",
    "UnsupportedEncoding",
    "UnsupportedMediaType",
    "UploadedFile",
    "__version__",
    "byteranges",
    "content_disposition_filename",
    "get_payload",
    "hdrs",
    "index",
    "parse_content_disposition",
    "parse_content_type",
    "parse_form",
    "parse_range",
    "payload_type",
    "range_response",
    "register_payload",
]
