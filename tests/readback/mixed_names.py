"""How the filenames of attachments are read otherwise."""

from __future__ import annotations

from email.utils import unquote

from . import readings
from .entries import (
    OWN,
    Difference,
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
    texts(
        ("aiohttp_reader",),
        "slashes at the start of a filename in ASCII",
        "they are dropped",
        "it takes them for a path",
        lambda text: text if readings.is_extended(text) else text.lstrip("/"),
        form=False,
    ),
    texts(
        ("email_parser",),
        "a filename that is not ASCII, or holds a quote, a backslash or `;`",
        "its rendering without",
        "`get_filename()` takes the first",
        readings.rendering,
        form=False,
    ),
    texts(
        ("email_parser",),
        "a filename in angle brackets",
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
