"""Read and write ``multipart/*`` streams: forms, batches, byte ranges, camera streams.

The parser, and what it is configured with, are imported at once.  All other names are imported
when they are asked for first (PEP 562): whoever only reads does not wait for what writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import hdrs
from ._backend import BACKEND, PartBegin
from ._version import __version__
from .deviations import Deviation
from .errors import (
    IncompleteBody,
    LimitExceeded,
    MultipartError,
    ParseError,
    UnsupportedEncoding,
    UnsupportedMediaType,
)
from .events import PartEnd
from .limits import Limits
from .parser import MultipartParser
from .policy import Policy

if TYPE_CHECKING:
    from . import sync as sync
    from ._byteranges import RangeResponse, byteranges, range_response
    from ._passes import Progress
    from .batch import HttpMessage
    from .disposition import (
        BadContentDispositionHeader,
        BadContentDispositionParam,
        content_disposition_filename,
        parse_content_disposition,
        parse_content_type,
    )
    from .form import FilePart, Form, UploadedFile, parse_form
    from .indexing import PartIndex, index
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

if not TYPE_CHECKING:
    # Where the names stand that are imported when they are asked for, as above.
    _HOMES = {
        name: home
        for home, names in {
            "_byteranges": "RangeResponse byteranges range_response",
            "_passes": "Progress",
            "batch": "HttpMessage",
            "disposition": "BadContentDispositionHeader BadContentDispositionParam "
            "content_disposition_filename parse_content_disposition parse_content_type",
            "form": "FilePart Form UploadedFile parse_form",
            "indexing": "PartIndex index",
            "payloads": "PAYLOAD_REGISTRY AsyncFilePayload AsyncIterablePayload "
            "BodyPartReaderPayload BufferedReaderPayload BytesIOPayload BytesPayload "
            "IOBasePayload IterablePayload JsonBytesPayload JsonPayload Order PathPayload Payload "
            "StringIOPayload StringPayload TextIOPayload get_payload payload_type "
            "register_payload",
            "ranges": "ContentRange parse_range",
            "reader": "BodyPartReader MultipartReader MultipartResponseWrapper",
            "sync": "sync",
            "writer": "MultipartWriter",
        }.items()
        for name in names.split()
    }

    def __getattr__(name):
        """Import what is asked for; from then on it is an attribute as any other."""
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = __import__(home, globals(), None, ("*",), 1)
        globals()[name] = value = module if name == home else getattr(module, name)
        return value

    def __dir__():
        return sorted({*globals(), *_HOMES})
