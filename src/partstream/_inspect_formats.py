"""What a body without any delimiter is instead, told by its first bytes.

Each look gives sentences: what the body is, and how to come from there to one that can be read.
All of them are linear in the few bytes that they are given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .message import Kind

__all__ = ["is_escaped", "looks_chunked", "other_format"]

_HEX: Final = b"0123456789abcdefABCDEF"
_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r"
_MAX_DIGITS: Final = 15
_SAMPLE: Final = 64

#: The first bytes of a compression, its name, and the command that undoes it.
_COMPRESSED: Final = (
    (b"\x1f\x8b", "gzip", "gunzip -c"),
    (b"\x28\xb5\x2f\xfd", "zstd", "zstd -dc"),
    (b"BZh", "bzip2", "bunzip2 -c"),
    (b"\xfd7zXZ\x00", "xz", "xz -dc"),
)
_FILES: Final = (
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\x89PNG\r\n", "a PNG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
)


def other_format(start: bytes, kind: Kind, announced: bytes = b"") -> list[str]:
    """Say what a body is in which no line looks like a delimiter, and what helps.

    Args:
        start: its first bytes.
        kind: what the input was taken for.
        announced: the boundary that was looked for, empty for none.
    """
    if announced and (start.startswith(announced) or b"\n" + announced in start):
        return [
            "the lines are the bare boundary: the two dashes that start every delimiter are "
            "missing",
            "write '--', the boundary and CRLF for each delimiter, and '--' behind the last one",
        ]
    for look in _LOOKS:
        found = look(start, kind)
        if found:
            return found
    causes = ["no line of the body starts with two dashes: it is no multipart, or a piece of one"]
    return causes if announced else [*causes, "--boundary or --content-type can tell the boundary"]


def looks_chunked(start: bytes, *, sure: bool = False) -> bool:
    """Tell whether these bytes start with a chunk.

    Args:
        start: the first bytes of a body.
        sure: take it for one only if its end can be seen, too.
    """
    line, found, _ = start.partition(b"\r\n")
    digits = line.partition(b";")[0].strip(b" \t")
    if not found or not digits or len(digits) > _MAX_DIGITS or digits.translate(None, _HEX):
        return False
    size = int(digits, 16)
    end = len(line) + 2 + size
    if end + 2 > len(start):
        return size > 0 and not sure
    return size > 0 and start[end : end + 2] == b"\r\n"


def is_escaped(start: bytes) -> bool:
    """Tell whether line ends stand here as backslash and letter, and none as it should."""
    return b"\\r\\n" in start and b"\r\n" not in start.strip()


def _utf16(start: bytes, kind: Kind) -> list[str]:
    marked = start.startswith((b"\xff\xfe", b"\xfe\xff"))
    sample = start[:_SAMPLE]
    even, odd = sample[::2], sample[1::2]
    text = len(sample) >= 8 and any(even) != any(odd) and 0 not in (even if any(even) else odd)
    if not marked and not text:
        return []
    return [
        "it is UTF-16 text: a tool stored the bytes as characters, as '>' does in PowerShell",
        "save it again as bytes (curl --output FILE); of this copy text can be saved with "
        "iconv -f UTF-16 -t UTF-8, content that is no text is lost",
    ]


def _compressed(start: bytes, kind: Kind) -> list[str]:
    for magic, name, command in _COMPRESSED:
        if not start.startswith(magic):
            continue
        if kind == "body":
            return [f"it is {name} data", f"{command} FILE | partstream inspect - reads it"]
        causes = [f"the body is {name}, and no Content-Encoding header says so"]
        if name == "gzip":
            causes.append(
                "--undo gzip reads it; the sender has to send 'Content-Encoding: gzip', or not to "
                "compress it"
            )
        else:
            reads = f"{command} FILE | partstream inspect - reads it"
            causes.append(f"save the body alone, then {reads}")
        return causes
    return []


def _file(start: bytes, kind: Kind) -> list[str]:
    for magic, name in _FILES:
        if start.startswith(magic):
            return [
                f"the body is {name} itself, not a multipart with one in it",
                "send it with the client's option for forms (curl --form, not --data-binary)",
            ]
    return []


def _json(start: bytes, kind: Kind) -> list[str]:
    text = start.lstrip()
    if text[:1] not in (b"{", b"["):
        return []
    if b'"log"' in text and (b'"entries"' in text or b'"creator"' in text):
        return [
            "it is a HAR file (JSON, saved by a browser), not a message",
            "jq -j '.log.entries[0].request.postData.text' FILE | partstream inspect - reads the "
            "body of its first request; a HAR often lacks or spoils what is no text",
        ]
    return [
        "the body looks like JSON, not multipart",
        "send it as application/json, or let the client make a form of it",
    ]


def _markup(start: bytes, kind: Kind) -> list[str]:
    if start.lstrip()[:1] != b"<":
        return []
    return ["the body looks like HTML or XML: an error page in place of the answer?"]


def _written_out(start: bytes, kind: Kind) -> list[str]:
    """See a body that went through the source code or the log of a program."""
    text = start.lstrip()
    if text.startswith((b"b'", b'b"')):
        return [
            "the body is what Python prints for bytes (b'...'), not the bytes",
            "write the bytes themselves, to a file opened with 'wb'; ast.literal_eval() gives them "
            "back",
        ]
    if not is_escaped(text):
        return []
    if text.startswith(b'"'):
        return [
            "the body is a string of JSON or of a program, in quotes and with escapes",
            "jq -j . FILE | partstream inspect - reads it, if it is JSON",
        ]
    return [
        "line ends stand in the body as the characters \\r\\n, not as bytes: it was copied from a "
        "log or from source code, or a shell did not expand it",
        "printf %b \"$(cat FILE)\" | partstream inspect - reads it; a shell takes $'...' for that",
    ]


def _base64(start: bytes, kind: Kind) -> list[str]:
    line = start.lstrip().partition(b"\n")[0]
    # Two dashes in base64, whatever follows them.
    if not line.startswith((b"LS0", b"LS1")) or line.translate(None, _BASE64):
        return []
    return [
        "the body is base64: a gateway or a log put it so",
        ("" if kind == "body" else "save the body alone, then ")
        + "base64 -d FILE | partstream inspect - reads it",
    ]


def _hex_dump(start: bytes, kind: Kind) -> list[str]:
    text = start.removeprefix(b"0x")
    number = text[: len(text) - len(text.lstrip(_HEX))]
    if len(number) < 4 or set(number) != {ord("0")} or text[len(number) :][:1] not in (b":", b" "):
        return []
    return ["it is a hex dump", "xxd -r FILE | partstream inspect - reads it, if xxd made it"]


def _chunks(start: bytes, kind: Kind) -> list[str]:
    if not looks_chunked(start):
        return []
    return [
        "the body looks chunked, and no Transfer-Encoding header says so",
        "--undo chunked reads it as it is",
    ]


def _urlencoded(start: bytes, kind: Kind) -> list[str]:
    first = start[:256].lstrip().partition(b"&")[0]
    if b"=" not in first or b" " in first or b"\n" in start[:256].strip():
        return []
    return [
        "the body looks like an ordinary form (application/x-www-form-urlencoded)",
        'an HTML form sends multipart only with enctype="multipart/form-data", curl with --form',
    ]


_LOOKS: Final[tuple[Callable[[bytes, Kind], list[str]], ...]] = (
    _compressed,
    _file,
    _utf16,
    _json,
    _markup,
    _written_out,
    _base64,
    _hex_dump,
    _chunks,
    _urlencoded,
)
