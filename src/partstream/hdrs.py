"""Header names as the constants that multipart code compares with.

Each is an :class:`multidict.istr`: it equals its own spelling, and looks itself up in a
case-insensitive mapping without being folded again.
"""

from __future__ import annotations

from typing import Final

from multidict import istr

ACCEPT_RANGES: Final = istr("Accept-Ranges")
CONTENT_DESCRIPTION: Final = istr("Content-Description")
CONTENT_DISPOSITION: Final = istr("Content-Disposition")
CONTENT_ENCODING: Final = istr("Content-Encoding")
CONTENT_ID: Final = istr("Content-ID")
CONTENT_LANGUAGE: Final = istr("Content-Language")
CONTENT_LENGTH: Final = istr("Content-Length")
CONTENT_LOCATION: Final = istr("Content-Location")
CONTENT_MD5: Final = istr("Content-MD5")
CONTENT_RANGE: Final = istr("Content-Range")
CONTENT_TRANSFER_ENCODING: Final = istr("Content-Transfer-Encoding")
CONTENT_TYPE: Final = istr("Content-Type")
DATE: Final = istr("Date")
ETAG: Final = istr("ETag")
LAST_MODIFIED: Final = istr("Last-Modified")
LINK: Final = istr("Link")
LOCATION: Final = istr("Location")
MIME_VERSION: Final = istr("MIME-Version")
TRANSFER_ENCODING: Final = istr("Transfer-Encoding")
X_TIMESTAMP: Final = istr("X-Timestamp")

#: The names above: what the header tokenizers hand out without making a string again.
KNOWN: Final = tuple(value for value in list(globals().values()) if isinstance(value, istr))
