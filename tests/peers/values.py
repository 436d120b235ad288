"""How each peer reads a parameter of Content-Disposition, where that is not how we do.

Each function gives what the peer makes of a value as it stands on the wire.  They are used only
where the wire has something in it that the peers are known to read in their own ways (rows f to j
of the behaviour table): a backslash, a percent sign, an extended parameter and so on.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Final

_TOKEN: Final = "[a-zA-Z0-9!#$%&'*+.^_`|~-]+"


def raw_parameters(disposition: str) -> dict[str, str]:
    """Give the parameters of a value that we took, with their quotes and escapes."""
    found: dict[str, str] = {}
    for item in re.findall(r';((?:[^;"]|"(?:\\.|[^"\\])*")*)', disposition):
        key, equals, value = item.partition("=")
        if equals:
            found.setdefault(key.strip(" \t").lower(), value.strip(" \t"))
    return found


def is_utf8(text: str) -> bool:
    return not any("\udc80" <= char <= "\udcff" for char in text)


def inner(raw: str) -> str:
    """Take the quotes away."""
    return raw[1:-1] if len(raw) > 1 and raw[0] == raw[-1] == '"' else raw


def by_the_table(raw: str, form: bool) -> str:
    """Give what rows g and h say: ours must be this wherever a peer may read something else."""
    value = inner(raw)
    if value is not raw:
        value = re.sub(r'\\(["\\])' if form else r"\\(.)", r"\1", value)
    if form:
        value = value.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")
    return value


def windows(path: str) -> str:
    """Give the last component of a full Windows path, as some did for Internet Explorer 6."""
    return path.rpartition("\\")[2] if path[1:3] == ":\\" or path[:2] == "\\\\" else path


def multipart_push(raw: str, key: str) -> str | None:
    """It undoes backslashes only where there is an escaped quote, else percent escapes."""
    if not raw.startswith('"'):
        match = re.match(_TOKEN, raw)
        if match is None:
            return None
        raw = match.group()
    value = inner(raw)
    if '\\"' in value and raw.startswith('"'):
        value = value.replace("\\\\", "\\").replace('\\"', '"')
    else:
        value = value.replace("%0D", "\r").replace("%0A", "\n").replace("%22", '"')
    return windows(value) if key == "filename" else value


def python_multipart(raw: str, key: str) -> str | None:
    """It undoes backslashes, one kind after the other, and no percent escapes."""
    value = raw if inner(raw) is raw else inner(raw).replace("\\\\", "\\").replace('\\"', '"')
    return windows(value) if key == "filename" else value


def werkzeug_sansio(raw: str, key: str) -> str | None:
    """It undoes a backslash before anything, and of the percent escapes only %22."""
    if not raw.startswith('"'):
        match = re.match(_TOKEN, raw)
        if match is None:
            return None
        raw = match.group()
    return re.sub(r"\\(.)", r"\1", inner(raw)).replace("%22", '"')


def django_parser(raw: str, key: str) -> str | None:
    """It strips names, and sanitises filenames: HTML entities, paths, and what does not print."""
    value = raw if inner(raw) is raw else inner(raw).replace("\\\\", "\\").replace('\\"', '"')
    if key == "name":
        return value.strip()
    value = html.unescape(value).rsplit("/")[-1].rsplit("\\")[-1]
    value = "".join(char for char in value if char.isprintable())
    return None if value in ("", ".", "..") else value


def aiohttp_reader(raw: str, key: str) -> str | None:
    """It takes slashes and backslashes from the front, and undoes a backslash before ASCII."""
    if inner(raw) is raw:
        return raw if re.fullmatch(_TOKEN, raw) else None
    return re.sub(r"\\([\x00-\x7f])", r"\1", inner(raw).lstrip("\\/"))


def email_parser(raw: str, key: str) -> str | None:
    """It undoes two escapes, strips filenames, and replaces what is not ASCII."""
    value = raw if inner(raw) is raw else inner(raw).replace("\\\\", "\\").replace('\\"', '"')
    value = "".join("\ufffd" * len(char.encode("utf-8", "surrogateescape")) if char > "\x7f"
                    else char for char in value)  # fmt: skip
    return value.strip() if key == "filename" else value


READINGS: Final[dict[str, Callable[[str, str], str | None]]] = {
    "multipart_push": multipart_push,
    "python_multipart": python_multipart,
    "werkzeug_sansio": werkzeug_sansio,
    "django_parser": django_parser,
    "aiohttp_reader": aiohttp_reader,
    "email_parser": email_parser,
}
