"""curl: form-data over HTTP in its many shapes, and mail over SMTP."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from .content import LINES, TEXT, UNICODE, noise, tricky
from .core import Case, Part, case, output
from .server import CaptureServer

OCTETS = "application/octet-stream"


def version() -> str:
    """Return the name and version of curl."""
    return " ".join(output("curl", "--version").decode().split()[:2])


def post(
    what: str,
    arguments: Sequence[str],
    parts: Sequence[Part],
    files: Mapping[str, bytes] | None = None,
    stdin: bytes = b"",
) -> Case:
    """Run curl in a new directory which holds the files, and capture its request."""
    with CaptureServer() as server, tempfile.TemporaryDirectory() as folder:
        for name, data in (files or {}).items():
            Path(folder, name).write_bytes(data)
        output("curl", "-sS", *arguments, server.url, cwd=Path(folder), stdin=stdin)
        return Case(version(), what, server.wait(), parts)


@case("curl-fields")
def fields() -> Case:
    """Send text fields only."""
    texts = [("title", "plain"), ("empty", ""), ("note", TEXT), ("unicode", UNICODE)]
    texts += [("lines", LINES), ("literal", "@not-a-file;type=x"), ("title", "again")]
    arguments = [piece for k, v in texts for piece in ("--form-string", f"{k}={v}")]
    what = "fields only: an empty value, every kind of line end, lines of dashes, a repeated name"
    return post(what, arguments, [Part(v.encode(), k) for k, v in texts])


@case("curl-files")
def several_files() -> Case:
    """Send fields and files, one of them empty."""
    files = {
        "notes.txt": LINES.encode(),
        "empty.bin": b"",
        "noise.bin": tricky(5000, 1),
        "picture.png": noise(700, 2),
        "page.html": b"<p>hello</p>\n",
        "data.json": b'{"a": 1}',
    }
    arguments = ["-F", "before=1"]
    for index, name in enumerate(files):
        arguments += ["-F", f"file{index}=@{name}"]
    arguments[-1] += ';type=application/json; charset=utf-8;headers="X-Extra: one"'
    arguments += ["-F", "after=2"]
    types = ["text/plain", OCTETS, OCTETS, "image/png", "text/html", "application/json"]
    parts = [
        Part(data, f"file{index}", name, types[index])
        for index, (name, data) in enumerate(files.items())
    ]
    what = "fields around six files, one empty, one with explicit type= and an extra header"
    return post(what, arguments, [Part(b"1", "before"), *parts, Part(b"2", "after")], files)


ODD = [
    ('quo"te', 'fi"le.txt'),
    ("back\\slash", "back\\slash.txt"),
    ("per%cent 100%41", "50%.txt"),
    ("semi;colon", "semi;colon.txt"),
    ("naïve 日本", "Grüße 🎈.txt"),
    ("line\r\nbreak", "line\nbreak.txt"),
    (" spaces ", " lead and trail .txt"),
    ('both\\"', 'both\\".txt'),
    ("com,ma", "com,ma.txt"),
    ("it's", "[brackets] (and) 'ticks'.txt"),
]


def odd_names(arguments: Sequence[str], what: str, names: Sequence[tuple[str, str]]) -> Case:
    """Send one small file under each odd pair of names."""
    flags = list(arguments)
    for name, filename in names:
        quoted = filename.replace("\\", "\\\\").replace('"', '\\"')
        flags += ["-F", f'{name}=@a.txt;filename="{quoted}"']
    parts = [Part(b"odd\n", name, filename, "text/plain") for name, filename in names]
    return post(what, flags, parts, {"a.txt": b"odd\n"})


@case("curl-odd-names")
def odd_names_percent() -> Case:
    """Send odd names the way curl does now, percent-encoding quotes and line ends."""
    what = (
        'odd names, sent as browsers do: " CR LF become %22 %0D %0A; a backslash stays single; '
        "a percent sign is not escaped"
    )
    return odd_names([], what, ODD)


@case("curl-form-escape")
def odd_names_backslash() -> Case:
    """Send odd names with --form-escape, which sets backslashes."""
    names = [pair for pair in ODD if "\n" not in pair[0]]
    what = 'odd names with --form-escape: \\" and \\\\ in names and filenames'
    return odd_names(["--form-escape"], what, names)


@case("curl-backslash-end")
def backslash_end() -> Case:
    """Send names that end with a backslash, and one with two backslashes."""
    what = (
        "names ending with a backslash, which is not escaped, so that the text reads "
        'name="end\\"; the third filename had two leading backslashes, recorded as one by the rules'
    )
    names = [("end\\", "plain.txt"), ("plain", "C:\\dir\\"), ("unc", "\\\\host\\share.txt")]
    captured = odd_names([], what, names)
    last = Part(b"odd\n", "unc", "\\host\\share.txt", "text/plain")
    parts = [*captured.parts[:2], last]
    return replace(captured, parts=parts, disputed=True, refused="malformed_parameter")


@case("curl-field-from-file")
def field_from_file() -> Case:
    """Send fields whose values are read from files."""
    files = {"a.txt": TEXT.encode(), "b.json": b'{"b": [1, 2]}\r\n', "c.bin": tricky(3000, 3)}
    arguments = ["-F", "a=<a.txt", "-F", "b=<b.json;type=application/json", "-F", "c=<c.bin"]
    parts = [
        Part(files["a.txt"], "a"),
        Part(files["b.json"], "b", None, "application/json"),
        Part(files["c.bin"], "c"),
    ]
    what = "-F name=<file: parts with no filename, one with a type, one binary"
    return post(what, arguments, parts, files)


@case("curl-mixed")
def mixed() -> Case:
    """Send several files under one name, which curl nests."""
    files = {"one.txt": b"one\n", "two.bin": tricky(2000, 4), "three.txt": b""}
    children = [
        Part(files["one.txt"], None, "one.txt", "text/plain"),
        Part(files["two.bin"], None, "two.bin", "application/x-two"),
        Part(files["three.txt"], None, "three.txt", "text/plain"),
    ]
    arguments = ["-F", "a=1"]
    arguments += ["-F", "f=@one.txt,two.bin;type=application/x-two,three.txt", "-F", "z=2"]
    nested = Part(name="f", content_type="multipart/mixed", parts=children)
    what = '-F "f=@a,b,c": the files of one name in a nested multipart/mixed (RFC 2388 style)'
    return post(what, arguments, [Part(b"1", "a"), nested, Part(b"2", "z")], files)


@case("curl-nested")
def nested() -> Case:
    """Send explicitly nested multiparts with transfer encodings."""
    data = noise(300, 5)
    files = {"noise.bin": data}
    arguments = ["-F", "top=(;type=multipart/mixed", "-F", "=plain;type=text/plain"]
    arguments += ["-F", "=(;type=multipart/alternative", "-F", "=X <b>x</b>;type=text/html"]
    arguments += ["-F", "=@noise.bin;encoder=base64", "-F", "=)", "-F", "=)", "-F", "end=1"]
    alternative = [
        Part(b"X <b>x</b>", None, None, "text/html"),
        Part(mime_base64(data, final=False), None, "noise.bin", OCTETS),
    ]
    tree = [
        Part(b"plain", None, None, "text/plain"),
        Part(content_type="multipart/alternative", parts=alternative),
    ]
    parts = [Part(name="top", content_type="multipart/mixed", parts=tree), Part(b"1", "end")]
    what = "-F '=(': two levels of nesting, a part in Content-Transfer-Encoding: base64"
    return post(what, arguments, parts, files)


@case("curl-chunked")
def chunked() -> Case:
    """Send a file from a pipe in chunked transfer coding."""
    data = tricky(20000, 6)
    arguments = ["-H", "Transfer-Encoding: chunked", "-F", "piped=@-;filename=pipe.bin"]
    arguments += ["-F", "note=end"]
    parts = [Part(data, "piped", "pipe.bin"), Part(b"end", "note")]
    what = "chunked transfer coding, 20 kB from stdin; the part has a filename and no Content-Type"
    return post(what, arguments, parts, stdin=data)


def mime_base64(data: bytes, *, final: bool) -> bytes:
    """Return data in base64 lines of 76 characters; final says whether the last has its CRLF."""
    text = base64.b64encode(data)
    lines = [text[at : at + 76] for at in range(0, len(text), 76)]
    return b"\r\n".join(lines) + (b"\r\n" if final else b"")


@case("curl-mail")
def mail() -> Case:
    """Send a mail over SMTP."""
    data = noise(400, 7)
    arguments = ["--mail-from", "from@example.org", "--mail-rcpt", "to@example.org"]
    arguments += ["-H", "Subject: capture", "-F", "=(;type=multipart/alternative"]
    arguments += ["-F", "=.dot first\r\n--\r\nGrüße = x;type=text/plain;encoder=quoted-printable"]
    arguments += ["-F", "=Hi <b>x</b>;type=text/html;encoder=7bit", "-F", "=)"]
    arguments += ["-F", '=@noise.bin;filename="a \\"b\\".bin";encoder=base64']
    with CaptureServer(smtp=True) as server, tempfile.TemporaryDirectory() as folder:
        Path(folder, "noise.bin").write_bytes(data)
        output("curl", "-sS", *arguments, f"{server.url}/example.org", cwd=Path(folder))
        raw = server.wait()
    quoted = b".dot first\r\n--\r\nGr=C3=BC=C3=9Fe =3D x"
    texts = [
        Part(quoted, None, None, "text/plain"),
        Part(b"Hi <b>x</b>", None, None, "text/html"),
    ]
    parts = [
        Part(content_type="multipart/alternative", parts=texts),
        Part(mime_base64(data, final=False), None, 'a "b".bin', OCTETS),
    ]
    what = "mail over SMTP: multipart/alternative in multipart/mixed, quoted-printable and base64"
    return Case(version(), what, raw, parts, suffix=".eml")
