"""How forms are read otherwise, but for names: what is refused, data, and types."""

from __future__ import annotations

from . import readings
from .entries import (
    AIOHTTP,
    MULTIPART,
    OWN,
    PYTHON_MULTIPART,
    Difference,
    data,
    has_two_semicolons,
    holds_the_boundary,
    is_field,
    is_not_utf8,
    is_text,
    left_out,
    line_over,
    refused,
    typed,
    without,
)

#: What keeps a whole part from being read, or all of them.
REFUSALS = (
    Difference(
        (*OWN, *AIOHTTP),
        "a header line over 8190 bytes",
        "refused",
        "limit of a header line, can be raised",
        line_over(8190),
        refused,
    ),
    Difference(
        (*MULTIPART, *PYTHON_MULTIPART),
        "a header line over 4224 bytes",
        "refused",
        "limit of a header line",
        line_over(4224),
        refused,
    ),
    Difference(
        ("django_form",),
        "part headers over 1024 bytes, which 300 letters that are not Latin can be",
        "refused",
        "limit of all headers of a part, a constant",
        line_over(1000),
        refused,
    ),
    Difference(
        OWN,
        "a first field named `_charset_`",
        "it is not handed out",
        "it is the default charset (RFC 7578 section 4.6)",
        lambda item: item.name == "_charset_" and is_field(item),
        left_out,
        first=True,
    ),
    Difference(
        AIOHTTP,
        "a first part named `_charset_`",
        "`AssertionError`",
        "a defect: it reads 32 bytes, and its reader wants at least a delimiter's length",
        lambda item: item.name == "_charset_",
        refused,
        first=True,
    ),
    Difference(
        ("aiohttp_post",),
        "two or more `;` in a name or filename",
        "refused",
        "a defect: it splits at each `;` and mends only one",
        has_two_semicolons,
        refused,
    ),
    Difference(
        ("aiohttp_reader",),
        "two or more `;` in a name or filename",
        "neither name nor filename",
        "a defect: it splits at each `;` and mends only one",
        has_two_semicolons,
        without("name", "filename"),
    ),
)

#: What follows from that a part is a field, or a file.
CONTENTS = (
    Difference(
        ("aiohttp_post",),
        "a field that is not UTF-8, of type `text/*` or none",
        "`UnicodeDecodeError`",
        "values are text; other types are handed out as bytes",
        lambda item: is_text(item) and is_not_utf8(item),
        refused,
    ),
    Difference(
        ("node_formdata",),
        "a field that starts with a byte order mark",
        "it is dropped",
        "it decodes values as it decodes pages",
        lambda item: is_field(item) and item.data.startswith(b"\xef\xbb\xbf"),
        data(lambda data: data[3:]),
    ),
    Difference(
        ("werkzeug_form", "django_form", "node_formdata"),
        "a field that is not UTF-8",
        "U+FFFD for what is not",
        "values are text",
        lambda item: is_field(item) and is_not_utf8(item),
        data(readings.replaced),
    ),
    Difference(
        ("node_busboy",),
        "a field that is not UTF-8, of another type than `application/octet-stream`",
        "U+FFFD for what is not",
        "values are text; what is of that type is a file",
        lambda item: (
            is_field(item) and item.content_type != "application/octet-stream" and is_not_utf8(item)
        ),
        data(readings.replaced),
    ),
    Difference(
        ("starlette_form",),
        "a field that is not UTF-8",
        "each byte as a character of latin-1",
        "values are text",
        lambda item: is_field(item) and is_not_utf8(item),
        data(lambda data: data.decode("latin-1").encode()),
    ),
    Difference(
        ("node_formdata",),
        "data that holds the boundary without its dashes",
        "refused",
        "it looks for the boundary without its dashes",
        holds_the_boundary,
        refused,
    ),
    Difference(
        (
            "aiohttp_post",
            "werkzeug_form",
            "django_form",
            "starlette_form",
            "node_formdata",
            "go_form",
        ),
        "the type of a field",
        "it is not told",
        "values are text",
        lambda item: is_field(item) and item.content_type is not None,
        without("content_type"),
    ),
    Difference(
        ("aiohttp_post", "multipart_form"),
        "a file without a type",
        "`application/octet-stream`",
        "its default",
        lambda item: bool(item.filename) and item.content_type is None,
        typed("application/octet-stream"),
    ),
    Difference(
        ("node_formdata",),
        "a file without a type",
        "`text/plain`",
        "the default of WHATWG",
        lambda item: not is_field(item) and item.content_type is None,
        typed("text/plain"),
    ),
    Difference(
        ("multipart_form", "node_busboy"),
        "a field without a type, or a file without type and name",
        "`text/plain`",
        "the default of RFC 7578 section 4.4",
        lambda item: item.content_type is None,
        typed("text/plain"),
    ),
)
