"""An inspection finds the parts of any raw message, and says what is wrong with a bad one."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import random
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from support import chunking, corpus, effort
from support.twins import NAMES, twin

Module = Callable[[str], Any]

_FORM = b'Content-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
BODY = b"--B\r\n" + _FORM % (b"a", b"one") + b"--B\r\n" + _FORM % (b"b", b"three") + b"--B--\r\n"
HEAD = b"POST /up HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=B\r\n"


class Pieces:
    """A source that gives its bytes as they were cut."""

    def __init__(self, pieces: Iterable[bytes], size: int | None = None) -> None:
        self.name, self.size = "test", size
        self._pieces = iter(pieces)

    def read(self) -> bytes:
        return next(self._pieces, b"")


@pytest.fixture
def look(ps_module: Module) -> Callable[..., Any]:
    """Inspect bytes, or pieces of them; keyword arguments are options."""
    inspection = ps_module("inspection")

    def inspect(data: bytes | list[bytes], **options: Any) -> Any:
        pieces = [data] if isinstance(data, bytes) else data
        size = sum(len(piece) for piece in pieces)
        # An empty piece would end the reading.
        source = Pieces((piece for piece in pieces if piece), size)
        return inspection.inspect(source, inspection.Options(**options))

    return inspect


def _raw(name: str) -> bytes:
    return next(corpus.FOLDER.glob(f"{name}.[!j]*")).read_bytes()


def _known(parts: list[dict[str, Any]], depth: int = 0) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for part in parts:
        keys = ("name", "filename", "content_type", "size", "sha256")
        found.append((depth, *(part.get(key) for key in keys)))
        found += _known(part.get("parts", []), depth + 1)
    return found


def _seen(report: Any) -> list[tuple[Any, ...]]:
    return [(part.depth, part.name, part.filename, part.content_type, part.size, part.sha256)
            for part in report.parts]  # fmt: skip


def _names(report: Any) -> list[str | None]:
    return [part.name for part in report.parts]


# Captured messages


@pytest.mark.parametrize("name", corpus.names())
def test_corpus(look: Callable[..., Any], name: str) -> None:
    case, raw = corpus.load(name), _raw(name)
    report = look(raw, sha256=True)
    if name == "curl-backslash-end":
        assert report.fault.code == "malformed_parameter"
        return
    assert _seen(report) == _known(case.parts)
    assert report.content_type == case.content_type
    assert report.body_size == len(case.body)
    fault = report.fault and (report.fault.code, report.fault.offset)
    assert fault == (None if case.complete else ("truncated", len(case.body)))
    assert all(part.complete for part in report.parts)


@pytest.mark.parametrize("name", ["aiohttp-mixed", "email-mixed", "curl-nested", "ffmpeg-served"])
def test_any_cut_gives_the_same(look: Callable[..., Any], name: str) -> None:
    raw = _raw(name)
    whole = look(raw, sha256=True, headers=True)
    for pieces in (chunking.bytewise(raw), chunking.sevens(raw)):
        assert look(pieces, sha256=True, headers=True) == whole


@pytest.mark.parametrize("name", ["curl-nested", "email-mixed", "requests", "nginx-byteranges"])
def test_offsets_point_at_bodies(look: Callable[..., Any], name: str) -> None:
    raw = _raw(name)
    report = look(raw, sha256=True)
    for part in report.parts:
        at = report.in_file(part.offset)
        assert at == report.body_offset + part.offset
        assert raw[at - 4 : at] in (b"\r\n\r\n", raw[at - 4 : at - 2] + b"\r\n")
        if part.size:
            delimiter = b"\r\n--"
            assert raw.startswith(delimiter, at + part.size)


@pytest.mark.parametrize("name", ["requests", "email-mixed", "aiohttp-mixed", "httpx-chunked"])
def test_cut_at_many_places(look: Callable[..., Any], name: str) -> None:
    raw = _raw(name)
    whole = look(raw)
    head = whole.body_offset
    for end in range(head + 40, len(raw) - 60, 97):
        report = look(raw[:end])
        if report.fault.code == "length_mismatch":  # a part's own length met half a delimiter
            assert "it was cut" in report.fault.causes[0]
            continue
        assert report.fault.code in ("truncated", "message_cut", "boundary_not_found")
        assert report.fault.offset == report.body_size
        if report.file_offset_known:
            assert report.fault.file_offset == end
        numbers = [part.number for part in report.parts]
        assert numbers == [part.number for part in whole.parts][: len(numbers)]


# What an input is


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (HEAD + b"\r\n", "request"),
        (HEAD.replace(b"\r\n", b"\n") + b"\n", "request"),
        (b"\r\n" + HEAD + b"\r\n", "request"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: multipart/form-data;\r\n boundary=B\r\n\r\n",
            "response",
        ),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200\r\n\r\n", "response"),
        (b"HTTP/2 200\r\ncontent-type: multipart/form-data; boundary=B\r\n\r\n", "response"),
        (b"Subject: x\nContent-Type: multipart/form-data; boundary=B\n\n", "mail"),
        (b"From me Mon\r\nContent-Type: multipart/form-data; boundary=B\r\n\r\n", "mail"),
        (b"", "body"),
        (b"\r\n", "body"),
        (b"Note: a preamble\r\n\r\nand more\r\n", "body"),
        (b"POST / HTTP/1.1\r\nno header\r\n\r\n", "request"),
        (HEAD, "request"),  # without an empty line
    ],
)
def test_heads(look: Callable[..., Any], head: bytes, kind: str) -> None:
    for pieces in ([head + BODY], chunking.bytewise(head + BODY)):
        report = look(pieces)
        assert (report.kind, report.fault) == (kind, None)
        assert (report.boundary, report.subtype) == (b"B", "form-data")
        assert _names(report) == ["a", "b"]
        if kind != "body":
            assert report.body_offset == len(head)


def test_what_is_asked_for_wins_over_the_head(look: Callable[..., Any]) -> None:
    data = HEAD + b"\r\n" + BODY.replace(b"--B", b"--C")
    assert look(data).fault.code == "boundary_not_found"
    assert _names(look(data, boundary=b"C")) == ["a", "b"]
    assert _names(look(data, content_type="multipart/mixed; boundary=C")) == ["a", "b"]
    assert look(data, boundary=b"C", subtype="related").subtype == "related"
    assert look(data, bare=True).boundary == b"C"


def test_a_body_without_parts(look: Callable[..., Any]) -> None:
    report = look(b"--B--\r\n")
    assert (report.boundary, report.parts, report.fault) == (b"B", [], None)


def test_a_head_without_end(look: Callable[..., Any]) -> None:
    report = look([HEAD] + [b"X: y\r\n" * 2_000] * 100)
    assert report.fault.code == "head_too_long"


def test_policy(look: Callable[..., Any], ps: Any) -> None:
    data = HEAD + b"\r\n" + BODY.replace(b"\r\n", b"\n")
    assert look(data).fault.code == "bare_lf"
    assert "--policy legacy" in look(data).fault.causes[-1]
    report = look(data, policy=ps.Policy.LEGACY)
    assert (_names(report), report.fault) == (["a", "b"], None)


# Framing


def _chunks(body: bytes, size: int = 10) -> bytes:
    pieces = chunking.pieces(body, size)
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def _message(extra: bytes, body: bytes) -> bytes:
    return HEAD + extra + b"\r\n" + body


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)  # the same each time, as names of tests have to be


def _deflate_raw(data: bytes) -> bytes:
    return zlib.compress(data)[2:-4]


CHUNKED = b"Transfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    ("extra", "body"),
    [
        (b"Content-Length: %d\r\n" % len(BODY), BODY),
        (CHUNKED, _chunks(BODY)),
        (CHUNKED, b"005 ;x=y\r\n" + BODY[:5] + b"\r\n" + _chunks(BODY[5:])[:-2] + b"T: 1\r\n\r\n"),
        (b"Content-Encoding: gzip\r\n", _gzip(BODY)),
        (b"Content-Encoding: x-gzip\r\n", _gzip(BODY[:50]) + _gzip(BODY[50:])),
        (b"Content-Encoding: deflate\r\n", zlib.compress(BODY)),
        (b"Content-Encoding: Deflate, identity\r\n", _deflate_raw(BODY)),
        (b"Content-Encoding: gzip, deflate\r\n", zlib.compress(_gzip(BODY))),
        (b"Content-Encoding: gzip\r\n" + CHUNKED, _chunks(_gzip(BODY))),
        (b"Transfer-Encoding: gzip, chunked\r\n", _chunks(_gzip(BODY))),
    ],
)
def test_framing(look: Callable[..., Any], extra: bytes, body: bytes) -> None:
    data = _message(extra, body)
    for pieces in ([data], chunking.bytewise(data)):
        report = look(pieces)
        assert (report.fault, report.notes, _names(report)) == (None, [], ["a", "b"])
        assert report.file_offset_known == (b"Encoding" not in extra)
        assert report.body_size == len(BODY)
    if b"Content-Length" not in extra:  # and the same with its last bytes cut off
        report = look(data[:-3])
        assert report.fault is not None
        assert report.fault.offset == report.body_size


def test_bytes_behind_the_message_are_another_one(look: Callable[..., Any]) -> None:
    for extra, body in ((b"Content-Length: %d\r\n" % len(BODY), BODY), (CHUNKED, _chunks(BODY))):
        report = look(_message(extra, body) + HEAD)
        assert report.fault is None
        assert report.notes == [
            f"{len(HEAD)} bytes follow the message in the file: another message?"
        ]


def test_length_and_chunks_together_are_noted(look: Callable[..., Any]) -> None:
    report = look(_message(CHUNKED + b"Content-Length: 5\r\n", _chunks(BODY)))
    assert (report.fault, _names(report)) == (None, ["a", "b"])
    assert "smuggling" in report.notes[0]
    assert "ignored" in look(_message(b"Content-Length: +5\r\n", BODY)).notes[0]


@pytest.mark.parametrize(
    ("body", "offset", "what"),
    [
        (BODY, 0, "not hexadecimal"),
        (b"5\r\n--B\r\n\r\n0x5\r\n", 11, "not hexadecimal"),
        (b"-5\r\n", 0, "not hexadecimal"),
        (b"\r\n", 0, "not hexadecimal"),
        (b"5\n--B\r\n", 1, "LF alone"),
        (b"5\r\n--B\r\nContent", 8, "goes on"),
        (b"5\r\n--B\r\n\rX", 8, "goes on"),
        (b"F" * 16 + b"\r\n", 0, "63 bits"),
        (b"5;" + b"x" * 9000, 0, "longer"),
        (b"0\r\n" + b"T: 12345\r\n" * 9000, None, "trailers"),
    ],
)
def test_broken_chunks(
    look: Callable[..., Any], body: bytes, offset: int | None, what: str
) -> None:
    data = _message(CHUNKED, body)
    for pieces in ([data], chunking.bytewise(data)):
        fault = look(pieces).fault
        assert fault.code == "chunked"
        assert what in fault.message
        if offset is not None:
            assert fault.file_offset == len(HEAD + CHUNKED) + 2 + offset


def test_a_bomb_comes_in_pieces(ps_module: Module) -> None:
    message, framing = ps_module("message"), ps_module("framing")
    bomb = gzip.compress(gzip.compress(bytes(1 << 25)))
    data = _message(b"Content-Encoding: gzip, gzip\r\n", b"")
    made = framing.Framing(message.read_head(data, final=True))
    sizes = [len(piece) for piece in made.feed(bomb)]
    assert sum(sizes) == 1 << 25
    assert max(sizes) <= 1 << 20
    assert made.shortfall() is None


# What is wrong

CURRENT = "4d5e6f7a8b"


def _wrong(announced: str, lines: str) -> bytes:
    head = HEAD.replace(b"=B", b'="%b"' % announced.encode())
    return head + b"\r\n" + BODY.replace(b"--B", b"--" + lines.encode())


@pytest.mark.parametrize(
    ("announced", "lines", "cause"),
    [
        ("4d5e6f", "4d5e7f", "one character, the 5th: '6' announced, '7' in the body"),
        ("4d5e6f", "4d5ef", "'6' is missing in the body"),
        ("4d5e6f", "4d5e66f", "is one too many in the body"),
        ("4d5e6f", "4D5E6F", "upper and lower case"),
        (
            "--4d5e6f",
            "--------4d5e6f",
            "dashes only: 2 before it announced, 8 before it in the body",
        ),
        ("'4d5e6f'", "4d5e6f", "quotes or spaces"),
        ("4d5e6f", "4d5e6fabc", "goes on, with 'abc'"),
        ("4d5e6fabc", "4d5e6f", "is cut: it lacks 'abc'"),
        ("4d5e6f", "wholly-different", "little in common"),
    ],
)
def test_wrong_boundary(look: Callable[..., Any], announced: str, lines: str, cause: str) -> None:
    data = _wrong(announced, lines)
    fault = look(data).fault
    assert (fault.code, fault.offset) == ("boundary_not_found", len(data) - len(HEAD) - 2
                                          - len(announced) - 1)  # fmt: skip
    assert cause in fault.causes[1]
    assert fault.causes[0].endswith(f"the body's first line is '--{lines}'")
    assert fault.causes[2].startswith(f"--boundary '{lines}'")
    same = len(fault.excerpt.before) - 2
    assert fault.excerpt.of == "body"
    assert lines.startswith(announced[:same])
    assert announced[same : same + 1] != lines[same : same + 1]


def _last(body: bytes) -> bytes:
    return body.rstrip()


FAULTS: list[tuple[str, bytes, str, int | None, str]] = [
    ("lf", HEAD + b"\r\n" + BODY.replace(b"\r\n", b"\n"), "bare_lf", 3, "every line ends in LF"),
    ("cr", HEAD + b"\r\n" + BODY.replace(b"\r\n", b"\r"), "bare_lf", 3, "CR alone"),
    ("crcrlf", HEAD + b"\r\n" + BODY.replace(b"\n", b"\r\n"), "bare_lf", 3, "twice"),
    ("mixed", HEAD + b"\r\n" + BODY[:60].replace(b"\r\n\r\n", b"\r\n\n") + BODY[60:],
     "bare_lf", None, "mixed"),
    ("empty", HEAD + b"\r\n", "empty_body", 0, "nothing follows the head"),
    ("no body", _message(b"Content-Length: 9\r\n", b""), "empty_body", 0, "says 9 bytes"),
    ("read before", _message(b"Content-Length: 0\r\n", b""), "empty_body", 0, "is 0"),
    ("nothing", b"", "empty_body", None, "consumed"),
    ("cut", _message(b"Content-Length: 200\r\n", BODY[:-20]), "truncated", len(BODY) - 20,
     f"{200 - len(BODY) + 20} of them are missing"),
    ("length", _message(b"Content-Length: 70\r\n", BODY), "truncated", 70,
     "Content-Length must be 117"),
    ("long", _message(b"Content-Length: 200\r\n", BODY), "message_cut", len(BODY),
     "Content-Length must be 117"),
    ("not closed", HEAD + b"\r\n" + _last(BODY)[:-2] + b"\r\n", "truncated", len(BODY) - 2,
     "without two dashes"),
    ("glued", HEAD + b"\r\n" + BODY.replace(b"\r\n--B--", b"\n--B--"), "truncated",
     len(BODY) - 1, "is there, but behind"),
    ("chunks", _message(CHUNKED, _chunks(BODY[:-9])), "truncated", len(BODY) - 9, "itself"),
    ("json", HEAD + b'\r\n{"a": 1}', "boundary_not_found", 8, "JSON"),
    ("har", HEAD + b'\r\n{"log": {"entries": []}}', "boundary_not_found", None, "a HAR file"),
    ("string", HEAD + b'\r\n"--B\\r\\nx"', "boundary_not_found", None, "a string of JSON"),
    ("repr", HEAD + b"\r\nb'--B\\r\\nx'", "boundary_not_found", None, "what Python prints"),
    ("escaped", HEAD + b"\r\n--B\\r\\nContent-Type: text/plain", "boundary_not_found", None,
     "the characters \\r\\n"),
    ("escaped body", b"--B\\r\\n" + b"x" * 80, "invalid_boundary", None, "the characters \\r\\n"),
    ("base64", HEAD + b"\r\n" + base64.encodebytes(BODY), "boundary_not_found", None, "is base64"),
    ("hex dump", b"00000000: 2d2d 420d  --B.\n", "missing_boundary", None, "xxd -r"),
    ("jpeg", HEAD + b"\r\n\xff\xd8\xff\xe0JFIF", "boundary_not_found", None, "a JPEG image"),
    ("zstd", HEAD + b"\r\n\x28\xb5\x2f\xfdx", "boundary_not_found", None, "zstd -dc"),
    ("gzip file", gzip.compress(HEAD + BODY, mtime=0), "missing_boundary", None, "gunzip -c FILE"),
    ("utf-16", (HEAD + b"\r\n" + BODY).decode().encode("utf-16"), "missing_boundary", None,
     "UTF-16"),
    ("utf-16be", HEAD + b"\r\n" + BODY.decode().encode("utf-16-be"), "boundary_not_found", None,
     "UTF-16"),
    ("bare boundary", HEAD.replace(b"=B", b"=abc") + b"\r\n" + BODY.replace(b"--B", b"abc"),
     "boundary_not_found", None, "the bare boundary"),
    ("cut in a delimiter", HEAD.replace(b"=B", b"=Bcdef") + b"\r\n--Bcd", "boundary_not_found", 5,
     "within its first delimiter line, after 5 bytes"),
    ("single quotes", HEAD.replace(b"=B", b"='B'") + b"\r\n" + BODY, "boundary_not_found", None,
     "only double ones quote"),
    ("semicolon", HEAD.replace(b"=B", b"=B;C") + b"\r\n" + BODY.replace(b"--B", b"--B;C"),
     "malformed_parameter", None, 'boundary="B;C"'),
    ("comma", HEAD.replace(b";", b",") + b"\r\n" + BODY, "not_multipart", None,
     "no ';' stands before the boundary"),
    ("space", HEAD.replace(b"=B", b'="B "') + b"\r\n" + BODY, "invalid_boundary", None,
     "--boundary 'B'"),
    ("value", HEAD + b"\r\n" + BODY.replace(b'"a"', b"a x"), "malformed_parameter", None,
     "double quotes around it"),
    ("wrong end", HEAD.replace(b"=B", b"=abc") + b"\r\n" + BODY.replace(b"--B--", b"--abd--")
     .replace(b"--B", b"--abc"), "truncated", None, "'c' announced, 'd' in the body"),
    ("one dash", HEAD + b"\r\n" + BODY.replace(b"--B--", b"--B-"), "truncated", None,
     "two dashes are due"),
    ("no length", HEAD + b"\r\n" + BODY[:-20], "truncated", None, "nothing says how long"),
    ("mail", b"Subject: x\nContent-Type: multipart/mixed; boundary=B\n\n"
     + BODY.replace(b"\r\n", b"\n"), "bare_lf", 3, "as mails are stored on Unix"),
    ("still chunked", HEAD + b"\r\n" + _chunks(BODY, 60), "header_without_colon", None,
     "--undo chunked"),
    ("html", HEAD + b"\r\n<!doctype html>", "boundary_not_found", 15, "HTML"),
    ("urlencoded", HEAD + b"\r\na=b&c=d", "boundary_not_found", 7, "ordinary form"),
    ("gzip", HEAD + b"\r\n" + gzip.compress(BODY, mtime=0), "boundary_not_found", None, "gzip"),
    ("raw chunks", HEAD + b"\r\n7b\r\nwhatever\r\n", "boundary_not_found", None, "chunked"),
    ("decoded", _message(CHUNKED, BODY), "chunked", 0, "--decoded"),
    ("plain", _message(b"Content-Encoding: gzip\r\n", BODY), "content_encoding", 0, "--decoded"),
    ("brotli", _message(b"Content-Encoding: br\r\n", b"x"), "unsupported_coding", 0, "decompress"),
    ("dashes", HEAD.replace(b"=B", b"=--B") + b"\r\n" + BODY, "dashed_boundary", 0,
     "they lack the two dashes"),
    ("no boundary", HEAD.replace(b"; boundary=B", b"") + b"\r\n" + BODY, "missing_boundary", None,
     "by hand"),
    ("no type", b"hello\r\n", "missing_boundary", None, "no line of the body starts"),
    ("type", HEAD.replace(b"multipart/form-data", b"text/plain") + b"\r\n" + BODY,
     "not_multipart", None, "the body looks like a multipart"),
    ("form", HEAD.replace(b"multipart/form-data", b"application/x-www-form-urlencoded")
     + b"\r\na=b", "not_multipart", None, "enctype"),
    ("no empty line", HEAD + b"\r\n--B\r\nContent-Disposition: form-data; name=a\r\nhello\r\n",
     "truncated", None, ""),
    ("text as header", HEAD + b"\r\n--B\r\nhello you\r\n\r\n", "header_without_colon", 5,
     "is the empty line"),
    ("backslash", _raw("curl-backslash-end"), "malformed_parameter", 99, "backslash"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "code", "offset", "cause"), [fault[1:] for fault in FAULTS],
    ids=[fault[0] for fault in FAULTS])  # fmt: skip
def test_likely_causes(
    look: Callable[..., Any], data: bytes, code: str, offset: int | None, cause: str
) -> None:
    report = look(data)
    assert report.fault is not None
    assert report.fault.code == code
    if offset is not None:
        assert report.fault.offset == offset
        if report.file_offset_known:
            assert report.fault.file_offset == report.body_offset + offset
    assert cause in " ".join(report.fault.causes)


def test_parts_before_a_fault_are_listed(look: Callable[..., Any]) -> None:
    bad = BODY.replace(b'name="b"', b'name="b')
    report = look(HEAD + b"\r\n" + bad)
    assert [(part.name, part.size, part.complete) for part in report.parts] == [("a", 3, True)]
    assert (report.fault.code, report.fault.place) == (
        "malformed_parameter",
        "in the headers of part 2",
    )
    at = report.fault.offset
    excerpt = report.fault.excerpt
    assert (excerpt.before + excerpt.after) in bad
    assert bad.startswith(excerpt.after, at)
    assert bad[:at].endswith(excerpt.before)


def test_no_boundary_is_proposed_that_cannot_be_given(look: Callable[..., Any]) -> None:
    fault = look(_wrong("4d5e6f", "x" * 71)).fault
    assert fault.code == "boundary_not_found"
    assert not any(cause.startswith("--boundary") for cause in fault.causes)


def test_the_answer_comes_first(look: Callable[..., Any]) -> None:
    def answer(data: bytes) -> str:
        return str(look(data).fault.summary)

    head = HEAD + b"Content-Length: 200\r\n\r\n"
    assert (
        answer(head + BODY[:30]) == "the body is cut short at offset 30, in the headers of part 1"
    )
    assert answer(head + BODY[:-10]).endswith("in part 2, after 4 bytes of its body")
    assert answer(_wrong("X", "B")) == (
        "the boundary announced is 'X', but the body's first line is '--B'"
    )
    assert answer(HEAD + b"\r\n" + BODY.replace(b"\r\n", b"\n")).startswith("every line ends in LF")
    assert answer(HEAD + b"\r\n--B\r\nhello\r\n\r\n") == (
        "a header line has no colon, in the headers of part 1"
    )
    assert answer(HEAD + b"\r\n" + _chunks(BODY, 60)).startswith("the body looks chunked")


@pytest.mark.parametrize(
    ("announced", "lines", "same"), [("4d5e6f", "4d5e7f", "4d5e"), ("abc", "xyz", "")]
)
def test_excerpt_tells_what_was_expected(
    look: Callable[..., Any], announced: str, lines: str, same: str
) -> None:
    excerpt = look(_wrong(announced, lines)).fault.excerpt
    assert excerpt.before == b"--" + same.encode()
    assert excerpt.wanted == announced[len(same) :].encode() + b"\r\n"
    assert excerpt.after.startswith(lines[len(same) :].encode() + b"\r\n")


def test_excerpt_of_a_wrong_closing_delimiter(look: Callable[..., Any]) -> None:
    body = BODY.replace(b"--B--", b"--abd--").replace(b"--B", b"--abc")
    for end in (b"", b"\r\n\r\n"):
        data = HEAD.replace(b"=B", b"=abc") + b"\r\n" + body.rstrip() + end
        excerpt = look(data).fault.excerpt
        assert (excerpt.after, excerpt.wanted) == (b"d--" + end, b"c--")
        assert body[excerpt.offset :].startswith(b"d--")


def test_excerpt_of_a_boundary_in_the_head(look: Callable[..., Any]) -> None:
    excerpt = look(HEAD.replace(b"=B", b'="B "') + b"\r\n" + BODY).fault.excerpt
    assert (excerpt.of, excerpt.after[:12]) == ("file", b'boundary="B ')


def test_a_fault_in_a_nested_part_is_placed(look: Callable[..., Any]) -> None:
    body = (
        b"--B\r\nContent-Disposition: form-data; name=a\r\nContent-Type: multipart/mixed; "
        b"boundary=Q\r\n\r\n--Q\r\nX: y\r\n\r\none\r\n--Q\r\nno colon\r\n\r\n"
    )
    assert look(HEAD + b"\r\n" + body).fault.place == "in the headers of part 1.2"


# What the policies make of it


def _verdicts(report: Any) -> list[tuple[str, int, str | None]]:
    return [(found.policy, found.parts, found.code) for found in report.policies]


@pytest.mark.parametrize("policy", ["STRICT", "DEFAULT", "LEGACY"])
@pytest.mark.parametrize(
    ("data", "strict", "default", "legacy"),
    [
        (HEAD + b"\r\n" + BODY, (2, None), (2, None), (2, None)),
        (HEAD + b"\r\n" + BODY + b"more", (2, "epilogue"), (2, None), (2, None)),
        (HEAD + b"\r\nx\r\n" + BODY, (0, "preamble"), (2, None), (2, None)),
        (HEAD + b"\r\n" + BODY.replace(b"\r", b""), (0, "bare_lf"), (0, "bare_lf"), (2, None)),
        (HEAD + b"\r\n" + BODY.replace(b'"b"', b'"b'), *[(1, "malformed_parameter")] * 2,
         (2, None)),
        (HEAD + b"\r\n" + BODY[:-9], (2, "truncated"), (2, "truncated"), (2, None)),
        (HEAD.replace(b"=B", b"=B; boundary=C") + b"\r\n" + BODY, *[(0, "repeated_boundary")] * 2,
         (2, None)),
        (_wrong("X", "B"), (0, "preamble"), *[(0, "boundary_not_found")] * 2),
        (b"hello\r\n", *[(0, "missing_boundary")] * 3),
    ],
)  # fmt: skip
def test_policies(
    look: Callable[..., Any], ps: Any, policy: str, data: bytes, strict: Any, default: Any,
    legacy: Any,
) -> None:  # fmt: skip
    for pieces in ([data], chunking.bytewise(data)):
        report = look(pieces, policy=getattr(ps.Policy, policy))
        found = [("strict", *strict), ("default", *default), ("legacy", *legacy)]
        assert _verdicts(report) == found
        asked = {"STRICT": strict, "DEFAULT": default, "LEGACY": legacy}[policy]
        assert (report.fault and report.fault.code) == asked[1]
        assert all(verdict.ended for verdict in report.policies)


def test_a_policy_that_lets_a_part_be_cut(look: Callable[..., Any]) -> None:
    complete = [found.complete for found in look(HEAD + b"\r\n" + BODY[:-9]).policies]
    assert complete == [True, True, False]


def test_no_policy_undoes_what_is_around_the_body(look: Callable[..., Any]) -> None:
    assert look(_message(CHUNKED, BODY)).policies == []
    assert look(_message(b"Content-Encoding: br\r\n", b"x")).policies == []


def test_a_pipe_is_not_read_for_ever_behind_a_fault(ps_module: Module) -> None:
    inspection = ps_module("inspection")
    data = HEAD + b"\r\n" + BODY[:50].replace(b"\r", b"")

    def endless() -> Iterator[bytes]:
        yield data
        while True:
            yield bytes(1 << 16)

    report = inspection.inspect(Pieces(endless()), inspection.Options())
    assert report.fault.code == "bare_lf"
    assert report.body_size < 1 << 22
    assert [verdict.ended for verdict in report.policies] == [True, True, False]
    assert "--policy legacy" not in " ".join(report.fault.causes)


# What the head does not say


@pytest.mark.parametrize(
    ("undo", "body"),
    [
        (("chunked",), _chunks(BODY)),
        (("gzip",), gzip.compress(BODY, mtime=0)),
        (("deflate",), zlib.compress(BODY)),
        (("gzip", "chunked"), _chunks(gzip.compress(BODY, mtime=0))),
        (("deflate", "gzip"), zlib.compress(gzip.compress(BODY, mtime=0))),
    ],
)
def test_undo(look: Callable[..., Any], undo: tuple[str, ...], body: bytes) -> None:
    length = b"Content-Length: %d\r\n" % len(body)
    for data in (_message(b"", body), _message(length, body)):
        assert look(data).parts == [] or look(data).fault is not None
        for pieces in ([data], chunking.bytewise(data)):
            report = look(pieces, undo=undo)
            assert (report.fault, _names(report), report.notes) == (None, ["a", "b"], [])
    assert _names(look(body, undo=undo, bare=True)) == ["a", "b"]


@pytest.mark.parametrize(
    "head", [HEAD, b"Subject: x\r\nContent-Type: multipart/form-data; boundary=B\r\n"]
)
def test_a_byte_order_mark_hides_no_head(look: Callable[..., Any], head: bytes) -> None:
    data = b"\xef\xbb\xbf" + head + b"\r\n" + BODY
    for pieces in ([data], chunking.bytewise(data)):
        report = look(pieces)
        assert (report.fault, _names(report)) == (None, ["a", "b"])
        assert report.body_offset == len(head) + 5
        assert "byte order mark" in report.notes[0]


def test_excerpt_shows_what_has_not_been_read_yet(look: Callable[..., Any]) -> None:
    data = HEAD + b"\r\n" + BODY.replace(b'name="b"', b'name="b')
    assert look(chunking.bytewise(data)).fault == look(data).fault


@pytest.mark.parametrize(
    ("body", "note"),
    [
        (BODY + b"trailing", "10 bytes of the body follow its closing delimiter"),
        (
            b"\xef\xbb\xbf" + BODY,
            "the body starts with a byte order mark: an editor saved it as text",
        ),
        (b"--C\r\nX: y\r\n\r\nlost\r\n" + BODY,
         "the preamble has a line '--C', which is skipped with all up to the next delimiter"),
        (b"--B\r\nContent-Disposition: form-data; name=x\r\nContent-Type: multipart/mixed; "
         b"boundary=Q\r\n\r\nlost\r\n--B--",
         "part 1 is a multipart in which no delimiter was found"),
        (b"--B\r\nContent-Disposition: form-data; name=x\r\nContent-Type: multipart/mixed; "
         b"boundary=Q1\r\n\r\n--Q2\r\n\r\nlost\r\n--Q2--\r\n--B--",
         "part 1 is a multipart in which no delimiter was found: it announces 'Q1', and its first "
         "such line is '--Q2'; they differ in one character, the 2nd: '1' announced, '2' in the "
         "body"),
        (b"nonsense\r\n" + BODY, "10 bytes stand before the first delimiter and are skipped"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + BODY,
         "25 bytes stand before the first delimiter and are skipped: an interim response (100 "
         "Continue) was saved with the request"),
        (b"> POST / HTTP/1.1\r\n< HTTP/1.1 100\r\n" + BODY,
         "35 bytes stand before the first delimiter and are skipped: what curl --verbose prints, "
         "with a mark before each line, is no head; --include --output saves an answer as it came"),
        (b"\0POST / HTTP/1.1\r\n" + BODY,
         "18 bytes stand before the first delimiter and are skipped: a head is in them that was "
         "not read as one; does the file start with it?"),
        (b"73\r\n" + BODY, "the body looks chunked still: --undo chunked reads it without "
         "the chunk sizes"),
    ],
)  # fmt: skip
def test_notes(look: Callable[..., Any], body: bytes, note: str) -> None:
    report = look(HEAD + b"\r\n" + body)
    assert (report.fault, report.notes) == (None, [note])


def test_window(ps_module: Module) -> None:
    module = ps_module("_inspect_window")
    window = module.Window()
    data = bytes(range(256)) * 20_000
    for piece in chunking.pieces(data, 1000):
        window.add(piece)
    for offset in (len(data) - module.REACH, len(data) - 1000, len(data)):
        assert window.around(offset, 40) == (data[offset - 40 : offset], data[offset : offset + 40])
    assert window.around(0, 40) is None
    assert window.around(len(data) + 1, 40) is None


# Anything at all

_ODD = (b"\r\n", b"\n", b"--", b"\0", b'"', b"\\", b";", b":", b" ", b"\xff", b"\x1b[2J", b"gzip")


def _spoilt(data: bytes, rng: random.Random) -> bytes:
    """Put odd bytes in, and take bytes out, in the head as often as in the body."""
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(rng.choice((400, len(data) + 1)))
        data = data[:at] + rng.choice(_ODD) + data[at + rng.choice((0, 0, 1, 20)) :]
    return data if rng.random() < 0.8 else data[: rng.randrange(len(data))]


def test_spoilt_messages_read_the_same_with_both_twins(rng: random.Random) -> None:
    raws = [_raw(name) for name in ("curl-nested", "requests", "aiohttp-mixed", "email-mixed")]
    for _ in effort.rounds(100):
        data, found = _spoilt(rng.choice(raws), rng), []
        for name in NAMES:
            inspection, text = twin(name).module("inspection"), twin(name).module("_inspect_text")
            options = inspection.Options(headers=True, sha256=True)
            report = inspection.inspect(Pieces([data], len(data)), options)
            lines = twin(name).module("_inspect_table").render(report, text.Text("ascii"), 80)
            assert all(line.isascii() and line.isprintable() for line in lines)
            found.append(dataclasses.asdict(report) | {"backend": None})
        assert found[0] == found[1]
