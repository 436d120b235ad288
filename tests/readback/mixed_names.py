"""How the filenames of attachments are read otherwise."""

from __future__ import annotations

from email.utils import unquote

from . import readings
from .entries import (
    OWN,
    Difference,
    has_two_semicolons,
    refused,
    texts,
    without,
)

ATTACHMENTS = (
    Difference(
        (*OWN, "aiohttp_reader"),
        "a header line over 8190 bytes, which 900 characters of Japanese are",
        "refused",
        "limit of a header line, can be raised",
        lambda item: readings.attachment_length(item) > 8190,
        refused,
        form=False,
    ),
    Difference(
        ("aiohttp_reader",),
        "two or more `;` in a filename, or one behind a quote",
        "no filename; or another one, see below",
        "a defect: it splits at each `;` and mends only one",
        lambda item: has_two_semicolons(item) or '";' in (item.filename or ""),
        without("filename"),
        form=False,
    ),
    texts(
        ("aiohttp_reader",),
        "slashes or backslashes at the start of a filename in ASCII",
        "they are dropped",
        "it takes them for a path",
        lambda text: text.lstrip("\\/") if text.isascii() else text,
        form=False,
    ),
    texts(
        ("email_parser",),
        "a filename that is not ASCII",
        "its ASCII rendering; where that ends in a backslash, the rest of the header too",
        "`get_filename()` takes the first; see above for the backslash",
        readings.first_filename,
        form=False,
    ),
    texts(
        ("email_parser",),
        "a filename in angle brackets or quotes",
        "they are dropped",
        "`get_filename()` takes quotes away twice, and each time brackets too",
        unquote,
        form=False,
    ),
    texts(
        ("email_parser",),
        "a filename with blanks at its ends",
        "they are dropped",
        "`get_filename()` strips",
        str.strip,
        form=False,
    ),
    texts(
        ("go_parts",),
        "a filename with slashes",
        "what `filepath.Base` gives",
        "no directories are taken from a sender (RFC 7578 section 4.2)",
        readings.go_base,
        form=False,
    ),
    Difference(
        ("go_parts",),
        "an empty filename",
        "none",
        "it counts as absent",
        lambda item: item.filename == "",
        without("filename"),
        form=False,
    ),
)
