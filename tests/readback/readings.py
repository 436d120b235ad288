"""How readers take names, filenames and data apart, where that is not how we do.

Each function takes what was written, and gives what is made of it; they are the parts that
:mod:`readback.differences` is put together of.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable
from urllib.parse import quote

from . import Item

#: What stands as it is in an extended value (RFC 8187 section 3.2.1).
_ATTR_CHARS = "!#$&+-.^_`|~"

#: What the tests have their bodies delimited by.
BOUNDARY = b"----partstream0123456789abcdefghij"


def percent_encoded(text: str) -> str:
    """Leave the three escapes as they were sent (WHATWG HTML, multipart/form-data)."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def percent_decoded(text: str) -> str:
    """Undo the three escapes, also where they are what was written."""
    return text.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


def doubled(text: str) -> str:
    """Leave the backslashes that our writer adds."""
    return re.sub(r"\\{2,}|\\\Z", lambda found: found.group() * 2, text)


def without_backslash(text: str, before: Callable[[str], bool]) -> str:
    """Drop each single backslash that stands before such a character."""
    return re.sub(
        r"(?<!\\)\\([^\\])",
        lambda found: found.group(1) if before(found.group(1)) else found.group(),
        text,
        flags=re.DOTALL,
    )


def windows(path: str) -> str:
    """Give the last component of a full Windows path."""
    return path.rpartition("\\")[2] if path[1:3] == ":\\" or path[:2] == "\\\\" else path


def last_component(path: str) -> str:
    return path.rpartition("/")[2].rpartition("\\")[2]


def go_base(path: str) -> str:
    """Do as Go's ``filepath.Base``, which leaves a path of slashes as one; "" stays."""
    return path.rstrip("/").rpartition("/")[2] or path[:1]


def busboy_base(path: str) -> str:
    name = last_component(path)
    return "" if name in (".", "..") else name


def ascii_only(text: str) -> str:
    return "".join(char if char.isascii() else "\ufffd" * len(char.encode()) for char in text)


def printable(text: str) -> str:
    return "".join(char for char in text if char.isprintable())


def django_cut(name: str) -> str:
    if len(name) <= 255:
        return name
    stem, extension = os.path.splitext(name)
    extension = extension[:255]
    return stem[: 255 - len(extension)] + extension


def read_on(item: Item) -> list[Item]:
    """Take what follows a name that ends in a backslash for a part of it."""
    assert item.name is not None
    name = f'{item.name[:-1]}"; filename="{item.filename}'
    return [item._replace(name=name, filename=None)]


def line_length(item: Item) -> int:
    """Give the length of the part's Content-Disposition in a form, with the name of the header."""
    texts = [doubled(percent_encoded(text)) for text in (item.name, item.filename) if text]
    plain = 'Content-Disposition: form-data; name=""'
    named = "" if item.filename is None else '; filename=""'
    return len(plain + named) + sum(len(text.encode()) for text in texts)


def is_extended(filename: str) -> bool:
    return not filename.isascii() or not set('"\\;').isdisjoint(filename)


def rendering(filename: str) -> str:
    """Give the plain filename of an attachment, beside which ``filename*`` may stand."""
    return "".join(char if char.isascii() and char not in '"\\;' else "_" for char in filename)


def _extended(filename: str) -> str:
    return "" if not is_extended(filename) else f"; filename*=UTF-8''{quote(filename, _ATTR_CHARS)}"


def attachment_length(item: Item) -> int:
    """Give the length of the part's Content-Disposition as an attachment."""
    filename = item.filename or ""
    plain = 'Content-Disposition: attachment; filename=""'
    return len(plain + rendering(filename) + _extended(filename))


def replaced(data: bytes) -> bytes:
    """Give data with U+FFFD for what is not UTF-8."""
    return data.decode("utf-8", "replace").encode()
